"""A tenant whose tickets are closed, an RMM that does what a test tells it, a queue and a clock that jumps."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from tandem.alerts.again import by_person
from tandem.alerts.decide import decide
from tandem.alerts.models import Alert, AlertEvent, Kind, alert_id_of
from tandem.alerts.outbound import OutboundReset, wish_again
from tandem.alerts.tickets import Ticket
from tandem.connections.errors import VendorError
from tandem.connections.limits import Deadline
from tandem.connections.rmm import Account, AlertSeen, DeviceSeen, OrganizationSeen
from tandem.dead_letters.letters import DeadLetters
from tandem.desk import work
from tandem.desk.builtin import BuiltinDesk
from tandem.events.changes import events_of
from tandem.outbound.dispatcher import Dispatched, Dispatcher
from tandem.outbound.queue import Message, ResetQueue, message_of
from tandem.outbound.resetter import Resetter
from tandem.outbound.turn import Handled, Outside
from tandem.store import keys
from tandem.store.apply import DecisionWriter
from tandem.store.codec import encode_item
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.records import Integration
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.context import ContextCache
from tandem.store.lookups import Lookups
from tandem.store.outbound import OutboundResets, outbound_item
from tandem.store.reads import BatchReader
from tandem.store.records import ticket_item
from tandem.store.stream import change_of
from tandem.times import to_text
from tests.integration.deployment import EVERYTHING_RULE, configure, contents, message, processor
from tests.unit.alerts.world import BOARD, START
from tests.unit.events.stream_records import record_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

Around = Callable[[Callable[[], Any]], Any]
"""What stands around each call of what is outside but no AWS; a test may let it be the last."""


class FakeRmm:
    """`firing`: its alerts; `resets`: the ids in the order in which it was asked; `effects`: those on which that had an
    effect; `faults`: what it answers for an alert; `fault`: what it answers whatever it is asked."""

    def __init__(self) -> None:
        self.firing: set[str] = set()
        self.resets: list[str] = []
        self.effects: list[str] = []
        self.faults: dict[str, VendorError] = {}
        self.fault: VendorError | None = None
        self.allowance: int | None = None
        self.when_used_up: VendorError | None = None

    def reset(self, external_alert_id: str) -> None:
        if self.fault is not None:
            raise self.fault
        if self.allowance is not None and self.allowance == 0 and self.when_used_up is not None:
            raise self.when_used_up
        if external_alert_id in self.faults:
            raise self.faults[external_alert_id]
        self.allowance = self.allowance - 1 if self.allowance is not None else None
        self.resets.append(external_alert_id)
        if external_alert_id in self.firing:
            self.firing.remove(external_alert_id)
            self.effects.append(external_alert_id)

    def check(self) -> Account:
        raise NotImplementedError

    def organizations(self) -> Iterator[OrganizationSeen]:
        raise NotImplementedError

    def devices(self) -> Iterator[DeviceSeen]:
        raise NotImplementedError

    def active_alerts(self) -> Iterator[AlertSeen]:
        raise NotImplementedError

    def alert(self, external_alert_id: str) -> AlertEvent | None:
        raise NotImplementedError

    def resolved_alerts(self, since: datetime) -> Iterator[AlertSeen]:
        raise NotImplementedError


@dataclass
class Queued:
    """A message of the fake queue."""

    message_id: str
    body: str
    group_id: str
    sent_at: datetime
    visible_at: datetime
    attempts: int = 0


class FakeFifo:
    """A FIFO queue by the test's clock: of a group nothing is given while some of it is under way or put off; what has
    the same deduplication id within five minutes is dropped."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], datetime] = {}
        self.queued: list[Queued] = []
        self.sent = 0

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803  as boto3 has it
        for entry in Entries:
            self.put(entry["MessageBody"], entry["MessageGroupId"], entry["MessageDeduplicationId"])
        return {"Successful": [], "Failed": []}

    def put(self, body: str, group_id: str, deduplication_id: str) -> None:
        now = self._clock()
        known = self._known.get((group_id, deduplication_id))
        if known is None or now - known >= timedelta(minutes=5):
            self._known[group_id, deduplication_id] = now
            self.sent += 1
            self.queued.append(Queued(f"m{self.sent}", body, group_id, now, now))

    def receive(self) -> list[Message]:
        now = self._clock()
        blocked = {each.group_id for each in self.queued if each.visible_at > now}
        taken = [each for each in self.queued if each.group_id not in blocked][:10]
        for each in taken:
            each.attempts += 1
            each.visible_at = now + timedelta(minutes=6)
        return [message_of(_record(each)) for each in taken]

    def settle(self, handled: Iterable[Handled]) -> None:
        """Delete what was done, put off what was given back."""
        failed = {one.message.message_id: one.wait for one in handled if one.failed is not None}
        done = {one.message.message_id for one in handled} - failed.keys()
        self.queued = [each for each in self.queued if each.message_id not in done]
        for each in self.queued:
            if each.message_id in failed:
                each.visible_at = self._clock() + timedelta(seconds=failed[each.message_id])

    @property
    def next_at(self) -> datetime | None:
        """When there is something to be had, if ever."""
        groups = {each.group_id for each in self.queued}
        return min(
            (max(each.visible_at for each in self.queued if each.group_id == group) for group in groups), default=None
        )


