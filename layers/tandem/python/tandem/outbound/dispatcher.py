"""From an event on the bus to one message for each alert that its RMM is to reset.

The wish is written first, then it is handed over. So an event that comes twice, or again after a crash, finds the wish:
one that waits is handed over once more, which its queue or the resetter knows; one that is settled is left alone.

a message that is no such event                   parked as a dead letter, acknowledged
a ticket that is not there, or open again         nothing to do
no connection, or no id of the alert in the RMM   the alert is resolved in Tandem, by an event of its own
table or queue busy or out of reach               the message is given back
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from tandem.alert_queue import QueueError
from tandem.alerts.again import reset_by_tandem
from tandem.alerts.models import Alert, AlertEvent
from tandem.alerts.outbound import IN_TANDEM_ALONE, Need, OutboundReset, ResetState, need, wish_of_close
from tandem.alerts.tickets import Ticket
from tandem.dead_letters.letters import DeadLetter, DeadLetters
from tandem.outbound.connected import Directory, is_reached
from tandem.outbound.message import OutboundMessageError, ResetWanted, TicketClosed, asked
from tandem.outbound.queue import Message
from tandem.store.configuration.records import Integration
from tandem.store.errors import ConflictError, StoreError
from tandem.store.lookups import Lookups, link_place
from tandem.store.outbound import OutboundResets

SOURCE = "ticket-closes"
"""Of its dead letters."""

_ALERTS_AT_ONCE = 100
_ATTEMPTS = 5
_HANDED_OVER_AGAIN = frozenset({ResetState.PENDING, *IN_TANDEM_ALONE})


class Wishes(Protocol):
    """Where wishes are handed over."""

    def send(self, wishes: Sequence[OutboundReset]) -> None:
        """Raises QueueError."""
        ...


class Events(Protocol):
    """Where alert events are handed to the processor."""

    def send(self, events: Sequence[AlertEvent]) -> None:
        """Raises QueueError."""
        ...


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What became of one message. `asked`: wishes for RMMs; `local`: alerts resolved in Tandem alone; `failed`: why it
    must be given back."""

    message_id: str
    asked: int = 0
    local: int = 0
    parked: str | None = None
    failed: str | None = None


class Dispatcher:
    """Works on one table."""

    def __init__(
        self,
        lookups: Lookups,
        wishes: OutboundResets,
        integrations: Directory,
        resets: Wishes,
        events: Events,
        dead_letters: DeadLetters,
        clock: Callable[[], datetime],
    ) -> None:
        self._lookups = lookups
        self._wishes = wishes
        self._integrations = integrations
        self._resets = resets
        self._events = events
        self._dead_letters = dead_letters
        self._clock = clock
        self._known: dict[str, Integration | None] = {}

    def dispatch(self, messages: Sequence[Message]) -> list[Dispatched]:
        """Carry out the messages; those whose `failed` is set must be given back to the queue."""
        self._known = {}  # as of this batch
        return [self._one(message) for message in messages]

    def _one(self, message: Message) -> Dispatched:
        try:
            try:
                event = asked(message.body)
            except OutboundMessageError as error:
                reason = f"not an event that asks for resets: {error}"
                letter = DeadLetter(SOURCE, message.message_id, reason, message.body, message.sent_at, message.attempts)
                self._dead_letters.park(letter, self._clock())
                return Dispatched(message.message_id, parked=reason)
            counts = self._of_ticket(event) if isinstance(event, TicketClosed) else self._of_wish(event)
        except (StoreError, QueueError) as error:
            return Dispatched(message.message_id, failed=str(error))
        return Dispatched(message.message_id, *counts)

    def _of_ticket(self, event: TicketClosed) -> tuple[int, int]:
        ticket = self._lookups.ticket(event.ticket_id)
        if ticket is None or not ticket.is_closed:
            return 0, 0
        told = local = 0
        for alerts in self._linked(ticket.ticket_id):
            before = self._wishes.several(alerts)
            wishes = {
                alert_id: wish
                for alert_id, alert in alerts.items()
                if (wish := self._written(alert, ticket, before.get(alert_id))) is not None
            }
            here = [each for each in wishes.values() if each.state in IN_TANDEM_ALONE]
            there = [each for each in wishes.values() if each.state is ResetState.PENDING]
            self._resets.send(there)
            self._events.send([self._resolved(alerts[each.alert_id], each) for each in here])
            told, local = told + len(there), local + len(here)
        return told, local

    def _linked(self, ticket_id: str) -> Iterator[dict[str, Alert]]:
        """The ticket's alerts by their ids, so many at once."""
        after = None
        while True:
            alert_ids = self._lookups.linked_alert_ids(ticket_id, after, _ALERTS_AT_ONCE)
            yield self._lookups.alerts(alert_ids, self._clock())
            if len(alert_ids) < _ALERTS_AT_ONCE:
                return
            after = link_place(ticket_id, alert_ids[-1])

    def _is_reached(self, wish: OutboundReset) -> bool:
        if wish.integration_id not in self._known:
            self._known[wish.integration_id] = self._integrations.get(wish.integration_id)
        return is_reached(self._known[wish.integration_id], wish.asked_at)

    def _written(self, alert: Alert, ticket: Ticket, before: OutboundReset | None) -> OutboundReset | None:
        """The wish that is to be handed over, and is in the table by now; None if there is nothing to do."""
        wish = wish_of_close(alert, ticket)
        if wish is None:
            return None
        if wish.state is ResetState.PENDING and not self._is_reached(wish):
            wish = replace(wish, state=ResetState.NOT_CONNECTED, done_at=self._clock())
        for _ in range(_ATTEMPTS):
            if before is not None and before.request_id == wish.request_id:
                return before if before.state in _HANDED_OVER_AGAIN else None
            if before is not None and before.asked_at > wish.asked_at:
                return None  # somebody asked since
            try:
                self._wishes.ask(wish, before)
            except ConflictError:
                before = self._wishes.several([alert.alert_id]).get(alert.alert_id)
                continue
            return wish
        raise ConflictError("others kept writing the same wish")

    def _of_wish(self, event: ResetWanted) -> tuple[int, int]:
        """A wish that somebody else wrote."""
        known = self._wishes.known(event.alert_id, event.ticket_id, self._clock())
        wish = known.wish
        if wish is None or wish.request_id != event.request_id or wish.state is not ResetState.PENDING:
            return 0, 0
        if self._is_reached(wish):
            self._resets.send([wish])
            return 1, 0
        resolves = wish.ticket_id is not None and need(wish, known.alert, known.ticket) is Need.RESET
        wish = replace(wish, state=ResetState.NOT_CONNECTED, done_at=self._clock())
        if resolves and known.alert is not None:
            self._events.send([self._resolved(known.alert, wish)])
        self._wishes.note(wish)
        return 0, 1

    def _resolved(self, alert: Alert, wish: OutboundReset) -> AlertEvent:
        return reset_by_tandem(alert, wish, wish.asked_at, self._clock())
