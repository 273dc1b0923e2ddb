"""One run of the sweep: all that is due, earliest first, as far as its time goes.

It keeps nothing between runs. What it does not finish stays in the due-time index, for the run a minute later; so two
runs at once, or one that dies half-way, do no harm.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from tandem.store.due import Due, DueTimes

ROUND = 2000
"""Entries that are looked at together: their order by the time of firing is exact within a round."""

CLOCKS_APART = timedelta(seconds=2)
"""An alert whose window ends now is held a little longer by a processor whose clock is behind; so it is left for that
long, instead of being asked about again minutes later."""

HasTime = Callable[[], bool]
"""There is time for another hundred alerts."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of some entries: handed over, dropped because nothing waits for them any more, or not got to."""

    handed_over: int = 0
    dropped: int = 0
    left_over: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(
            self.handed_over + other.handed_over, self.dropped + other.dropped, self.left_over + other.left_over
        )


Handler = Callable[[Sequence[Due], HasTime], Taken]
"""Takes due entries of one reason, earliest first; leaves over the rest when there is no more time."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one run came to. `lag_seconds`: how long the earliest entry had been due, None when nothing was."""

    taken: Taken
    lag_seconds: int | None


class Sweep:
    """Hands each due entry to the handler of its reason. Entries of other reasons are not touched."""

    def __init__(self, times: DueTimes, handlers: Mapping[str, Handler], clock: Callable[[], datetime]) -> None:
        self._times = times
        self._handlers = handlers
        self._clock = clock

    def run(self, has_time: HasTime) -> Swept:
        """Raises a StoreError or QueueError; then what is left is still due."""
        by = self._clock() - CLOCKS_APART
        taken = Taken()
        earliest: datetime | None = None
        after: str | None = None
        while has_time() and not taken.left_over:
            entries = self._times.due(by, after, ROUND)
            if not entries:
                break
            after = entries[-1].place
            known = [entry for entry in entries if entry.reason in self._handlers]
            earliest = earliest or next((entry.at for entry in known), None)
            taken += self._take(known, has_time)
        lag = None if earliest is None else int((self._clock() - earliest).total_seconds())
        return Swept(taken, lag)

    def _take(self, entries: Sequence[Due], has_time: HasTime) -> Taken:
        taken = Taken()
        # Each stretch of one reason goes to its handler, so that earlier comes before later whatever the reason.
        for reason, stretch in groupby(entries, key=lambda entry: entry.reason):
            waiting = list(stretch)
            taken += Taken(left_over=len(waiting)) if taken.left_over else self._handlers[reason](waiting, has_time)
        return taken
