"""A person makes the ticket of an alert: whatever rules and windows say, but never a second one for its condition."""

from dataclasses import dataclass, replace
from datetime import datetime

from tandem.alerts.decision import Context, Decision, State
from tandem.alerts.draft import Draft
from tandem.alerts.holding import released
from tandem.alerts.models import Alert, AlertEvent, Condition, Outcome, Rule, RuleActions, RuleConditions
from tandem.alerts.ticketing import board_of, claim, settle
from tandem.alerts.tickets import PRIORITY_OF_SEVERITY, Priority, Ticket
from tandem.alerts.wording import description, title
from tandem.ids import derived_id


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person says about the ticket; the alert says the rest."""

    board_id: str | None = None
    priority: Priority | None = None
    assignee_id: str | None = None
    title: str | None = None
    client_id: str | None = None


class ConditionHasTicketError(Exception):
    """The alert's condition has an open ticket."""

    def __init__(self, ticket_id: str, number: str | None) -> None:
        super().__init__(f"its condition has an open ticket: {number or ticket_id}")
        self.ticket_id = ticket_id
        self.number = number


def ticket_by_hand(
    event: AlertEvent, known: Alert, state: State, context: Context, wishes: Wishes, now: datetime
) -> Decision:
    """The new ticket of `known`, which is `state`'s alert. `event` is the alert's own words again, by the person.

    A window that holds the alert lets it go. Raises ConditionHasTicketError.
    """
    condition = state.condition or Condition(
        known.condition_id, known.integration_id, known.external_device_id, known.organization_id, known.identity
    )
    if condition.open_ticket_id is not None:
        raise ConditionHasTicketError(condition.open_ticket_id, condition.open_ticket_number)
    draft = Draft(event, state, now, replace(released(known), needs_mapping=False, ticket_id=None), condition)
    where = settle(draft, context)
    worded = _NO_RULE if wishes.title is None else replace(_NO_RULE, actions=RuleActions(title_template=wishes.title))
    board, _ = board_of(context, wishes.board_id)
    ticket = Ticket(
        ticket_id=derived_id("ticket", draft.attempt),
        number=context.ticket_number,
        title=title(worded, event, where),
        description=description(worded, event, where),
        board_id=board.board_id,
        status_id=board.default_status.status_id,
        is_closed=False,
        priority=wishes.priority or PRIORITY_OF_SEVERITY[event.severity],
        opened_at=now,
        client_id=wishes.client_id or where.client_id,
        asset_id=where.asset_id,
        assignee_id=wishes.assignee_id,
        contact=where.contact if wishes.client_id in (None, where.client_id) else None,
        source=event.provider.value,
        source_reference=event.external_alert_id,
        condition_id=condition.condition_id,
        previous_ticket_number=condition.previous_ticket_number,
        severity=event.severity,
    )
    claim(draft, context, ticket, where)
    return draft.decided(Outcome.TICKET_CREATED, f"a person made ticket {ticket.number}", ticket_id=ticket.ticket_id)


_NO_RULE = Rule("", "", True, 0, RuleConditions(), RuleActions())
