"""Maintenance windows: when they hold, and what they hold (alerts.md, "Maintenance windows").

A weekly window is a plan on the wall clock. Each of its occurrences is resolved to two instants:

    start    the wall clock's; in the gap of a clock put forward, the gap's end; of two, the first
    length   what the wall clock says, without the change of a clock that falls into it: 60 minutes stay 60
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = timedelta(days=1)
_LOOKED_BACK = 3 * _DAY
"""An occurrence is shorter than a day, begins within a day of its date in UTC, and a gap may swallow a whole day."""


class Weekday(IntEnum):
    """Days as `date.weekday` counts them."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week on these days from `start` to `end` (the next day, if that is not later) on the zone's wall clock.

    `from_date` and `until_date` bound the days on which occurrences begin, both included.
    """

    days: frozenset[Weekday]
    start: time
    end: time
    timezone: str
    from_date: date | None = None
    until_date: date | None = None

    @property
    def length(self) -> timedelta:
        """By the wall clock; less than a day, for a start that equals the end is refused where windows are made."""
        minutes = (self.end.hour - self.start.hour) * 60 + self.end.minute - self.start.minute
        return timedelta(minutes=minutes % (24 * 60))


@dataclass(frozen=True, slots=True)
class Span:
    """From `starts_at` up to, not including, `ends_at`."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        """The instant is in it."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """When alerts are suppressed, and which: those that fit every scope that is given.

    Either `span` (one-off) or `weekly`.
    """

    window_id: str
    name: str
    active: bool = True
    integration_id: str | None = None
    client_id: str | None = None
    asset_id: str | None = None
    span: Span | None = None
    weekly: Weekly | None = None


def occurrences(window: MaintenanceWindow, since: datetime) -> Iterator[Span]:
    """The window's occurrences that end after `since`, in order of their start; without end for an unbounded weekly
    one, none for one in a timezone that is not known."""
    if window.span is not None:
        if window.span.ends_at > since:
            yield window.span
        return
    if window.weekly is None or not window.weekly.days:
        return
    weekly = window.weekly
    try:
        zone = ZoneInfo(weekly.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return  # known when it was saved, gone since: better a ticket too many than no alert that can be decided
    day = (since - _LOOKED_BACK).astimezone(zone).date()
    if weekly.from_date is not None:
        day = max(day, weekly.from_date)
    while weekly.until_date is None or day <= weekly.until_date:
        if Weekday(day.weekday()) in weekly.days:
            span = _span(weekly, day)
            if span.ends_at > since:
                yield span
        if day >= date.max - _DAY:
            return
        day += _DAY


def current(window: MaintenanceWindow, now: datetime) -> Span | None:
    """The occurrence that holds now, the one that ends last if several do; None when none does or it is not active."""
    if not window.active:
        return None
    found = None
    for span in occurrences(window, now):
        if span.starts_at > now:
            break
        if span.holds(now) and (found is None or span.ends_at > found.ends_at):
            found = span
    return found


def suppressing(
    windows: Iterable[MaintenanceWindow],
    now: datetime,
    *,
    integration_id: str,
    client_id: str | None,
    asset_id: str | None,
) -> tuple[MaintenanceWindow, Span] | None:
    """The window that holds an alert of this place now: of several the one that ends last, so that the alert is
    decided once, when nothing holds it any more."""
    found: tuple[MaintenanceWindow, Span] | None = None
    for window in windows:
        fits = (
            window.integration_id in (None, integration_id)
            and window.client_id in (None, client_id)
            and window.asset_id in (None, asset_id)
        )
        span = current(window, now) if fits else None
        if span is not None and (found is None or span.ends_at > found[1].ends_at):
            found = window, span
    return found


@lru_cache(maxsize=4096)
def _span(weekly: Weekly, day: date) -> Span:
    """The occurrence that begins on this day. Remembered: every firing asks for the same few days of every window."""
    starts_at = instant(day, weekly.start, ZoneInfo(weekly.timezone))
    return Span(starts_at, starts_at + weekly.length)


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the zone's wall clock shows this: the first of two; the gap's end for none."""
    wall = datetime.combine(day, clock, tzinfo=zone)
    at = wall.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return at
    # In a gap, fold 0 reads the clock of before (an instant behind the gap), fold 1 the clock of after (one before it).
    return _change_between(wall.replace(fold=1).astimezone(UTC), at, zone)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the zone's one change of offset in between, to the second."""
    old = before.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)
