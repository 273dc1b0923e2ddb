"""What a user is told, and whether the user wants it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tandem.alerts.models import Severity
from tandem.alerts.tickets import Priority
from tandem.ids import derived_id
from tandem.times import to_text

SEVERITY_OF_PRIORITY = {
    Priority.URGENT: Severity.CRITICAL,
    Priority.HIGH: Severity.MAJOR,
    Priority.MEDIUM: Severity.MODERATE,
    Priority.LOW: Severity.MINOR,
}
"""What a ticket that names no severity is taken for. Low may stand for `none` too: rather told than not."""

_ID_CHARACTERS = 20
_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_TIME_CHARACTERS = 11  # microseconds until the year 3111
_BITS_A_DIGIT = 5


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a user wants to be sent. `least_severity`: tickets of less severe alerts are not told at all."""

    email: bool = True
    least_severity: Severity = Severity.NONE

    def want(self, severity: Severity) -> bool:
        """The user is told of a ticket of this severity."""
        return severity.rank >= self.least_severity.rank


DEFAULT_PREFERENCES = Preferences()


@dataclass(frozen=True, slots=True)
class TicketNotice:
    """A new ticket, as far as it is told."""

    ticket_id: str
    number: str
    title: str
    severity: Severity


class NotificationKind(StrEnum):
    """What a notification tells of: one ticket, or many at once."""

    TICKET = "ticket"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Notification:
    """What a user reads in Tandem. `tickets`: the one, or the first of a digest, which tells of `ticket_count`.

    `digest_id` finds all tickets of a digest.
    """

    notification_id: str
    user_id: str
    kind: NotificationKind
    title: str
    tickets: tuple[TicketNotice, ...]
    ticket_count: int
    created_at: datetime
    digest_id: str | None = None
    read_at: datetime | None = None


def sortable_id(at: datetime, *parts: str) -> str:
    """An id that sorts by time and comes out the same for the same time and parts."""
    number = int(at.timestamp()) * 1_000_000 + at.microsecond
    digits = []
    for _ in range(_TIME_CHARACTERS):
        digits.append(_DIGITS[number & 31])
        number >>= _BITS_A_DIGIT
    return ("".join(reversed(digits)) + derived_id(*parts))[:_ID_CHARACTERS]


def digest_id_of(user_id: str, due: datetime) -> str:
    """The digest that is due for the user then; a user has one at a time."""
    return derived_id("digest", user_id, to_text(due))
