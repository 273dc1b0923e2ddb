"""A table with a configuration in it, and a processor on it: what tests of the alert's way share."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tandem.alerts.event_message import encode
from tandem.alerts.models import AlertEvent
from tandem.dead_letters.letters import DeadLetters
from tandem.desk import work
from tandem.desk.builtin import BuiltinDesk
from tandem.processing.processor import AlertProcessor, Message
from tandem.store import keys
from tandem.store.apply import DecisionWriter
from tandem.store.codec import decode_item, encode_item
from tandem.store.context import ContextCache
from tandem.store.numbers import TicketNumbers
from tandem.store.reads import BatchReader
from tandem.store.records import condition_from, ticket_from
from tests.unit.alerts.world import BOARD, START

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

EVERYTHING_RULE: dict[str, Any] = {
    "rule_id": "rule-1",
    "name": "Everything",
    "active": True,
    "order": 1,
    "revision": 1,
    "conditions": {},
    "actions": {"create_ticket": True},
}


def configure(
    client: "DynamoDBClient",
    table: str,
    *,
    rules: Iterable[dict[str, Any]] = (EVERYTHING_RULE,),
    client_of_o1: str | None = "c1",
) -> None:
    """One integration `i1` with these rules, organization `o1`, clients and the default board."""
    items: list[dict[str, Any]] = [
        {
            **keys.integration_key("i1"),
            "integration_id": "i1",
            "provider": "tacticalrmm",
            "name": "Tactical",
            "status": "webhook_only",
            "version": 1,
        },
        {**keys.organization_key("i1", "o1"), "external_id": "o1", "name": "Acme Corp", "client_id": client_of_o1},
        {**keys.client_key("c1"), "client_id": "c1", "name": "Acme"},
        {
            **keys.board_key("board-1"),
            "board_id": "board-1",
            "name": "Alerts",
            "is_default": True,
            "active": True,
            "statuses": [
                {"status_id": "new", "name": "New", "is_default": True, "is_closed": False},
                {"status_id": "done", "name": "Closed", "is_default": False, "is_closed": True},
            ],
        },
        *({**keys.rule_key("i1", rule["rule_id"]), **rule} for rule in rules),
    ]
    for item in items:
        client.put_item(TableName=table, Item=encode_item(item))
    configuration_changed(client, table)


def configuration_changed(client: "DynamoDBClient", table: str) -> None:
    """What every write of the configuration does: move its version."""
    client.update_item(
        TableName=table,
        Key=encode_item(keys.configuration_version_key()),
        UpdateExpression="ADD version :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def processor(
    client: "DynamoDBClient", table: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AlertProcessor:
    """A processor as a warm function has it."""
    return AlertProcessor(
        open_reader=lambda now: BatchReader(client, table, now),
        writer=DecisionWriter(client, table, BuiltinDesk()),
        contexts=ContextCache(client, table),
        numbers=TicketNumbers(client, table),
        dead_letters=DeadLetters(client, table),
        clock=clock,
    )


def close_ticket(client: "DynamoDBClient", table: str) -> None:
    """A person closes the table's only open ticket."""
    (ticket,) = [item for item in of_kind(client, table, "TICKET") if item.get("is_closed") is False]
    key = keys.condition_key(ticket["condition_id"])
    found = client.batch_get_item(
        RequestItems={table: {"Keys": [encode_item(key), encode_item(keys.ticket_key(ticket["ticket_id"]))]}}
    )["Responses"][table]
    records = {item["sk"]["S"]: item for item in found}
    decision = work.close(
        ticket_from(records["TICKET"]),
        condition_from(records["CONDITION"]),
        BOARD,
        None,
        work.Act("close", "u1", START),
    )
    DecisionWriter(client, table, BuiltinDesk()).apply(decision, START)


def message(event: AlertEvent, number: int = 0) -> Message:
    """The event as the queue hands it over."""
    return Message(f"m{number}-{event.event_id}", encode(event), event.group_id, START)


def messages(events: Iterable[AlertEvent]) -> list[Message]:
    """The events as one batch."""
    return [message(event, number) for number, event in enumerate(events)]


def contents(client: "DynamoDBClient", table: str) -> dict[tuple[str, str], dict[str, Any]]:
    """All that the table holds, by key."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items = (decode_item(item) for page in pages for item in page["Items"])
    return {(item["pk"], item["sk"]): item for item in items}


def of_kind(client: "DynamoDBClient", table: str, sort: str) -> list[dict[str, Any]]:
    """The items whose sort key starts like this: `ALERT`, `TICKET`, `CONDITION`, `C#` (comments), `L#` (links)."""
    return [item for (_, sk), item in contents(client, table).items() if sk.startswith(sort)]


class Calls:
    """Counts a client's calls by operation."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self._counted: Counter[str] = Counter()
        client.meta.events.register("before-call.dynamodb.*", self._count)

    def _count(self, model: Any, **_: Any) -> None:
        self._counted[model.name] += 1

    def take(self) -> Counter[str]:
        """What was counted since the last time."""
        counted, self._counted = self._counted, Counter()
        return counted
