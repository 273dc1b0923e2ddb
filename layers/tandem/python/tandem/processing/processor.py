"""Applying a batch of alert events (architecture.md, "The way of an alert").

a message that is no event, or that no decision fits    parked as a dead letter, acknowledged
a lost race                                              read again, decided again, at once
the table busy or out of reach                           the message and the rest of its group are given back
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tandem.alerts.decide import decide
from tandem.alerts.decision import Context, Decision, State
from tandem.alerts.event_message import EventMessageError, decode
from tandem.alerts.models import AlertEvent, Outcome
from tandem.processing.dead_letters import DeadLetter, DeadLetters
from tandem.store.apply import DecisionWriter
from tandem.store.context import ContextCache
from tandem.store.errors import ConflictError, StoreError, UnwritableError
from tandem.store.numbers import TicketNumbers
from tandem.store.reads import BatchReader

SOURCE = "alert-events"
_ATTEMPTS = 15
"""Decisions on one event before it is given back: enough for a dozen first sights of one condition at once."""
_LONGEST_WAIT_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the queue. `group_id`: its FIFO group."""

    message_id: str
    body: str
    group_id: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of one message, for the log and the metrics. `outcome` is None when it was parked or given back."""

    message_id: str
    event: AlertEvent | None = None
    decision: Decision | None = None
    parked: str | None = None
    failed: str | None = None


class PoisonError(Exception):
    """A message that can never be applied; the text says why."""


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
            return [Processed(message.message_id, failed=str(error)) for message in messages]
        failed_groups: set[str] = set()
        results = []
        for message in messages:
            if message.group_id in failed_groups:
                results.append(Processed(message.message_id, failed="an earlier message of its group failed"))
                continue
            result = self._one(message, events[message.message_id], reader)
            if result.failed is not None:
                failed_groups.add(message.group_id)
            results.append(result)
        return results

    def _one(self, message: Message, event: AlertEvent | PoisonError, reader: BatchReader) -> Processed:
        try:
            if isinstance(event, PoisonError):
                raise event
            return Processed(message.message_id, event, self._settle(event, reader))
        except (PoisonError, UnwritableError) as error:
            return self._park(message, str(error))
        except StoreError as error:
            return Processed(message.message_id, failed=str(error))

    def _settle(self, event: AlertEvent, reader: BatchReader) -> Decision:
        """Decide and apply until it holds. Raises StoreError, PoisonError."""
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, min(_LONGEST_WAIT_SECONDS, 0.01 * 2**attempt)))
                reader.reload(event)
                self._contexts.refresh(reader.configuration_version)
            now = self._clock()
            decision = self._decide(event, reader, now)
            try:
                self._writer.apply(decision, now)
            except ConflictError:
                if decision.guard is not None:
                    self._contexts.forget()
                continue
            reader.applied(decision)
            if decision.outcome is Outcome.TICKET_CREATED:
                self._numbers.use()
            return decision
        raise ConflictError("others kept writing the same records")

    def _decide(self, event: AlertEvent, reader: BatchReader, now: datetime) -> Decision:
        context = self._contexts.context(event.integration_id)
        if context is None:
            raise PoisonError(f"integration '{event.integration_id}' does not exist (any more)")
        decision = _decided(event, reader.state(event), context, self._numbers.at_hand or "", now)
        if decision.outcome is Outcome.TICKET_CREATED and self._numbers.at_hand is None:
            decision = _decided(event, reader.state(event), context, self._numbers.peek(), now)
        return decision

    def _park(self, message: Message, reason: str) -> Processed:
        letter = DeadLetter(SOURCE, message.message_id, reason, message.body, message.sent_at)
        self._dead_letters.park(letter, self._clock())
        return Processed(message.message_id, parked=reason)


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


def _event(message: Message) -> AlertEvent | PoisonError:
    try:
        return decode(message.body)
    except EventMessageError as error:
        return PoisonError(f"not an alert event: {error}")
