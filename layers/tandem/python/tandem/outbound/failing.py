"""What a failure of an RMM means for the alerts that wait for it, and how long they wait."""

from collections.abc import Sequence
from datetime import timedelta
from enum import Enum, auto

from tandem.connections.errors import (
    BadReply,
    Paced,
    Rejected,
    ServerFailed,
    Throttled,
    TimeIsUp,
    VendorError,
    WrongAddress,
)

GIVES_UP_AFTER = timedelta(hours=24)
"""Counted from when the message was put on the queue, so that a replayed one has a day of its own."""

FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 900

SHORTEST_WAIT_SECONDS = 5
"""Where the RMM is well and only wants to be asked more slowly."""

ATTEMPTS_OF_ONE = 5
"""So often, over some seven minutes, an alert is tried on which alone the RMM's server fails."""


class Concerns(Enum):
    """What a failure is about."""

    THE_ALERT = auto()
    """The RMM will not reset this one, ever."""
    THE_ALERT_PERHAPS = auto()
    """The RMM's server failed: on this alert alone, or on whatever it is asked."""
    THE_RMM = auto()
    """It is out of reach, refuses the credentials, or wants patience: the next alert would fare no better."""


def concerns(error: VendorError) -> Concerns:
    """What the failure is about."""
    if isinstance(error, Rejected):
        return Concerns.THE_ALERT
    if isinstance(error, WrongAddress):
        return Concerns.THE_RMM
    if isinstance(error, ServerFailed | BadReply):
        return Concerns.THE_ALERT_PERHAPS
    return Concerns.THE_RMM


def wait_before_attempt(received: int) -> int:
    """Seconds until a message that was received so often is tried again: 30, 60, 120 ... 900."""
    return int(min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(received - 1, 10)))


def wait_after(error: Exception, received: int, others: Sequence[bool]) -> int:
    """Seconds until the RMM's messages are tried again. `received`: how often the one that failed was; `others`: for
    each that was tried beside it, whether it went well.

    An RMM that says when to come back is taken at its word, and so is Tandem's own rate for it. One that did some and
    then had enough is not down.
    """
    if isinstance(error, Throttled | Paced) and error.retry_after is not None:
        return max(SHORTEST_WAIT_SECONDS, min(LONGEST_WAIT_SECONDS, round(error.retry_after) + 1))
    if isinstance(error, Throttled | TimeIsUp) and any(others):
        return SHORTEST_WAIT_SECONDS
    return wait_before_attempt(received)
