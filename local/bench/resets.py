"""A mass close: until when the RMM has reset the alerts of 200 tickets, how often it was asked, and what that takes.

The real handlers on the emulator's table and queues; the RMM is a simulated Tactical RMM in this process, asked at the
vendor's usual rate. The tickets are made by the real processor and closed as a person closes them.
"""

import contextlib
import json
import os
import time
import unittest.mock
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from local.bench.meter import Meter, Usage
from local.bench.setting import CLIENT, Run, Setting, UnexpectedOutcomeError, loaded
from tandem.alerts.models import AlertEvent, Provider
from tandem.alerts.tickets import Ticket
from tandem.connections.bootstrap import connections
from tandem.connections.limits import Deadline
from tandem.desk import work
from tandem.desk.builtin import BuiltinDesk
from tandem.events.names import TICKET_CLOSED
from tandem.providers.tacticalrmm.api import LIMITS
from tandem.store import keys
from tandem.store.apply import DecisionWriter
from tandem.store.codec import decode_item, encode_item
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.records import Integration
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.context import board_of
from tandem.store.listing import Listing, all_tickets
from tandem.store.lookups import Lookups
from tandem.times import utc_now
from tests.simulators import world
from tests.simulators.tacticalrmm.simulator import API_KEY, TacticalRmm

TICKETS = 200
GOAL_SECONDS = 60.0
"""Seconds, as long as the vendor's rate allows: here it allows all of them within its minute."""

RATE = LIMITS.rate

_BATCH = 10
_INTEGRATION = "closes" + "0" * 14
_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Resets:
    """`seconds`: from the first close that was told to the last reset. `most_in_a_rate`: requests in the busiest span
    of the vendor's rate. For each ticket: calls of the table and of queues, by both functions."""

    tickets: int
    dispatched_seconds: float
    seconds: float
    requests: int
    most_in_a_rate: int
    table_calls: float
    queue_calls: float
    reads: float
    writes: float


def measure(setting: Setting, tickets: int = TICKETS) -> Resets:
    """Raises UnexpectedOutcomeError when not every alert was reset, each by one request."""
    with TacticalRmm(seed=1) as simulator, _told(setting) as queue_url:
        world.tacticalrmm(simulator, clients=20, agents=tickets, alerts=tickets)
        integration = _connected(setting, simulator)
        _fire(setting, integration)
        closed = [_close(setting, ticket) for ticket in _tickets(setting, tickets)]
        simulator.requests.clear()
        meter = Meter()
        began = time.perf_counter()
        with loaded("ticket_close_reset", setting, meter.attach) as handler:
            _in_batches(handler, [_record(body, str(number)) for number, body in enumerate(closed)])
        dispatched_seconds = time.perf_counter() - began
        with loaded("alert_reset", setting, meter.attach) as handler:
            _work(setting, queue_url, Run(handler))
        seconds = time.perf_counter() - began
        _all_reset(simulator, tickets)
        return _resets(simulator, tickets, dispatched_seconds, seconds, meter.take())


def _resets(simulator: TacticalRmm, tickets: int, dispatched_seconds: float, seconds: float, used: Usage) -> Resets:
    return Resets(
        tickets,
        dispatched_seconds,
        seconds,
        requests=len(simulator.requests.all()),
        most_in_a_rate=simulator.requests.most_within(RATE.per.total_seconds()),
        table_calls=used.calls.total() / tickets,
        queue_calls=used.queue_calls.total() / tickets,
        reads=used.units.reads / tickets,
        writes=used.units.writes / tickets,
    )


@contextlib.contextmanager
def _told(setting: Setting) -> Iterator[str]:
    """What both functions are told besides. Gives the URL of alert-resets.fifo."""
    url = setting.sqs.create_queue(
        QueueName=f"{setting.table}-resets.fifo", Attributes={"FifoQueue": "true", "VisibilityTimeout": "360"}
    )["QueueUrl"]
    told = {"RESET_QUEUE_URL": url, "CLOSES_QUEUE_URL": url, "ALLOW_PRIVATE_ADDRESSES": "1"}
    with unittest.mock.patch.dict(os.environ, told):
        yield url


