"""What goes out by itself and what is gathered: at most MOST_SINGLES in any SPAN for one user, the rest as a digest.

The tally holds the times of the latest singles, so the span slides: there is no instant at which twenty of one span and
twenty of the next go out together. Instances' clocks differ a little; the tally's own clock never goes back.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MOST_SINGLES = 20
SPAN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Gathering:
    """A digest that is being gathered: when it goes out, and of how many tickets it tells so far."""

    due: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What one user was sent lately. `singles`: their times, ascending. `clock`: the latest time that the tally knows.

    `version`: the one in the table that it was made from.
    """

    singles: tuple[datetime, ...] = ()
    gathering: Gathering | None = None
    clock: datetime | None = None
    version: int = 0

    def time(self, now: datetime) -> datetime:
        """Now, or the tally's own clock if that is ahead."""
        return max(now, self.clock) if self.clock is not None else now


def take(tally: Tally, wanted: int, now: datetime) -> tuple[Tally, int]:
    """The tally after `wanted` more tickets, and how many of them, the first ones, go out by themselves.

    Once something is gathered, all that follows is gathered too, until the digest is closed: so tickets are told in
    their order.
    """
    now = tally.time(now)
    lately = _lately(tally, now)
    if tally.gathering is not None:
        more = replace(tally.gathering, count=tally.gathering.count + wanted)
        return _next(tally, lately, more, now), 0
    singles = min(wanted, MOST_SINGLES - len(lately))
    lately += (now,) * singles
    rest = wanted - singles
    begun = Gathering(lately[0] + SPAN, rest) if rest else None
    return _next(tally, lately, begun, now), singles


def take_again(tally: Tally, before: datetime | None, now: datetime) -> Tally | None:
    """The tally after a single that was tried at `before` is tried again; None when there is no room for it now."""
    now = tally.time(now)
    lately = list(_lately(tally, now))
    if before in lately:
        lately.remove(before)
    if len(lately) >= MOST_SINGLES:
        return None
    return _next(tally, (*lately, now), tally.gathering, now)


def close(tally: Tally) -> Tally:
    """The tally after its digest went out. Its clock is then at least the digest's time, so that no later digest can be
    due at the same."""
    if tally.gathering is None:
        return tally
    return _next(tally, tally.singles, None, tally.time(tally.gathering.due))


def _lately(tally: Tally, now: datetime) -> tuple[datetime, ...]:
    return tuple(each for each in tally.singles if each > now - SPAN)


def _next(tally: Tally, singles: tuple[datetime, ...], gathering: Gathering | None, clock: datetime) -> Tally:
    return Tally(singles, gathering, clock, tally.version)
