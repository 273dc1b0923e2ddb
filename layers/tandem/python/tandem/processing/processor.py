"""Applying a batch of alert events (architecture.md, "The way of an alert").

a message that is no event, or that no decision fits    parked as a dead letter, acknowledged
an event of an integration that was deleted meanwhile    ignored, acknowledged
a lost race                                              read again, decided again, at once
the table busy or out of reach                           the message and the rest of its group are given back
"""

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tandem import telemetry
from tandem.alerts.decide import decide
from tandem.alerts.decision import Context, Decision, State
from tandem.alerts.event_message import EventMessageError, decode
from tandem.alerts.models import AlertEvent, Outcome
from tandem.dead_letters.letters import ALERT_EVENTS, DeadLetter, DeadLetters
from tandem.ids import derived_id
from tandem.store.apply import DecisionWriter
from tandem.store.context import ContextCache
from tandem.store.errors import BusyError, ConflictError, StoreError, UnwritableError
from tandem.store.numbers import TicketNumbers
from tandem.store.reads import BatchReader, means_its_condition

_ATTEMPTS = 15
"""Decisions on one event before it is given back: enough for a dozen first sights of one condition at once."""
_LONGEST_WAIT_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the queue. `group_id`: its FIFO group; `attempts`: how often it was received by now."""

    message_id: str
    body: str
    group_id: str
    sent_at: datetime
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of one message, for the log and the metrics. `decision` is None when it was parked or given back."""

    message_id: str
    event: AlertEvent | None = None
    decision: Decision | None = None
    parked: str | None = None
    failed: str | None = None


class PoisonError(Exception):
    """A message that can never be applied; the text says why."""


class IntegrationGoneError(PoisonError):
    """An event that was under way when its integration was deleted. Nobody has to do anything about it."""


class AlertProcessor:
    """Applies batches with one function instance's caches."""

    def __init__(
        self,
        open_reader: Callable[[datetime], BatchReader],
        writer: DecisionWriter,
        contexts: ContextCache,
        numbers: TicketNumbers,
        dead_letters: DeadLetters,
        clock: Callable[[], datetime],
    ) -> None:
        self._open_reader = open_reader
        self._writer = writer
        self._contexts = contexts
        self._numbers = numbers
        self._dead_letters = dead_letters
        self._clock = clock

    def process(self, messages: Sequence[Message]) -> list[Processed]:
        """Apply the messages in order; those whose `failed` is set must be given back to the queue."""
        events: dict[str, AlertEvent | PoisonError] = {message.message_id: _event(message) for message in messages}
        reader = self._open_reader(self._clock())
        try:
            _load(reader, events)
            self._contexts.refresh(reader.configuration_version)
        except StoreError as error:
            return [Processed(each.message_id, _known(events[each.message_id]), failed=str(error)) for each in messages]
        version = self._contexts.version
        failed_groups: set[str] = set()
        results = []
        for message in messages:
            if message.group_id in failed_groups:
                event = _known(events[message.message_id])
                results.append(Processed(message.message_id, event, failed="an earlier message of its group failed"))
                continue
            result = self._one(message, events[message.message_id], reader)
            if result.failed is not None:
                failed_groups.add(message.group_id)
            results.append(result)
        return self._look_again(results, reader, version)

    def _one(self, message: Message, event: AlertEvent | PoisonError, reader: BatchReader) -> Processed:
        try:
            try:
                if isinstance(event, PoisonError):
                    raise event
                return Processed(message.message_id, event, self._settled(event, reader))
            except (PoisonError, UnwritableError) as error:
                letter = DeadLetter(
                    ALERT_EVENTS, message.message_id, str(error), message.body, message.sent_at, message.attempts
                )
                self._dead_letters.park(letter, self._clock())
                return Processed(message.message_id, _known(event), parked=str(error))
        except StoreError as error:
            return Processed(message.message_id, _known(event), failed=str(error))

    def _settled(self, event: AlertEvent, reader: BatchReader) -> Decision:
        """The decision on an event, or on the last of those that it stands for. Raises StoreError, PoisonError."""
        try:
            for each in _meant(event, reader):
                decision = self._settle(each, reader)
        except IntegrationGoneError as gone:
            telemetry.log(logging.INFO, "integration gone", event_id=event.event_id, reason=str(gone))
            return Decision(Outcome.IGNORED, str(gone))
        return decision

    def _look_again(self, results: list[Processed], reader: BatchReader, version: int) -> list[Processed]:
        """Decide again what began to wait for a mapping, or for a window's end, in this batch, if the configuration has
        changed since the batch began with this version. (An event that lost a race may have brought in the new one
        already; what was decided before that, was decided by the old.)

        A mapping or window that is written later than this finds the waiting alerts itself; so between the two none is
        missed.
        """
        waiting = [result for result in results if result.decision is not None and _waits(result.decision)]
        if not waiting:
            return results
        looked_again = {}
        try:
            if reader.current_version() == version:
                return results
            for result in waiting:
                if result.event is not None:
                    event = replace(result.event, decide_again=True)
                    reader.reload(event)
                    self._contexts.refresh(reader.configuration_version)
                    decision = self._settle(event, reader)
                    if not decision.writes_nothing:
                        looked_again[result.message_id] = replace(result, decision=decision)
        except (StoreError, PoisonError) as error:
            # The same firing delivered again is decided again, for its alert waits.
            failed = {result.message_id: replace(result, decision=None, failed=str(error)) for result in waiting}
            looked_again = failed | looked_again
        return [looked_again.get(result.message_id, result) for result in results]

    def _settle(self, event: AlertEvent, reader: BatchReader) -> Decision:
        """Decide and apply until it holds. Raises StoreError, PoisonError."""
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, min(_LONGEST_WAIT_SECONDS, 0.01 * 2**attempt)))
            if attempt or reader.is_torn(event):
                reader.reload(event)
                self._contexts.refresh(reader.configuration_version)
            now = self._clock()
            decision = self._decide(event, reader, now)
            if decision.outcome is Outcome.TICKET_CREATED:
                self._numbers.use()
            try:
                self._writer.apply(decision, now)
            except ConflictError:
                continue
            reader.applied(decision)
            return decision
        raise ConflictError("others kept writing the same records")

    def _decide(self, event: AlertEvent, reader: BatchReader, now: datetime) -> Decision:
        context = self._contexts.context(event.integration_id)
        if context is None:
            raise IntegrationGoneError(f"integration '{event.integration_id}' does not exist (any more)")
        if not context.boards:
            raise BusyError("no board is set up yet")
        decision = _decided(event, reader.state(event), context, self._numbers.at_hand or "", now)
        if decision.outcome is Outcome.TICKET_CREATED and self._numbers.at_hand is None:
            decision = _decided(event, reader.state(event), context, self._numbers.peek(), now)
        return decision


