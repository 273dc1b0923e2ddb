"""A webhook that may lack something waits for its RMM's words, for two minutes at most, and is never lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

import pytest

from tandem.alert_queue import QueueError
from tandem.alerts.event_message import encode
from tandem.alerts.models import AlertEvent, Origin, Provider, Severity
from tandem.connections.errors import NotConnected, Refused, ServerFailed, Throttled, Unreachable, VendorError
from tandem.connections.limits import Deadline
from tandem.connections.rmm import Rmm
from tandem.dead_letters.letters import DeadLetter, DeadLetters
from tandem.readback.reader import PATIENCE, Message, Outcome, Read, ReadBack
from tandem.store.configuration.records import Integration, Status
from tandem.store.errors import BusyError
from tests.unit.alerts.world import START, at, reset, triggered

PARTIAL = replace(
    triggered(1, severity=Severity.MODERATE, message="PC-d1: alert triggered"), received_at=START, is_partial=True
)
SEEN = replace(
    triggered(0, severity=Severity.CRITICAL, message='Service "spooler" stopped'),
    event_id="of the api",
    identity="check:91",
    activity_type="check",
    alert_class="check",
    origin=Origin.POLL,
    organization_id=None,
    organization_name="By the API",
    device_name="By the API",
    facts={"Site": "Main", "OS": "Old"},
)
DOWN = Unreachable("It cannot be connected to. See whether it runs.")


@dataclass
class Outside:
    """Everything that the worker talks to. `answer`: what the RMM says of the alert, or raises."""

    answer: AlertEvent | VendorError | None = SEEN
    status: str | None = Status.CONNECTED
    now: datetime = START
    asked: list[str] = field(default_factory=list)
    told: list[AlertEvent] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    queue_fault: QueueError | None = None
    table_fault: BusyError | None = None
    hanging: set[str] = field(default_factory=set)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.worker = ReadBack(self, self, self, cast("DeadLetters", self), lambda: self.now, 20, lambda: self.seconds)

    def get(self, integration_id: str) -> Integration | None:
        if self.table_fault is not None:
            raise self.table_fault
        if self.status is None:
            return None
        return Integration(integration_id, Provider.TACTICALRMM, "Tactical", self.status, START)

    def open(self, integration: Integration, deadline: Deadline) -> Rmm:
        if isinstance(self.answer, NotConnected):
            raise self.answer
        if integration.integration_id in self.hanging:
            return cast("Rmm", Hanging(self, deadline))
        return cast("Rmm", self)

    def alert(self, external_alert_id: str) -> AlertEvent | None:
        self.asked.append(external_alert_id)
        if isinstance(self.answer, VendorError):
            raise self.answer
        return self.answer

    def send(self, events: Sequence[AlertEvent]) -> None:
        if self.queue_fault is not None:
            raise self.queue_fault
        self.told += events

    def park(self, letter: DeadLetter, _now: datetime) -> None:
        self.letters.append(letter)

    def read(self, event: AlertEvent | str = PARTIAL, attempts: int = 1) -> Read:
        """The worker gets one message."""
        body = event if isinstance(event, str) else encode(event)
        (result,) = self.worker.read([Message("m1", body, START, attempts)])
        return result

    def read_all(self, *events: AlertEvent) -> list[Read]:
        """It gets these in one batch."""
        return self.worker.read([Message(each.event_id, encode(each), START) for each in events])


@dataclass
class Hanging:
    """An RMM that answers nothing, until the time is up."""

    outside: Outside
    deadline: Deadline

    def alert(self, external_alert_id: str) -> AlertEvent | None:
        self.outside.asked.append(f"hangs: {external_alert_id}")
        self.outside.seconds += self.deadline.remaining()
        raise self.deadline.time_is_up("Tactical RMM")


def test_the_rmm_completes_what_the_webhook_lacks() -> None:
    outside = Outside()
    assert outside.read() == Read("m1", PARTIAL.event_id, Outcome.COMPLETED)
    assert outside.asked == ["a1"]
    (event,) = outside.told
    assert (event.severity, event.message, event.identity) == (SEEN.severity, SEEN.message, SEEN.identity)
    assert (event.activity_type, event.alert_class) == ("check", "check")
    assert event.occurred_at == SEEN.occurred_at
    assert not event.is_partial


def test_what_happened_and_where_stays_as_the_webhook_told_it() -> None:
    outside = Outside()
    heard = replace(PARTIAL, raw=b"sent", facts={"OS": "New"})
    outside.read(heard)
    (event,) = outside.told
    for name in ("event_id", "kind", "origin", "raw", "received_at", "organization_id", "device_name"):
        assert getattr(event, name) == getattr(heard, name), name
    assert event.organization_name == heard.organization_name
    assert event.facts == {"Site": "Main", "OS": "New"}


def test_a_firing_that_is_over_by_now_is_still_a_firing_with_its_own_time() -> None:
    ended = replace(SEEN, kind=reset().kind, occurred_at=at(5))
    outside = Outside(answer=ended)
    outside.read()
    (event,) = outside.told
    assert (event.kind, event.occurred_at, event.severity) == (PARTIAL.kind, PARTIAL.occurred_at, SEEN.severity)


def test_an_alert_that_the_rmm_does_not_know_goes_on_as_it_is() -> None:
    outside = Outside(answer=None)
    assert outside.read().outcome is Outcome.UNKNOWN
    assert outside.told == [replace(PARTIAL, is_partial=False)]


@pytest.mark.parametrize("error", [Refused("No."), NotConnected()])
def test_where_waiting_helps_nothing_it_goes_on_at_once(error: VendorError) -> None:
    outside = Outside(answer=error)
    assert outside.read().outcome is Outcome.UNKNOWN
    assert len(outside.told) == 1


@pytest.mark.parametrize("status", [Status.WEBHOOK_ONLY, Status.DISCONNECTED, None])
def test_without_a_connection_it_goes_on_at_once(status: str | None) -> None:
    outside = Outside(status=status)
    assert outside.read().outcome is Outcome.UNKNOWN
    assert (outside.asked, len(outside.told)) == ([], 1)


@pytest.mark.parametrize("error", [DOWN, Throttled("Too often."), ServerFailed("It failed.")])
def test_while_the_rmm_is_away_it_waits_two_minutes_and_no_longer(error: VendorError) -> None:
    outside, attempts = Outside(answer=error), 0
    while not outside.told:
        attempts += 1
        result = outside.read(attempts=attempts)
        outside.now += timedelta(seconds=result.wait)
    assert outside.now == START + PATIENCE
    assert result.outcome is Outcome.TOO_LATE
    assert attempts <= 7
    assert outside.told == [replace(PARTIAL, is_partial=False)]


def test_an_rmm_that_comes_back_in_time_is_heard() -> None:
    outside = Outside(answer=DOWN)
    outside.now += timedelta(seconds=outside.read().wait)
    outside.answer = SEEN
    assert outside.read(attempts=2).outcome is Outcome.COMPLETED


def test_after_two_minutes_the_rmm_is_not_even_asked() -> None:
    outside = Outside(now=START + PATIENCE)
    assert outside.read().outcome is Outcome.TOO_LATE
    assert outside.asked == []


def test_what_cannot_be_handed_over_or_looked_up_is_given_back() -> None:
    for outside in (Outside(queue_fault=QueueError("later")), Outside(table_fault=BusyError("busy"))):
        result = outside.read()
        assert (result.failed is not None, result.outcome, outside.told) == (True, None, [])
        assert result.wait == 5


def test_what_is_no_event_is_parked() -> None:
    outside = Outside()
    assert outside.read("nonsense").parked is not None
    (letter,) = outside.letters
    assert (letter.source, letter.payload) == ("read-back", "nonsense")


# ---- one RMM that hangs


def partial_of(integration_id: str, name: str) -> AlertEvent:
    return replace(PARTIAL, integration_id=integration_id, external_alert_id=name, event_id=f"e-{name}")


def test_an_rmm_that_hangs_uses_up_its_own_share_of_the_time_and_no_others() -> None:
    outside = Outside(hanging={"i1"})
    results = outside.read_all(
        partial_of("i1", "a1"), partial_of("i2", "b1"), partial_of("i1", "a2"), partial_of("i2", "b2")
    )
    assert [each.event_id for each in results] == ["e-a1", "e-b1", "e-a2", "e-b2"], "in the order of the messages"
    assert [each.outcome for each in results] == [None, Outcome.COMPLETED, None, Outcome.COMPLETED]
    assert [each.event_id for each in outside.told] == ["e-b1", "e-b2"]
    assert outside.seconds == 10, "half of the batch's time"
    assert outside.asked == ["hangs: a1", "b1", "b2"], "it is not asked for the next one"


def test_an_rmm_that_hung_rests_so_that_the_next_batches_do_not_wait_for_it() -> None:
    outside = Outside(hanging={"i1"})
    outside.read_all(partial_of("i1", "a1"))
    used = outside.seconds
    assert used == 20, "nobody else waits"
    outside.now += timedelta(seconds=5)
    first, second = outside.read_all(partial_of("i1", "a1"), partial_of("i2", "b1"))
    assert (first.failed is not None, second.outcome, outside.seconds) == (True, Outcome.COMPLETED, used)
    outside.now += timedelta(seconds=31)
    outside.hanging.clear()
    assert outside.read_all(partial_of("i1", "a1"))[0].outcome is Outcome.COMPLETED


def test_what_an_rmm_that_hangs_holds_up_goes_on_as_it_is_after_two_minutes() -> None:
    outside = Outside(hanging={"i1"})
    while not outside.told:
        (result,) = outside.read_all(partial_of("i1", "a1"))
        outside.now += timedelta(seconds=result.wait)
    assert (result.outcome, outside.now) == (Outcome.TOO_LATE, START + PATIENCE)
    assert outside.told == [replace(partial_of("i1", "a1"), is_partial=False)]
