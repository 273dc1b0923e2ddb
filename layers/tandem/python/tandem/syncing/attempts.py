"""How often a step is tried, and when next."""

from tandem.connections.errors import BadReply, VendorError

ATTEMPTS = 8
"""Of one message, the first included; then its run fails with the reason of the last one. The queue must deliver a
message more often than that, for the failing itself may fail."""

DEADLY_ATTEMPTS = 2 * ATTEMPTS
"""A message that comes more often than that had no attempt that failed by itself: the function dies of it. Twice as
many, because a message may also come to a function that may not run just then."""

FIRST_WAIT = 10
LONGEST_WAIT = 600
"""Seconds. With all waits a step is tried for about 20 minutes, and no single one is longer than a lease."""


def wait_after(attempt: int, asked_for: float | None = None) -> int:
    """Seconds until the next attempt: 10, 20, 40 ... 600; longer if the RMM asked for it, within bounds."""
    waited = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1))
    return int(min(LONGEST_WAIT, max(waited, asked_for or 0)))


def may_pass(error: VendorError) -> bool:
    """The step may well succeed later. A bad reply is one of them: an answer cut short, a page of a proxy, a cursor
    that repeated itself once."""
    return error.may_pass or isinstance(error, BadReply)
