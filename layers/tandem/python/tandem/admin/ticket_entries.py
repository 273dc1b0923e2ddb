"""Routes of what is beside a ticket: comments, time entries, alerts."""

from tandem.admin.alerts import alerts_page, linked_alerts
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import after_of, page_of
from tandem.admin.schemas.alerts import AlertAnswer
from tandem.admin.schemas.base import NoBody, NoQuery, Page, PageQuery
from tandem.admin.schemas.tickets import CommentAnswer, CommentCreate, TimeEntryAnswer, TimeEntryCreate
from tandem.admin.ticket_answers import comment_answer, time_entry_answer
from tandem.admin.tickets import new_act
from tandem.alerts.tickets import Comment, TimeEntry
from tandem.desk import work
from tandem.ids import derived_id
from tandem.store.configuration.records import Role
from tandem.store.lookups import comment_place, time_entry_place


def list_comments(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of comments, newest first."""
    ticket_id = call.services.desk.ticket(call.params["ticket_id"]).ticket_id

    def read(after: str | None, limit: int) -> list[Comment]:
        return call.services.lookups.comments(ticket_id, after, limit)

    return Answer(page_of(call, "comments", read, comment_place, comment_answer))


def create_comment(call: Call[CommentCreate, NoQuery]) -> Answer:
    """A comment by the caller; the ticket is touched."""
    act = new_act(call)
    written = call.services.desk.act(
        call.params["ticket_id"],
        lambda ticket, _: work.comment(ticket, call.body.body, call.body.internal, act),
        act,
    )
    comment = Comment(
        derived_id("comment", act.act_id), written.ticket_id, call.body.body, act.user_id, call.body.internal, act.at
    )
    return Answer(comment_answer(comment), 201)


def list_time_entries(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of time entries, newest first."""
    ticket_id = call.services.desk.ticket(call.params["ticket_id"]).ticket_id

    def read(after: str | None, limit: int) -> list[TimeEntry]:
        return call.services.lookups.time_entries(ticket_id, after, limit)

    return Answer(page_of(call, "time-entries", read, time_entry_place, time_entry_answer))


def create_time_entry(call: Call[TimeEntryCreate, NoQuery]) -> Answer:
    """Time that the caller worked; the ticket is touched."""
    act, body = new_act(call), call.body
    written = call.services.desk.act(
        call.params["ticket_id"], lambda ticket, _: work.book_time(ticket, body.minutes, body.note, act), act
    )
    entry = TimeEntry(derived_id("time", act.act_id), written.ticket_id, body.minutes, body.note, act.user_id, act.at)
    return Answer(time_entry_answer(entry), 201)


def list_ticket_alerts(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of the ticket's alerts, in the order of their ids."""
    ticket_id = call.services.desk.ticket(call.params["ticket_id"]).ticket_id
    found = linked_alerts(call, ticket_id, after_of(call, "ticket-alerts"), call.query.limit)
    return Answer(alerts_page(call, found, "ticket-alerts"))


_ONE = "/tickets/{ticket_id}"
_TAG = "Tickets"

ROUTES: Routes = (
    Route(
        "GET",
        f"{_ONE}/comments",
        "List a ticket's comments",
        Role.VIEWER,
        list_comments,
        Page[CommentAnswer],
        _TAG,
        query=PageQuery,
        description="Newest first.",
    ),
    Route(
        "POST",
        f"{_ONE}/comments",
        "Comment on a ticket",
        Role.TECHNICIAN,
        create_comment,
        CommentAnswer,
        _TAG,
        201,
        body=CommentCreate,
        description="A ticket that a person commented on is no longer closed automatically.",
    ),
    Route(
        "GET",
        f"{_ONE}/time-entries",
        "List a ticket's time entries",
        Role.VIEWER,
        list_time_entries,
        Page[TimeEntryAnswer],
        _TAG,
        query=PageQuery,
        description="Newest first.",
    ),
    Route(
        "POST",
        f"{_ONE}/time-entries",
        "Book time on a ticket",
        Role.TECHNICIAN,
        create_time_entry,
        TimeEntryAnswer,
        _TAG,
        201,
        body=TimeEntryCreate,
    ),
    Route(
        "GET",
        f"{_ONE}/alerts",
        "List a ticket's alerts",
        Role.VIEWER,
        list_ticket_alerts,
        Page[AlertAnswer],
        _TAG,
        query=PageQuery,
    ),
)
