"""Tickets as they are shown, with what is beside them."""

from collections.abc import Mapping
from typing import Any

from tandem.admin import references
from tandem.admin.alerts import linked_alerts
from tandem.admin.calls import Call
from tandem.admin.references import contact_answer
from tandem.admin.schemas.tickets import (
    CommentAnswer,
    TicketAlertAnswer,
    TicketAnswer,
    TimeEntryAnswer,
    WholeTicketAnswer,
)
from tandem.alerts.tickets import Board, Comment, Ticket, TimeEntry

SHOWN_BESIDE = 50
"""Alerts, comments and time entries that one ticket's answer holds."""


def board_of_ticket(call: Call[Any, Any], ticket: Ticket) -> Board:
    """The board that the ticket is on; boards are never removed."""
    record = call.services.boards.get(ticket.board_id)
    return record.board if record is not None else references.board(call, "board_id", None)


def boards_by_id(call: Call[Any, Any]) -> Mapping[str, Board]:
    """All boards by id."""
    return {record.board.board_id: record.board for record in call.services.boards.all()}


def ticket_answer(ticket: Ticket, board: Board | None) -> TicketAnswer:
    """The ticket as lists show it."""
    return TicketAnswer.model_validate(_fields(ticket, board))


def _fields(ticket: Ticket, board: Board | None) -> dict[str, Any]:
    status = board.status(ticket.status_id) if board else None
    return {
        "id": ticket.ticket_id,
        "number": ticket.number,
        "title": ticket.title,
        "description": ticket.description,
        "board_id": ticket.board_id,
        "status": ticket.status_id,
        "status_name": status.name if status else None,
        "is_closed": ticket.is_closed,
        "priority": ticket.priority.value,
        "client_id": ticket.client_id,
        "asset_id": ticket.asset_id,
        "assignee_id": ticket.assignee_id,
        "contact": contact_answer(ticket.contact),
        "source": ticket.source,
        "source_reference": ticket.source_reference,
        "previous_ticket_number": ticket.previous_ticket_number,
        "opened_at": ticket.opened_at,
        "closed_at": ticket.closed_at,
        "closed_by": ticket.closed_by,
        "touched_at": ticket.touched_at,
    }


def whole_ticket(call: Call[Any, Any], ticket: Ticket) -> WholeTicketAnswer:
    """The ticket with its first alerts, newest comments and newest time entries."""
    lookups = call.services.lookups
    condition = lookups.condition(ticket.condition_id) if ticket.condition_id is not None else None
    is_its_own = condition is not None and condition.open_ticket_id == ticket.ticket_id
    alerts = linked_alerts(call, ticket.ticket_id, None, SHOWN_BESIDE).records
    comments = lookups.comments(ticket.ticket_id, None, SHOWN_BESIDE)
    return WholeTicketAnswer.model_validate(
        {
            **_fields(ticket, board_of_ticket(call, ticket)),
            "occurrence_count": condition.occurrence_count if condition and is_its_own else None,
            "alerts": [
                TicketAlertAnswer.model_validate(
                    {"id": each.alert_id, "external_id": each.external_alert_id, "status": each.status.value}
                )
                for each in alerts
            ],
            "comments": [comment_answer(each) for each in comments],
            "time_entries": [
                time_entry_answer(each) for each in lookups.time_entries(ticket.ticket_id, None, SHOWN_BESIDE)
            ],
        }
    )


def comment_answer(comment: Comment) -> CommentAnswer:
    """The comment as it is shown."""
    return CommentAnswer(
        id=comment.comment_id,
        body=comment.body,
        author=comment.author,
        internal=comment.internal,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
    )


def time_entry_answer(entry: TimeEntry) -> TimeEntryAnswer:
    """The time entry as it is shown."""
    return TimeEntryAnswer(
        id=entry.entry_id, minutes=entry.minutes, note=entry.note, author=entry.author, created_at=entry.created_at
    )
