"""What a person does on a ticket: each act is a decision, as an alert event's is, and is applied the same way.

Pure. `condition` is the ticket's condition, None for a ticket that no alert opened. `act_id` names the act, so that it
gives the same ids when it is decided again after a conflict.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from tandem.alerts.closing import closed
from tandem.alerts.decision import Decision
from tandem.alerts.models import Condition, Outcome
from tandem.alerts.tickets import (
    Board,
    BookTime,
    ChangePriority,
    CloseTicket,
    Comment,
    CreateTicket,
    DeskCommand,
    Priority,
    ReopenTicket,
    Status,
    Ticket,
    TimeEntry,
    WriteComment,
)
from tandem.ids import derived_id


class DeskRefusedError(Exception):
    """The desk does not do this, for the reason that the exception's text says; `ticket_number` names another ticket
    that stands in the way."""

    def __init__(self, reason: str, ticket_number: str | None = None) -> None:
        super().__init__(reason)
        self.ticket_number = ticket_number


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, when, and the name of the act."""

    act_id: str
    user_id: str
    at: datetime

    def command_id(self) -> str:
        """The id of the act's desk command."""
        return derived_id("command", self.act_id)


@dataclass(frozen=True, slots=True)
class Change:
    """What a person changes on a ticket; None leaves it. `clear_assignee` takes the assignee away."""

    title: str | None = None
    priority: Priority | None = None
    assignee_id: str | None = None
    clear_assignee: bool = False
    board: Board | None = None
    status_id: str | None = None


def open_by_hand(ticket: Ticket, act: Act) -> Decision:
    """A ticket that a person opens; it belongs to no condition."""
    return _decided(
        "opened by hand", ticket=replace(ticket, version=1), commands=(CreateTicket(act.command_id(), ticket),)
    )


def comment(ticket: Ticket, body: str, internal: bool, act: Act) -> Decision:
    """A person's comment; it touches the ticket."""
    written = Comment(derived_id("comment", act.act_id), ticket.ticket_id, body, act.user_id, internal, act.at)
    return _decided(
        "commented", ticket=_onto(ticket, _touched(ticket, act)), commands=(WriteComment(act.command_id(), written),)
    )


def book_time(ticket: Ticket, minutes: int, note: str, act: Act) -> Decision:
    """Time that a person books; it touches the ticket."""
    entry = TimeEntry(derived_id("time", act.act_id), ticket.ticket_id, minutes, note, act.user_id, act.at)
    return _decided(
        "time booked", ticket=_onto(ticket, _touched(ticket, act)), commands=(BookTime(act.command_id(), entry),)
    )


def change(
    ticket: Ticket, condition: Condition | None, board: Board, wanted: Change, live_count: int, act: Act
) -> Decision:
    """Change a ticket. `board`: the one it is on; `live_count`: its linked alerts that are live, for a reopening.

    A status of the other sort closes or reopens it. On a new board it takes the board's default (or first closed)
    status unless one is named. Raises DeskRefusedError for a status that the board does not have, or a reopening while
    the condition has another open ticket.
    """
    target = wanted.board or board
    if wanted.status_id is not None:
        status = _status(target, wanted.status_id)
    elif wanted.board is not None and wanted.board.board_id != ticket.board_id:
        status = _closed_status(target, None) if ticket.is_closed else target.default_status
    else:
        status = _status(board, ticket.status_id)
    after = replace(
        ticket,
        title=wanted.title if wanted.title is not None else ticket.title,
        priority=wanted.priority or ticket.priority,
        assignee_id=None if wanted.clear_assignee else wanted.assignee_id or ticket.assignee_id,
        board_id=target.board_id,
        status_id=status.status_id,
    )
    if wanted.status_id is not None and status.status_id != ticket.status_id:
        after = _touched(after, act)
    commands: list[DeskCommand] = []
    if after.priority is not ticket.priority:
        commands.append(ChangePriority(derived_id("command", act.act_id, "priority"), ticket.ticket_id, after.priority))
    if status.is_closed and not ticket.is_closed:
        return _close(ticket, after, condition, status, act, tuple(commands))
    if not status.is_closed and ticket.is_closed:
        return _reopen(ticket, after, condition, live_count, act, tuple(commands))
    return _decided("changed", ticket=_onto(ticket, after), commands=tuple(commands))


