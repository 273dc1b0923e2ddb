"""How much Tandem asks of a vendor: how often, how long, how many times, how many bytes."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from tandem.connections.errors import AGAIN, Paced, TimeIsUp
from tandem.connections.rows import LONGEST_ROW

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests in any such length of time: `RateLimit(60, timedelta(minutes=1))`."""

    requests: int
    per: timedelta

    def __post_init__(self) -> None:
        if self.requests < 1 or self.per <= timedelta():
            raise ValueError("a rate needs at least one request and some time")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one integration may use.

    `attempts`: of one request, the first included. `first_wait`, `longest_wait`: seconds; the wait before attempt n + 1
    is a random part of first_wait * 2^(n - 1), and never longer than longest_wait. `document_bytes`: of an answer that
    is read as a whole; `listing_bytes`: of one that is read row by row, which is on disk meanwhile (Lambda gives 512 MB
    of it); `row_characters`: of one such row, which is in memory. `pages`: of one listing.
    """

    rate: RateLimit
    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 8.0
    connect_seconds: float = 5.0
    answer_seconds: float = 30.0
    document_bytes: int = 16 * MEGABYTE
    listing_bytes: int = 256 * MEGABYTE
    row_characters: int = LONGEST_ROW
    pages: int = 10_000

    def of_fleets(self) -> "Limits":
        """For a function with 2 GB of disk and a quarter of an hour: all agents of a large Tactical RMM, or all their
        programs, are one answer of some hundred MB, which takes a minute to begin."""
        return replace(self, listing_bytes=1024 * MEGABYTE, answer_seconds=120.0)


class Deadline:
    """The end of the time for a piece of work; `clock` as time.monotonic."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._end = clock() + seconds
        self.seconds = seconds

    def remaining(self) -> float:
        """Seconds; never negative."""
        return max(0.0, self._end - self._clock())

    def time_is_up(self, vendor: str) -> TimeIsUp:
        """The error to raise when nothing remains."""
        return TimeIsUp(
            f"{vendor} took longer than the {self.seconds:.0f} seconds that Tandem has for this. {AGAIN}; if this "
            "stays so, look at how quickly the server answers."
        )


class Pacing(Protocol):
    """Keeps an integration's requests to its rate."""

    def wait(self, deadline: Deadline, vendor: str) -> None:
        """Returns when the next request may go out. Raises Paced at once if that is after the deadline; where there is
        nothing to wait for, whether any time is left is not its business."""
        ...


class Pace:
    """Keeps to a rate: never more requests than allowed in any window of the rate's length.

    Of one function instance, by itself: shared_pace.py is what several have in common. What other programs use of the
    same allowance shows as 429, which is waited for (http.py).
    """

    def __init__(self, rate: RateLimit, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._sent: deque[float] = deque(maxlen=rate.requests)

    def wait(self, deadline: Deadline, vendor: str) -> None:
        """As Pacing."""
        now = self._clock()
        at = now
        if len(self._sent) == self._rate.requests:
            at = max(now, self._sent[0] + self._rate.per.total_seconds())
        if at > now and at - now >= deadline.remaining():
            raise paced(vendor, at - now)
        self._sent.append(at)
        if at > now:
            self._sleep(at - now)


def paced(vendor: str, seconds: float) -> Paced:
    """The error to raise when the next request may go out in so many seconds, and that is too late."""
    return Paced(
        f"{vendor} is asked as often as this integration's rate allows, and may be asked again in {seconds:.0f} "
        f"seconds. {AGAIN} then; if this stays so, raise requests_per_minute, or let it poll less often.",
        retry_after=seconds,
    )
