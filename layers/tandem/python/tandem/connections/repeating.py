"""When a request that failed is worth another attempt, and how long to wait before it."""

from tandem.connections.errors import Throttled, Unreachable, VendorError
from tandem.connections.limits import Limits


def wait_before_the_next(
    error: VendorError, attempt: int, repeatable: bool, limits: Limits, chance: float
) -> float | None:
    """Seconds before attempt number `attempt` + 1; None if there is to be none. `chance`: random, from 0 to 1.

    Only what may pass is tried again, and of that what was not done for sure (throttled, or never sent), or what does
    no harm when done twice. The wait grows exponentially with full jitter, so that many who failed together do not come
    back together; a vendor's own Retry-After is kept to, and exceeded a little for the same reason.
    """
    not_done = isinstance(error, Throttled) or (isinstance(error, Unreachable) and error.nothing_sent)
    is_worth_it = not_done or (repeatable and isinstance(error, Unreachable))
    if attempt >= limits.attempts or not is_worth_it:
        return None
    most = min(limits.longest_wait, limits.first_wait * 2.0 ** (attempt - 1))
    if error.retry_after is not None:
        return error.retry_after + most * chance
    # Who is throttled and not told how long waits at least as long as the jitter would be at most.
    return most * (1.0 + chance) if isinstance(error, Throttled) else most * chance
