"""Routes of tickets: the built-in desk."""

from typing import Any

from tandem.admin import references
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.desk import Decide
from tandem.admin.paging import after_of, cursor_of
from tandem.admin.problems import invalid
from tandem.admin.references import contact_of
from tandem.admin.schemas.base import NoBody, NoQuery, Page
from tandem.admin.schemas.tickets import (
    CloseBody,
    TicketAnswer,
    TicketChange,
    TicketCreate,
    TicketsQuery,
    WholeTicketAnswer,
)
from tandem.admin.ticket_answers import board_of_ticket, boards_by_id, ticket_answer, whole_ticket
from tandem.alerts.decision import Decision
from tandem.alerts.models import Condition
from tandem.alerts.tickets import Priority, Ticket
from tandem.desk import work
from tandem.desk.work import Act
from tandem.ids import derived_id, new_id
from tandem.store.configuration.records import Role
from tandem.store.listing import Partition, all_tickets, tickets_of_client


def list_tickets(call: Call[NoBody, TicketsQuery]) -> Answer:
    """One page of tickets, newest first."""
    query = call.query
    is_closed = None if query.status is None else query.status == "closed"
    partitions: list[Partition] = (
        all_tickets(is_closed) if query.client_id is None else tickets_of_client(query.client_id)
    )

    def fits(ticket: Ticket) -> bool:
        return (
            (is_closed is None or ticket.is_closed == is_closed)
            and (query.client_id is None or ticket.client_id == query.client_id)
            and (query.asset_id is None or ticket.asset_id == query.asset_id)
        )

    found = call.services.listing.tickets(partitions, fits, after_of(call, "tickets"), query.limit)
    boards = boards_by_id(call)
    items = [ticket_answer(ticket, boards.get(ticket.board_id)) for ticket in found.records]
    return Answer(Page[TicketAnswer](items=items, next_cursor=cursor_of(call, "tickets", found.after)))


def create_ticket(call: Call[TicketCreate, NoQuery]) -> Answer:
    """A ticket by hand."""
    body = call.body
    client = references.client(call, "client_id", body.client_id)
    references.user(call, "assignee_id", body.assignee_id)
    board = references.board(call, "board_id", body.board_id)
    status = references.status(board, "status", body.status) if body.status is not None else board.default_status
    if status.is_closed:
        raise invalid("status", "a new ticket is open: name a status that is not a closed one")
    contact = contact_of(body.contact) or (client.default_contact if client else None)
    act = new_act(call)

    def decide(number: str) -> Decision:
        ticket = Ticket(
            ticket_id=derived_id("ticket", act.act_id),
            number=number,
            title=body.title,
            description=body.description,
            board_id=board.board_id,
            status_id=status.status_id,
            is_closed=False,
            priority=Priority(body.priority),
            opened_at=call.now,
            client_id=body.client_id,
            asset_id=body.asset_id,
            assignee_id=body.assignee_id,
            contact=contact,
        )
        return work.open_by_hand(ticket, act)

    ticket = call.services.desk.open(decide, act)
    return Answer(whole_ticket(call, ticket), 201, f"/tickets/{ticket.ticket_id}")


def get_ticket(call: Call[NoBody, NoQuery]) -> Answer:
    """One ticket with what is beside it."""
    return Answer(whole_ticket(call, call.services.desk.ticket(call.params["ticket_id"])))


def change_ticket(call: Call[TicketChange, NoQuery]) -> Answer:
    """A ticket, changed."""
    body = call.body
    references.user(call, "assignee_id", body.assignee_id)
    new_board = references.board(call, "board_id", body.board_id) if body.given("board_id") else None
    act = new_act(call)

    def decide(ticket: Ticket, condition: Condition | None) -> Decision:
        board = board_of_ticket(call, ticket)
        wanted = work.Change(
            title=body.title if body.given("title") else None,
            priority=Priority(body.priority) if body.given("priority") else None,
            assignee_id=body.assignee_id,
            clear_assignee=body.given("assignee_id") and body.assignee_id is None,
            board=new_board,
            status_id=references.status(new_board or board, "status", body.status).status_id
            if body.given("status")
            else None,
        )
        live = call.services.desk.live_count(ticket) if ticket.is_closed and body.given("status") else 0
        return work.change(ticket, condition, board, wanted, live, act)

    return _acted(call, decide, act)


def close_ticket(call: Call[CloseBody, NoQuery]) -> Answer:
    """A ticket, closed."""
    act = new_act(call)

    def decide(ticket: Ticket, condition: Condition | None) -> Decision:
        board = board_of_ticket(call, ticket)
        status = references.status(board, "status", call.body.status) if call.body.status is not None else None
        if status is not None and not status.is_closed:
            raise invalid("status", f"'{status.name}' is no closed status")
        return work.close(ticket, condition, board, status.status_id if status else None, act)

    return _acted(call, decide, act)


def reopen_ticket(call: Call[NoBody, NoQuery]) -> Answer:
    """A ticket, opened again."""
    act = new_act(call)

    def decide(ticket: Ticket, condition: Condition | None) -> Decision:
        live = call.services.desk.live_count(ticket) if ticket.is_closed else 0
        return work.reopen(ticket, condition, board_of_ticket(call, ticket), live, act)

    return _acted(call, decide, act)


def new_act(call: Call[Any, Any]) -> Act:
    """An act of the caller, now."""
    return Act(act_id=new_id(), user_id=call.principal.user_id, at=call.now)


def _acted(call: Call[Any, Any], decide: Decide, act: Act) -> Answer:
    return Answer(whole_ticket(call, call.services.desk.act(call.params["ticket_id"], decide, act)))


_ONE = "/tickets/{ticket_id}"
_TAG = "Tickets"
_OTHER_OPEN = "its condition has another open ticket, which is named"

ROUTES: Routes = (
    Route(
        "GET",
        "/tickets",
        "List tickets",
        Role.VIEWER,
        list_tickets,
        Page[TicketAnswer],
        _TAG,
        query=TicketsQuery,
        description="Newest first.",
    ),
    Route(
        "POST",
        "/tickets",
        "Open a ticket by hand",
        Role.TECHNICIAN,
        create_ticket,
        WholeTicketAnswer,
        _TAG,
        201,
        body=TicketCreate,
    ),
    Route("GET", _ONE, "Read a ticket", Role.VIEWER, get_ticket, WholeTicketAnswer, _TAG),
    Route(
        "PATCH",
        _ONE,
        "Change a ticket",
        Role.TECHNICIAN,
        change_ticket,
        WholeTicketAnswer,
        _TAG,
        body=TicketChange,
        conflicts=f"the change reopens it, but {_OTHER_OPEN}",
    ),
    Route(
        "POST",
        f"{_ONE}/close",
        "Close a ticket",
        Role.TECHNICIAN,
        close_ticket,
        WholeTicketAnswer,
        _TAG,
        body=CloseBody,
        body_required=False,
        description="Closing a closed ticket changes nothing.",
    ),
    Route(
        "POST",
        f"{_ONE}/reopen",
        "Reopen a ticket",
        Role.TECHNICIAN,
        reopen_ticket,
        WholeTicketAnswer,
        _TAG,
        description="Reopening an open ticket changes nothing.",
        conflicts=_OTHER_OPEN,
    ),
)
