"""A person makes the ticket of an alert: whatever rules and windows say, but never a second one for its condition."""

from dataclasses import dataclass, replace
from datetime import datetime

from tandem.alerts.decision import Context, Decision, State
from tandem.alerts.draft import Draft
from tandem.alerts.holding import released
from tandem.alerts.models import Alert, AlertEvent, Condition, Outcome, Rule, RuleActions, RuleConditions
from tandem.alerts.ticketing import claim, new_ticket, settle
from tandem.alerts.tickets import Priority


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
    ticket, _ = new_ticket(draft, context, _as_rule(wishes), where)
    if wishes.client_id not in (None, where.client_id):
        ticket = replace(ticket, client_id=wishes.client_id, contact=None)
    claim(draft, context, ticket, where)
    return draft.decided(Outcome.TICKET_CREATED, f"a person made ticket {ticket.number}", ticket_id=ticket.ticket_id)


def _as_rule(wishes: Wishes) -> Rule:
    """A rule that makes just this ticket."""
    actions = RuleActions(
        board_id=wishes.board_id,
        priority=wishes.priority,
        assignee_id=wishes.assignee_id,
        title_template=wishes.title,
    )
    return Rule("", "", True, 0, RuleConditions(), actions)
