"""What a person does with an alert, carried out: read, decide, apply, and again if somebody was faster."""

import time
from collections.abc import Callable
from datetime import datetime

from tandem.admin.attempts import until_applied
from tandem.admin.problems import conflict, not_found
from tandem.alerts.decision import Context, Decision, State
from tandem.alerts.models import Alert, AlertEvent, Outcome
from tandem.store.apply import DecisionWriter
from tandem.store.context import ContextCache
from tandem.store.lookups import Lookups
from tandem.store.numbers import TicketNumbers
from tandem.store.reads import BatchReader

Worded = Callable[[Alert, str], AlertEvent]
"""The event that an act on this alert is; the text is the alert's whole message."""

Decide = Callable[[AlertEvent, State, Context], Decision]


class AlertDesk:
    """Applies acts to alerts, with the same decisions and the same writer as the processor."""

    def __init__(
        self,
        open_reader: Callable[[datetime], BatchReader],
        contexts: ContextCache,
        lookups: Lookups,
        writer: DecisionWriter,
        numbers: TicketNumbers,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._open_reader = open_reader
        self._contexts = contexts
        self._lookups = lookups
        self._writer = writer
        self._numbers = numbers
        self._pause = pause

    def act(self, alert_id: str, now: datetime, worded: Worded, decide: Decide) -> Decision:
        """Carry the act out and give what was decided. `decide` gets the state as read consistently, whose alert is
        there. Raises Problem 404 for an unknown alert, 409 for one whose integration is gone or when others keep
        writing the same records, and whatever `decide` raises."""
        return until_applied(lambda: self._attempt(alert_id, now, worded, decide), self._pause)

    def _attempt(self, alert_id: str, now: datetime, worded: Worded, decide: Decide) -> Decision:
        alert = self._lookups.alerts([alert_id], now).get(alert_id)
        if alert is None:
            raise not_found("alert", alert_id)
        event = worded(alert, self._lookups.full_messages([alert]).get(alert_id, alert.message))
        reader = self._open_reader(now)
        reader.reload(event)
        self._contexts.refresh(reader.configuration_version)
        context = self._contexts.context(alert.integration_id)
        if context is None:
            raise conflict(f"the integration of the alert, '{alert.integration_id}', is not there any more")
        decision = decide(event, reader.state(event), context)
        if decision.outcome is Outcome.TICKET_CREATED:
            self._numbers.use()
        self._writer.apply(decision, now)
        return decision

    def next_number(self) -> str:
        """What a new ticket would be called. Raises a StoreError."""
        return self._numbers.peek()