class Tenant:
    """One table with integration `i1`, and all that works on it."""

    def __init__(self, client: "DynamoDBClient", table: str, *, status: str = "connected", **actions: Any) -> None:
        self.client, self.table, self.now = client, table, START
        self.rmm = FakeRmm()
        self.queue = FakeFifo(self.clock)
        self.heard: list[AlertEvent] = []
        self.around: Around = lambda call: call()
        rule = {**EVERYTHING_RULE, "actions": {"create_ticket": True, **actions}}
        configure(client, table, rules=[rule])
        self.connect(status)
        self._processor = processor(client, table, self.clock)
        self._wishes = OutboundResets(client, table)

    def clock(self) -> datetime:
        return self.now

    def connect(self, status: str, since: datetime | None = None) -> None:
        """The integration has this status from now on. `since`: when it was connected anew."""
        item = {
            **keys.integration_key("i1"),
            "integration_id": "i1",
            "provider": "tacticalrmm",
            "name": "Tactical",
            "status": status,
            "created_at": to_text(START),
            "version": 1,
            **({"connection_since": to_text(since)} if since is not None else {}),
        }
        self.client.put_item(TableName=self.table, Item=encode_item(item))

    # ---- the outside of the workers

    def open(self, integration: Integration, _deadline: Deadline) -> FakeRmm:
        """The port to the RMMs."""
        assert integration.integration_id == "i1"
        return cast("FakeRmm", _Watched(self.rmm, self.around))

    def send(self, events: Iterable[AlertEvent]) -> None:
        """The queue of alert events."""
        self.around(lambda: self.heard.extend(events))

    def send_message_batch(self, **call: Any) -> Any:
        return self.around(lambda: self.queue.send_message_batch(**call))

    def dispatcher(self, client: "DynamoDBClient | None" = None) -> Dispatcher:
        """A function instance; `client`: its own, if it is not the test's."""
        client = client or self.client
        return Dispatcher(
            Lookups(client, self.table),
            OutboundResets(client, self.table),
            Integrations(ConfigurationTable(client, self.table)),
            ResetQueue(lambda: cast("SQSClient", self), "queue"),
            self,
            DeadLetters(client, self.table),
            self.clock,
        )

    def resetter(self, client: "DynamoDBClient | None" = None) -> Resetter:
        """The same."""
        client = client or self.client
        outside = Outside(
            OutboundResets(client, self.table),
            Integrations(ConfigurationTable(client, self.table)),
            self,
            self,
            DeadLetters(client, self.table),
            self.clock,
        )
        return Resetter(outside, lambda _: Deadline(40, lambda: 0.0))

    # ---- what happens

    def hear(self, *events: AlertEvent) -> None:
        """The RMM tells this, and it is so."""
        for event in events:
            if event.external_alert_id is not None and event.kind is Kind.TRIGGERED:
                self.rmm.firing.add(event.external_alert_id)
            elif event.external_alert_id is not None and event.kind is Kind.RESET:
                self.rmm.firing.discard(event.external_alert_id)
        self._process(events)

    def close(self, ticket: Ticket) -> str:
        """A person closes the ticket; gives the event as the bus hands it over."""
        lookups = Lookups(self.client, self.table)
        condition = lookups.condition(ticket.condition_id or "")
        act = work.Act(f"close {to_text(self.now)}", "u1", self.now)
        decision = work.close(ticket, condition, BOARD, None, act)
        DecisionWriter(self.client, self.table, BuiltinDesk()).apply(decision, self.now)
        assert decision.ticket is not None
        record = record_of(ticket_item(ticket), ticket_item(decision.ticket), at=self.now)
        return self._on_the_bus(record)[-1]

    def reopen(self, ticket: Ticket) -> None:
        """A person opens it again."""
        condition = Lookups(self.client, self.table).condition(ticket.condition_id or "")
        decision = work.reopen(ticket, condition, BOARD, 1, work.Act(f"reopen {to_text(self.now)}", "u1", self.now))
        DecisionWriter(self.client, self.table, BuiltinDesk()).apply(decision, self.now)

    def resolve(self, external_id: str = "a1") -> str:
        """A person resolves the alert; gives the event as the bus hands it over."""
        event = by_person(self.alert(external_id), Kind.RESET, "u1", f"resolve {to_text(self.now)}", self.now)
        reader, contexts = BatchReader(self.client, self.table, self.now), ContextCache(self.client, self.table)
        reader.reload(event)
        contexts.refresh(reader.configuration_version)
        context = contexts.context("i1")
        assert context is not None
        decision = decide(event, reader.state(event), context, self.now)
        DecisionWriter(self.client, self.table, BuiltinDesk()).apply(decision, self.now)
        assert decision.outbound is not None
        return self.asked(decision.outbound)

    def asked(self, wish: OutboundReset) -> str:
        """The event of a wish that was written."""
        return self._on_the_bus(record_of(None, outbound_item(wish), at=self.now))[0]

    def dispatch(self, *bodies: str, dispatcher: Dispatcher | None = None) -> list[Dispatched]:
        """ticket_close_reset gets these, and what it asks of the processor is done."""
        sent = [Message(f"b{number}", body, self.now) for number, body in enumerate(bodies)]
        results = (dispatcher or self.dispatcher()).dispatch(sent)
        self.process()
        return results

    def work(self, resetter: Resetter | None = None) -> list[Handled]:
        """alert_reset gets what can be had just now, one batch."""
        handled = (resetter or self.resetter()).reset(self.queue.receive())
        self.queue.settle(handled)
        self.process()
        return handled

    def work_until_done(self, until: datetime) -> None:
        """Batch after batch, and time passes where there is nothing to be had, until the queue is empty."""
        resetter = self.resetter()
        while (at := self.queue.next_at) is not None:
            if at > until:
                self.now = until
                return
            self.now = max(self.now, at)
            self.work(resetter)

    def process(self) -> None:
        """The processor gets what was handed over."""
        events, self.heard = self.heard, []
        self._process(events)

    def _process(self, events: Iterable[AlertEvent]) -> None:
        batch = [message(event, number) for number, event in enumerate(events)]
        assert not [each for each in self._processor.process(batch) if each.failed or each.parked]

    def _on_the_bus(self, record: dict[str, Any]) -> list[str]:
        events = events_of(change_of(record), "local")
        return [json.dumps({"detail-type": each.name, "detail": json.loads(each.detail())}) for each in events]

    # ---- what there is

    def alert(self, external_id: str = "a1") -> Alert:
        alert_id = alert_id_of("i1", external_id)
        return Lookups(self.client, self.table).alerts([alert_id], self.now)[alert_id]

    def wish(self, external_id: str = "a1") -> OutboundReset:
        alert_id = alert_id_of("i1", external_id)
        return self._wishes.several([alert_id])[alert_id]

    def has_wish(self, external_id: str = "a1") -> bool:
        return bool(self._wishes.several([alert_id_of("i1", external_id)]))

    def ask_again(self, external_id: str = "a1") -> str:
        """A person asks once more; gives the event as the bus hands it over."""
        before = self.wish(external_id)
        wish = wish_again(before, f"again {to_text(self.now)}", self.now)
        self._wishes.ask(wish, before)
        return self.asked(wish)

    def tickets(self) -> list[Ticket]:
        lookups = Lookups(self.client, self.table)
        ids = [pk.removeprefix("T#") for pk, sk in contents(self.client, self.table) if sk == "TICKET"]
        found = (lookups.ticket(each) for each in ids if each != "COUNTER")
        return [ticket for ticket in found if ticket is not None]

    @property
    def ticket(self) -> Ticket:
        """The only one."""
        (ticket,) = self.tickets()
        return ticket

    def dead_letters(self) -> list[dict[str, Any]]:
        return [item for (pk, _), item in contents(self.client, self.table).items() if pk == keys.DEAD_LETTERS]


class _Watched:
    """The RMM behind what stands around each call."""

    def __init__(self, rmm: FakeRmm, around: Around) -> None:
        self._rmm = rmm
        self._around = around

    def reset(self, external_alert_id: str) -> None:
        self._around(lambda: self._rmm.reset(external_alert_id))


def _record(queued: Queued) -> dict[str, Any]:
    return {
        "messageId": queued.message_id,
        "body": queued.body,
        "attributes": {
            "SentTimestamp": str(round(queued.sent_at.timestamp() * 1000)),
            "ApproximateReceiveCount": str(queued.attempts),
            "MessageGroupId": queued.group_id,
        },
    }


def again_on(queue: FakeFifo, letter: dict[str, Any]) -> None:
    """A person replays a dead letter, as admin/replayers.py does it."""
    queue.put(letter["payload"], letter["group_id"], f"replayed {letter['message_id']}")
