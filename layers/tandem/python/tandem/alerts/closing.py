"""Closing a ticket: what becomes of its record and its condition, whoever closes it, and when Tandem does so itself
(alerts.md, "Reset")."""

from dataclasses import dataclass, replace
from datetime import datetime

from tandem.alerts.decision import Context
from tandem.alerts.draft import Draft
from tandem.alerts.models import Alert, AlertStatus, Condition, RuleReference
from tandem.alerts.tickets import SYSTEM, Board, CloseTicket, Status, Ticket


@dataclass(frozen=True, slots=True)
class Closed:
    """The ticket, closed, and its condition without it. Their versions are not counted up."""

    ticket: Ticket
    condition: Condition | None


def closed(ticket: Ticket, condition: Condition | None, status_id: str, closed_by: str, at: datetime) -> Closed:
    """The records after the close. The ticket keeps what its condition knew of it, for a reopening."""
    after = replace(ticket, status_id=status_id, is_closed=True, closed_at=at, closed_by=closed_by)
    if condition is None or condition.open_ticket_id != ticket.ticket_id:
        return Closed(after, condition)
    after = replace(after, severity=condition.open_ticket_severity, occurrence_count=condition.occurrence_count)
    released = replace(
        condition,
        open_ticket_id=None,
        open_ticket_number=None,
        open_ticket_severity=None,
        live_count=0,
        occurrence_count=0,
        occurrences=None,
        previous_ticket_number=ticket.number,
    )
    return Closed(after, released)


def close_if_done(draft: Draft, context: Context, known: Alert) -> str:
    """Close the ticket of an alert that was just reset, if the alert's rule says so, no alert of the ticket is live any
    more and no person has worked on it. Gives in words what was done and why; nothing to say of other rules."""
    rule, condition, ticket = known.rule, draft.condition, draft.ticket
    if rule is None or not rule.auto_resolve_ticket or condition.open_ticket_id != known.ticket_id:
        return ""
    number = condition.open_ticket_number
    if condition.live_count > 0:
        still = "one of its alerts still fires" if condition.live_count == 1 else "some of its alerts still fire"
        return f"{number} stays open: {still}"
    if ticket is None:
        raise LookupError(f"ticket {number} is not there")
    if ticket.touched_at is not None:
        return f"{number} stays open: a person has worked on it"
    status = _status(context.boards.get(ticket.board_id), rule)
    if status is None:
        return f"{number} stays open: its board has no closed status"
    after = closed(ticket, condition, status.status_id, SYSTEM, draft.now)
    draft.ticket = after.ticket
    draft.condition = after.condition or condition
    draft.alert = replace(draft.alert, status=AlertStatus.AUTO_RESOLVED)
    draft.commands.append(
        CloseTicket(draft.command_id(), ticket.ticket_id, status.status_id, closed_by=SYSTEM, closed_at=draft.now)
    )
    return f"{number} closed: none of its alerts fires any more, and nobody has worked on it"


def _status(board: Board | None, rule: RuleReference) -> Status | None:
    """The rule's closed status of the ticket's board, else that board's first closed one."""
    if board is None:
        return None
    wanted = board.status(rule.auto_resolve_status_id) if rule.auto_resolve_status_id else None
    return wanted if wanted is not None and wanted.is_closed else board.first_closed_status
