"""Tickets."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tandem.admin.schemas.alerts import AlertStatusName
from tandem.admin.schemas.base import (
    LINES,
    LONGEST_TEXT,
    ContactAnswer,
    ContactBody,
    Given,
    Id,
    Name,
    PageQuery,
    PriorityName,
    Taken,
    Text,
    Time,
    example,
    unless_given,
)

LONGEST_WORK = 7 * 24 * 60
"""Minutes that one time entry may hold."""

StatusReference = Annotated[
    Name, Field(description="Id or name of a status of the ticket's board", examples=["in_progress"])
]
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT), LINES
]  # all in one: bounds around a type that is already checked would not see the text stripped


class TicketsQuery(PageQuery):
    """Which tickets; all filters that are given must fit."""

    status: Literal["open", "closed"] | None = None
    client_id: Id | None = None
    asset_id: Id | None = None


class TicketCreate(Taken):
    """A ticket by hand."""

    model_config = example(title="Printer on floor 2 is offline", priority="low", contact={"name": "Grace Hopper"})

    title: Name = Field(examples=["Printer on floor 2 is offline"])
    description: Text = ""
    client_id: Id | None = None
    board_id: Id | None = Field(None, description="The default board if left out")
    status: StatusReference | None = Field(None, description="An open one; the board's default if left out")
    priority: PriorityName = "medium"
    assignee_id: Id | None = None
    asset_id: Id | None = None
    contact: ContactBody | None = Field(None, description="The client's default contact if left out")


class TicketChange(Taken):
    """What to change; what is left out stays as it is. A status of the other sort closes or reopens the ticket."""

    model_config = example(status="in_progress", assignee_id="first-admin")

    title: Name = unless_given()
    status: StatusReference = unless_given()
    priority: PriorityName = unless_given()
    assignee_id: Id | None = Field(None, description="null takes the assignee away")
    board_id: Id = unless_given(description="On its new board it gets the default status, unless `status` is given too")


class CommentCreate(Taken):
    """A comment by the caller."""

    model_config = example(body="Rebooted it; watching.", internal=True)

    body: Words = Field(examples=["Rebooted it; watching."])
    internal: bool = Field(False, description="Not for the client")


class TimeEntryCreate(Taken):
    """Time that the caller worked."""

    model_config = example(minutes=15, note="Replaced the disk")

    minutes: int = Field(ge=1, le=LONGEST_WORK)
    note: Text = ""


class CloseBody(Taken):
    """How to close."""

    model_config = example(status="resolved")

    status: StatusReference | None = Field(None, description="A closed one; the board's first closed one if left out")


class TicketAlertAnswer(Given):
    """An alert of a ticket."""

    id: str
    external_id: str | None
    status: AlertStatusName


class CommentAnswer(Given):
    """A comment; `author` is a user id, or `tandem`."""

    id: str
    body: str
    author: str
    internal: bool
    created_at: Time
    edited_at: Time | None


class TimeEntryAnswer(Given):
    """Booked time."""

    id: str
    minutes: int
    note: str
    author: str
    created_at: Time


class TicketAnswer(Given):
    """A ticket, as lists show it."""

    id: str
    number: str
    title: str
    description: str
    board_id: str
    status: str = Field(description="Id of a status of the board")
    status_name: str | None
    is_closed: bool
    priority: PriorityName
    client_id: str | None
    asset_id: str | None
    assignee_id: str | None
    contact: ContactAnswer | None
    source: str
    source_reference: str | None
    previous_ticket_number: str | None
    opened_at: Time
    closed_at: Time | None
    closed_by: str | None
    touched_at: Time | None = Field(description="When a person first commented, booked time or changed the status")


class WholeTicketAnswer(TicketAnswer):
    """A ticket with its first 50 alerts, newest 50 comments and newest 50 time entries."""

    occurrence_count: int | None = Field(description="How often its condition fired; null if it has none open")
    alerts: list[TicketAlertAnswer]
    comments: list[CommentAnswer]
    time_entries: list[TimeEntryAnswer]
