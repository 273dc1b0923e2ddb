"""Tickets as a decision makes them, and the commands with which it works the desk."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tandem.alerts.models import Contact, Severity

SYSTEM = "tandem"
"""Who acts when no person does: author of automatic comments, `closed_by` of automatic closes."""


class Priority(StrEnum):
    """How soon a ticket wants work."""

    URGENT = "urgent"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Higher is sooner."""
        return _PRIORITY_RANK[self]


_PRIORITY_RANK = {Priority.LOW: 0, Priority.MEDIUM: 1, Priority.HIGH: 2, Priority.URGENT: 3}

PRIORITY_OF_SEVERITY = {
    Severity.CRITICAL: Priority.URGENT,
    Severity.MAJOR: Priority.HIGH,
    Severity.MODERATE: Priority.MEDIUM,
    Severity.MINOR: Priority.LOW,
    Severity.NONE: Priority.LOW,
}


@dataclass(frozen=True, slots=True)
class Status:
    """A status of a board. Exactly one of a board is the default; a ticket in a closed one is closed."""

    status_id: str
    name: str
    is_default: bool = False
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """Where tickets are worked, with its statuses in order. One board of the tenant is the default."""

    board_id: str
    name: str
    statuses: tuple[Status, ...]
    is_default: bool = False
    active: bool = True

    @property
    def default_status(self) -> Status:
        """The status of a new ticket."""
        return next((status for status in self.statuses if status.is_default), self.statuses[0])

    @property
    def first_closed_status(self) -> Status | None:
        """The status of a closed ticket when nothing else is said."""
        return next((status for status in self.statuses if status.is_closed), None)

    def status(self, status_id: str) -> Status | None:
        """The status with this id."""
        return next((status for status in self.statuses if status.status_id == status_id), None)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket: Tandem's own record, and all of it for the built-in desk.

    `touched_at`: when a person first commented, booked time or changed the status; None means untouched, so that an
    untouched ticket is known without reading anything else. `status_id` belongs to the board. `severity` and
    `occurrence_count` are as of its opening or last close, for a reopening; while it is open its condition has them.
    `notify_user_ids`: whom its rule wants told that it was made.
    """

    ticket_id: str
    number: str
    title: str
    description: str
    board_id: str
    status_id: str
    is_closed: bool
    priority: Priority
    opened_at: datetime
    client_id: str | None = None
    asset_id: str | None = None
    assignee_id: str | None = None
    contact: Contact | None = None
    source: str = "manual"
    source_reference: str | None = None
    condition_id: str | None = None
    previous_ticket_number: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    touched_at: datetime | None = None
    severity: Severity | None = None
    occurrence_count: int = 0
    notify_user_ids: tuple[str, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment. `author` is a user id, or SYSTEM; internal ones are not for the client."""

    comment_id: str
    ticket_id: str
    body: str
    author: str
    internal: bool
    created_at: datetime
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TimeEntry:
    """Time that a person booked on a ticket."""

    entry_id: str
    ticket_id: str
    minutes: int
    note: str
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CreateTicket:
    """Open this ticket in the desk. The ticket names the condition's previous one itself."""

    command_id: str
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class WriteComment:
    """Add this comment, or write it again: the comment's id and time stay the same when one is rewritten."""

    command_id: str
    comment: Comment


@dataclass(frozen=True, slots=True)
class ChangePriority:
    """Give the ticket this priority."""

    command_id: str
    ticket_id: str
    priority: Priority


@dataclass(frozen=True, slots=True)
class PlaceTicket:
    """The ticket is about this asset, of this client."""

    command_id: str
    ticket_id: str
    asset_id: str | None
    client_id: str | None


@dataclass(frozen=True, slots=True)
class CloseTicket:
    """Close the ticket with this status of its board."""

    command_id: str
    ticket_id: str
    status_id: str
    closed_by: str
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class ReopenTicket:
    """Open a closed ticket again with this status of its board."""

    command_id: str
    ticket_id: str
    status_id: str


@dataclass(frozen=True, slots=True)
class BookTime:
    """Book this time on the ticket."""

    command_id: str
    entry: TimeEntry


DeskCommand = CreateTicket | WriteComment | ChangePriority | PlaceTicket | CloseTicket | ReopenTicket | BookTime