def _connected(setting: Setting, simulator: TacticalRmm) -> Integration:
    integration = Integration(
        integration_id=_INTEGRATION,
        provider=Provider.TACTICALRMM,
        name="Tactical RMM of the benchmark",
        status="connected",
        created_at=utc_now(),
        instance_url=simulator.url,
        default_client_id=CLIENT,
        allow_private_address=True,
    )
    Integrations(ConfigurationTable(setting.dynamodb, setting.table)).put(integration)
    rule = {"rule_id": "everything", "name": "Everything", "active": True, "order": 1, "revision": 1}
    item = {**keys.rule_key(_INTEGRATION, "everything"), **rule, "conditions": {}, "actions": {"create_ticket": True}}
    setting.dynamodb.put_item(TableName=setting.table, Item=encode_item(item))
    setting.client("secretsmanager").create_secret(
        Name=f"{setting.environment['SECRET_PREFIX']}/{_INTEGRATION}",
        SecretString=json.dumps({"credentials": {"kind": "api_key", "api_key": API_KEY}}),
    )
    return integration


def _fire(setting: Setting, integration: Integration) -> None:
    """The processor hears of every alert of the RMM."""
    environment = {**setting.environment, "ALLOW_PRIVATE_ADDRESSES": "1"}
    opening = connections(setting.dynamodb, lambda: setting.client("secretsmanager"), environment)
    rmm = opening.open(integration, Deadline(_PATIENCE_SECONDS, time.monotonic))
    events = [each for each in rmm.active_alerts() if isinstance(each, AlertEvent)]
    with loaded("alert_processor", setting) as handler:
        run = Run(handler)
        for start in range(0, len(events), _BATCH):
            run.processed(events[start : start + _BATCH], "ticket_created")


def _tickets(setting: Setting, tickets: int) -> list[Ticket]:
    found = Listing(setting.dynamodb, setting.table).tickets(all_tickets(False), lambda _: True, None, tickets + 1)
    if len(found.records) != tickets:
        raise UnexpectedOutcomeError(f"{len(found.records)} tickets came of {tickets} alerts")
    return found.records


def _close(setting: Setting, ticket: Ticket) -> str:
    """A person closes it. Gives the event as the bus hands it over."""
    key = encode_item(keys.board_key(ticket.board_id))
    board = board_of(decode_item(setting.dynamodb.get_item(TableName=setting.table, Key=key)["Item"]))
    condition = Lookups(setting.dynamodb, setting.table).condition(ticket.condition_id or "")
    now = utc_now()
    decision = work.close(ticket, condition, board, None, work.Act(f"close {ticket.ticket_id}", "u1", now))
    DecisionWriter(setting.dynamodb, setting.table, BuiltinDesk()).apply(decision, now)
    return json.dumps({"detail-type": TICKET_CLOSED, "detail": {"ticket_id": ticket.ticket_id}})


def _in_batches(handler: Callable[[dict[str, Any], object], dict[str, Any]], records: list[dict[str, Any]]) -> None:
    run = Run(handler)
    for start in range(0, len(records), _BATCH):
        run({"Records": records[start : start + _BATCH]})
        if run.answer["batchItemFailures"]:
            raise UnexpectedOutcomeError(f"a close was given back: {run.output}")


def _work(setting: Setting, queue_url: str, run: Run) -> None:
    """One batch after the other, as Lambda does for one group, until the queue is empty."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = setting.sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=_BATCH, MessageSystemAttributeNames=["All"]
        )
        messages = answer.get("Messages", [])
        if not messages and _is_empty(setting, queue_url):
            return
        if messages:
            run({"Records": [_received(each) for each in messages]})
        failed = {each["itemIdentifier"] for each in run.answer.get("batchItemFailures", ())}
        for each in messages:
            if each["MessageId"] not in failed:
                setting.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=each["ReceiptHandle"])
    raise UnexpectedOutcomeError(f"resets are left over: {run.output}")


def _is_empty(setting: Setting, queue_url: str) -> bool:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = setting.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    return all(counts[name] == "0" for name in names)


def _all_reset(simulator: TacticalRmm, tickets: int) -> None:
    resets = simulator.requests.count("PUT", r"^/alerts/\d+/$")
    left = sum(not each.resolved for each in simulator.state.alerts)
    if left or resets != tickets:
        raise UnexpectedOutcomeError(f"{left} of {tickets} alerts were not reset, by {resets} requests")


def _record(body: str, message_id: str) -> dict[str, Any]:
    return _received(
        {
            "MessageId": message_id,
            "ReceiptHandle": message_id,
            "Body": body,
            "Attributes": {"SentTimestamp": str(round(time.time() * 1000)), "ApproximateReceiveCount": "1"},
        }
    )


def _received(message: Any) -> dict[str, Any]:
    """A message as Lambda hands it over."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
    }