def close(ticket: Ticket, condition: Condition | None, board: Board, status_id: str | None, act: Act) -> Decision:
    """Close a ticket, with this status of its board or the board's first closed one. Closing a closed one changes
    nothing. Raises DeskRefusedError for a status that is not a closed one of the board."""
    if ticket.is_closed:
        return Decision(Outcome.IGNORED, f"{ticket.number} is closed already")
    status = _closed_status(board, status_id)
    after = replace(_touched(ticket, act), status_id=status.status_id)
    return _close(ticket, after, condition, status, act, ())


def reopen(ticket: Ticket, condition: Condition | None, board: Board, live_count: int, act: Act) -> Decision:
    """Open a closed ticket again, in its board's default status. Reopening an open one changes nothing. Raises
    DeskRefusedError, naming it, when the condition has another open ticket."""
    if not ticket.is_closed:
        return Decision(Outcome.IGNORED, f"{ticket.number} is open already")
    after = replace(_touched(ticket, act), status_id=board.default_status.status_id)
    return _reopen(ticket, after, condition, live_count, act, ())


def _close(
    before: Ticket,
    after: Ticket,
    condition: Condition | None,
    status: Status,
    act: Act,
    commands: tuple[DeskCommand, ...],
) -> Decision:
    done = closed(after, condition, status.status_id, act.user_id, act.at)
    released = done.condition
    if condition is not None and released is not None:
        released = replace(released, version=condition.version + 1) if released != condition else None
    command = CloseTicket(act.command_id(), before.ticket_id, status.status_id, act.user_id, act.at)
    return _decided("closed", ticket=_onto(before, done.ticket), condition=released, commands=(*commands, command))


def _reopen(
    before: Ticket,
    after: Ticket,
    condition: Condition | None,
    live_count: int,
    act: Act,
    commands: tuple[DeskCommand, ...],
) -> Decision:
    opened = replace(after, is_closed=False, closed_at=None, closed_by=None)
    claimed = None
    if condition is not None:
        other = condition.open_ticket_id
        if other is not None and other != before.ticket_id:
            raise DeskRefusedError(
                f"its condition has another open ticket: {condition.open_ticket_number}", condition.open_ticket_number
            )
        claimed = replace(
            condition,
            open_ticket_id=before.ticket_id,
            open_ticket_number=before.number,
            open_ticket_severity=before.severity,
            live_count=live_count,
            occurrence_count=max(1, before.occurrence_count),
            occurrences=None,
            version=condition.version + 1,
        )
    command = ReopenTicket(act.command_id(), before.ticket_id, after.status_id)
    return _decided("reopened", ticket=_onto(before, opened), condition=claimed, commands=(*commands, command))


def _status(board: Board, status_id: str) -> Status:
    status = board.status(status_id)
    if status is None:
        raise DeskRefusedError(f"board '{board.name}' has no status '{status_id}'")
    return status


def _closed_status(board: Board, status_id: str | None) -> Status:
    status = _status(board, status_id) if status_id is not None else board.first_closed_status
    if status is None or not status.is_closed:
        raise DeskRefusedError(f"'{status.name if status else board.name}' is no closed status")
    return status


def _touched(ticket: Ticket, act: Act) -> Ticket:
    return ticket if ticket.touched_at is not None else replace(ticket, touched_at=act.at)


def _onto(before: Ticket, after: Ticket) -> Ticket:
    """One version on, always: whoever decided on the ticket as it was must look again."""
    return replace(after, version=before.version + 1)


def _decided(
    reason: str,
    ticket: Ticket,
    commands: tuple[DeskCommand, ...],
    condition: Condition | None = None,
) -> Decision:
    return Decision(Outcome.RECORDED_ONLY, reason, ticket=ticket, condition=condition, commands=commands)