def _meant(event: AlertEvent, reader: BatchReader) -> list[AlertEvent]:
    """The events that an event stands for: itself, but for a reset or acknowledge without an alert id, which means
    every live alert of its condition's ticket, and the alert without an id that the condition itself is known by."""
    if not means_its_condition(event):
        return [event]
    named = [
        replace(
            event,
            external_alert_id=alert.external_alert_id,
            event_id=derived_id("meant", event.event_id, alert.alert_id),
        )
        for alert in reader.live_alerts_of_ticket(event)
        if alert.external_alert_id is not None
    ]
    return [*named, event]


def _waits(decision: Decision) -> bool:
    return decision.waits is True or decision.wake is not None


def _load(reader: BatchReader, events: dict[str, AlertEvent | PoisonError]) -> None:
    """Read what the events need; one that names what no table can hold becomes a poison, and the others are read."""
    sound = {message_id: event for message_id, event in events.items() if isinstance(event, AlertEvent)}
    try:
        reader.load(list(sound.values()))
    except UnwritableError:
        for message_id, event in sound.items():
            try:
                reader.load([event])
            except UnwritableError as error:
                events[message_id] = PoisonError(str(error))


def _decided(event: AlertEvent, state: State, context: Context, number: str, now: datetime) -> Decision:
    try:
        return decide(event, state, replace(context, ticket_number=number), now)
    except Exception as error:  # the core is pure: what fails once fails always, and must not block
        raise PoisonError(f"no decision could be made: {type(error).__name__}: {error}") from error


def _known(event: AlertEvent | PoisonError) -> AlertEvent | None:
    return event if isinstance(event, AlertEvent) else None


def _event(message: Message) -> AlertEvent | PoisonError:
    try:
        return decode(message.body)
    except EventMessageError as error:
        return PoisonError(f"not an alert event: {error}")
