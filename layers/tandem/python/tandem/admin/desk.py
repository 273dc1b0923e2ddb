"""What a person does on a ticket, carried out: read, decide (desk/work.py), apply, and again if somebody was faster."""

import time
from collections.abc import Callable

from tandem.admin.attempts import until_applied
from tandem.admin.problems import conflict, not_found
from tandem.alerts.decision import Decision
from tandem.alerts.models import Condition
from tandem.alerts.tickets import Ticket
from tandem.desk.work import Act, DeskRefusedError
from tandem.store.apply import DecisionWriter
from tandem.store.lookups import Lookups, link_place
from tandem.store.numbers import TicketNumbers

Decide = Callable[[Ticket, Condition | None], Decision]


class DeskStore:
    """Applies acts to tickets."""

    def __init__(
        self,
        lookups: Lookups,
        writer: DecisionWriter,
        numbers: TicketNumbers,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._lookups = lookups
        self._writer = writer
        self._numbers = numbers
        self._pause = pause

    def ticket(self, ticket_id: str) -> Ticket:
        """The ticket. Raises Problem 404."""
        ticket = self._lookups.ticket(ticket_id)
        if ticket is None:
            raise not_found("ticket", ticket_id)
        return ticket

    def open(self, decide: Callable[[str], Decision], act: Act) -> Ticket:
        """Open the ticket that `decide` makes of the next number."""
        number = self._numbers.peek()
        self._numbers.use()
        decision = decide(number)
        self._writer.apply(decision, act.at)
        assert decision.ticket is not None  # noqa: S101 opening makes a ticket
        return decision.ticket

    def act(self, ticket_id: str, decide: Decide, act: Act) -> Ticket:
        """Carry the act out and give the ticket as it is then. Raises Problem 404 for an unknown ticket, 409 for what
        the desk refuses or when others keep writing the same ticket."""

        def attempt() -> Ticket:
            ticket = self.ticket(ticket_id)
            condition = self._lookups.condition(ticket.condition_id) if ticket.condition_id is not None else None
            try:
                decision = decide(ticket, condition)
            except DeskRefusedError as refusal:
                raise conflict(str(refusal)) from None
            self._writer.apply(decision, act.at)
            return decision.ticket or ticket

        return until_applied(attempt, self._pause)

    def live_count(self, ticket: Ticket, at_once: int = 1000) -> int:
        """How many alerts of the ticket are live and still belong to it; reads `at_once` links at a time."""
        count, after = 0, None
        while True:
            linked = self._lookups.linked_alert_ids(ticket.ticket_id, after, at_once)
            alerts = self._lookups.alerts(linked, ticket.opened_at)
            count += sum(1 for alert in alerts.values() if alert.is_live and alert.ticket_id == ticket.ticket_id)
            if len(linked) < at_once:
                return count
            after = link_place(ticket.ticket_id, linked[-1])
