"""Wishes that RMMs reset alerts, in the table: the latest one of each alert, beside the alert itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tandem.alerts.models import Alert, AlertStatus
from tandem.alerts.outbound import OutboundReset, ResetState
from tandem.alerts.tickets import Ticket
from tandem.store import keys
from tandem.store.batches import get_items
from tandem.store.codec import Item, decode_item, encode_item
from tandem.store.errors import ConflictError, translating
from tandem.store.expiry import unless_expired
from tandem.store.records import ALERT_RETENTION, alert_from, ticket_from
from tandem.times import from_text, optional_text, optional_time, to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one alert that an RMM is to reset; each is None where the table has none. `ticket`: the one that
    the wish is from."""

    alert: Alert | None
    wish: OutboundReset | None
    ticket: Ticket | None


def outbound_item(wish: OutboundReset) -> Item:
    """The wish; it is kept as long as its alert."""
    return encode_item(
        {
            **keys.outbound_key(wish.alert_id),
            "integration_id": wish.integration_id,
            "request_id": wish.request_id,
            "asked_at": to_text(wish.asked_at),
            "fired_at": optional_text(wish.fired_at),
            "ticket_id": wish.ticket_id,
            "announced": True if wish.announced else None,
            "state": wish.state.value,
            "attempts": wish.attempts,
            "last_error": wish.last_error,
            "done_at": optional_text(wish.done_at),
            "expires_at": int((wish.asked_at + ALERT_RETENTION).timestamp()),
        }
    )


def outbound_from(item: Mapping[str, Any]) -> OutboundReset:
    """The wish of an item."""
    values = decode_item(item)
    return OutboundReset(
        alert_id=keys.alert_id_of(values["pk"]),
        integration_id=values["integration_id"],
        request_id=values["request_id"],
        asked_at=from_text(values["asked_at"]),
        fired_at=optional_time(values.get("fired_at")),
        ticket_id=values.get("ticket_id"),
        announced=values.get("announced", False),
        state=ResetState(values["state"]),
        attempts=values["attempts"],
        last_error=values.get("last_error"),
        done_at=optional_time(values.get("done_at")),
    )


class OutboundResets:
    """The wishes of one table. Methods raise the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def several(self, alert_ids: Iterable[str]) -> dict[str, OutboundReset]:
        """The wishes about these alerts by the alert's id, as far as there are any."""
        wanted = [keys.outbound_key(each) for each in alert_ids]
        found = get_items(self._client, self._table, wanted, consistent=True)
        wishes = map(outbound_from, found.values())
        return {wish.alert_id: wish for wish in wishes}

    def known(self, alert_id: str, ticket_id: str | None, now: datetime) -> Known:
        """What is known of one alert, read consistently. `ticket_id`: the ticket that the wish is from."""
        wanted = [keys.alert_key(alert_id), keys.outbound_key(alert_id)]
        if ticket_id is not None:
            wanted.append(keys.ticket_key(ticket_id))
        found = get_items(self._client, self._table, wanted, consistent=True)
        items = {sk: item for (_, sk), item in found.items()}
        alert = unless_expired(items["ALERT"], now, alert_from) if "ALERT" in items else None
        return Known(
            alert if alert is not None and alert.status is not AlertStatus.TOMBSTONE else None,
            outbound_from(items["OUTBOUND"]) if "OUTBOUND" in items else None,
            ticket_from(items["TICKET"]) if "TICKET" in items else None,
        )

    def ask(self, wish: OutboundReset, before: OutboundReset | None) -> None:
        """Write a wish in place of `before`, as it was read. Raises ConflictError if another is there now."""
        there_is_none = "attribute_not_exists(pk)"
        it_is_the_one_before = "request_id = :before AND #state = :state"
        if before is None:
            self._put(wish, {"ConditionExpression": there_is_none})
            return
        values = encode_item({":before": before.request_id, ":state": before.state.value})
        self._put(
            wish,
            {
                "ConditionExpression": it_is_the_one_before,
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": values,
            },
        )

    def note(self, wish: OutboundReset) -> bool:
        """Write how far a wish got. False, and nothing is written, if another wish has taken its place."""
        it_is_the_same = "request_id = :request"
        values = encode_item({":request": wish.request_id})
        try:
            self._put(wish, {"ConditionExpression": it_is_the_same, "ExpressionAttributeValues": values})
        except ConflictError:
            return False
        return True

    def _put(self, wish: OutboundReset, condition: dict[str, Any]) -> None:
        with translating():
            self._client.put_item(TableName=self._table, Item=outbound_item(wish), **condition)
