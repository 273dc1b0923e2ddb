"""From the read-back queue to alert-events.fifo, by way of the RMM.

a message that is no event                    parked as a dead letter, acknowledged
the RMM knows the alert                       completed, handed over
it does not, it refuses, there is no way      handed over as it is
it cannot be reached                          given back, until two minutes have passed since the webhook came
two minutes have passed                       handed over as it is, and the RMM is not asked
the queue of alert events out of reach        given back

The RMMs of a batch share its time: one that hangs uses up its own share, and then rests, so that neither this batch
nor the next ones wait for it while other RMMs' messages do. A message may be carried out twice: its event is the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Protocol

from tandem.alert_queue import QueueError
from tandem.alerts.event_message import EventMessageError, decode
from tandem.alerts.models import AlertEvent
from tandem.connections.errors import VendorError
from tandem.connections.limits import Deadline
from tandem.connections.rmm import Rmm
from tandem.dead_letters.letters import DeadLetter, DeadLetters
from tandem.readback.completing import as_it_is, completed
from tandem.store.configuration.records import Integration
from tandem.store.errors import StoreError

SOURCE = "read-back"
"""Of its dead letters."""

PATIENCE = timedelta(minutes=2)
"""So long an alert may wait for what its RMM would say more."""

REST = timedelta(seconds=30)
"""So long an RMM that used up its time is not asked: its messages are given back at once."""

FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 40


class Outcome(StrEnum):
    """How an event went on."""

    COMPLETED = "completed"
    UNKNOWN = "unknown"
    """The RMM does not know the alert, or will not say."""
    TOO_LATE = "too_late"


class Directory(Protocol):
    """The integrations."""

    def get(self, integration_id: str) -> Integration | None:
        """One integration. Raises a StoreError."""
        ...


class Rmms(Protocol):
    """Opens integrations' RMMs, with their credentials."""

    def open(self, integration: Integration, deadline: Deadline) -> Rmm:
        """The RMM, for one piece of work that ends with the deadline. Raises VendorError."""
        ...


class Events(Protocol):
    """Where alert events are handed to the processor."""

    def send(self, events: Sequence[AlertEvent]) -> None:
        """Raises QueueError."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the queue. `attempts`: how often it was received by now."""

    message_id: str
    body: str
    sent_at: datetime
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one message. `failed`: why it must be given back, `wait`: for how many seconds."""

    message_id: str
    event_id: str | None = None
    outcome: Outcome | None = None
    parked: str | None = None
    failed: str | None = None
    wait: int = 0


class ReadBack:
    """Completes events. `seconds`: for what RMMs are asked in one batch; `monotonic` as time.monotonic."""

    def __init__(
        self,
        integrations: Directory,
        rmms: Rmms,
        events: Events,
        dead_letters: DeadLetters,
        clock: Callable[[], datetime],
        seconds: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._integrations = integrations
        self._rmms = rmms
        self._events = events
        self._dead_letters = dead_letters
        self._clock = clock
        self._seconds = seconds
        self._monotonic = monotonic
        self._rests_until: dict[str, datetime] = {}

    def read(self, messages: Sequence[Message]) -> list[Read]:
        """Carry out the messages; those whose `failed` is set must be given back to the queue, for `wait` seconds."""
        results: dict[str, Read] = {}
        groups: dict[str, list[tuple[Message, AlertEvent]]] = {}
        for message in messages:
            try:
                event = decode(message.body)
            except EventMessageError as error:
                reason = f"not an alert event: {error}"
                results[message.message_id] = self._guarded(message, partial(self._parked, message, reason))
            else:
                groups.setdefault(event.integration_id, []).append((message, event))
        whole = Deadline(self._seconds, self._monotonic)
        for done, mine in enumerate(groups.values()):
            deadline = Deadline(whole.remaining() / (len(groups) - done), self._monotonic)
            for message, event in mine:
                results[message.message_id] = self._guarded(message, partial(self._told, message, event, deadline))
        return [results[message.message_id] for message in messages]

    def _guarded(self, message: Message, work: Callable[[], Read]) -> Read:
        try:
            return work()
        except (StoreError, QueueError) as error:
            return Read(message.message_id, failed=str(error), wait=_wait(message.attempts))

    def _parked(self, message: Message, reason: str) -> Read:
        letter = DeadLetter(SOURCE, message.message_id, reason, message.body, message.sent_at, message.attempts)
        self._dead_letters.park(letter, self._clock())
        return Read(message.message_id, parked=reason)

    def _told(self, message: Message, event: AlertEvent, deadline: Deadline) -> Read:
        now = self._clock()
        left = (event.received_at + PATIENCE - now).total_seconds()
        wait = max(1, min(_wait(message.attempts), round(left)))
        if left > 0 and now < self._rests_until.get(event.integration_id, now):
            return Read(message.message_id, event.event_id, failed="its RMM used up its time just now", wait=wait)
        try:
            outcome, told = (Outcome.TOO_LATE, as_it_is(event)) if left <= 0 else self._asked(event, deadline)
        except VendorError as error:
            if error.may_pass:
                if not deadline.remaining():
                    self._rests_until[event.integration_id] = self._clock() + REST
                return Read(message.message_id, event.event_id, failed=str(error), wait=wait)
            outcome, told = Outcome.UNKNOWN, as_it_is(event)
        self._events.send([told])
        return Read(message.message_id, event.event_id, outcome)

    def _asked(self, event: AlertEvent, deadline: Deadline) -> tuple[Outcome, AlertEvent]:
        integration = self._integrations.get(event.integration_id)
        if integration is None or not integration.has_credentials or event.external_alert_id is None:
            return Outcome.UNKNOWN, as_it_is(event)
        seen = self._rmms.open(integration, deadline).alert(event.external_alert_id)
        if seen is None:
            return Outcome.UNKNOWN, as_it_is(event)
        return Outcome.COMPLETED, completed(event, seen)


def _wait(received: int) -> int:
    """Seconds until a message that was received so often is tried again: 5, 10, 20, 40, 40 ..."""
    return int(min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(received - 1, 10)))
