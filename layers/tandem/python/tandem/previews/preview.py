"""What a rule or a window that is not in force would have done to the events of the last days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tandem.alerts.decision import Context
from tandem.alerts.history import AppliedEvent
from tandem.alerts.models import Rule
from tandem.alerts.windows import MaintenanceWindow
from tandem.previews.comparison import Fate, caught_by, differences
from tandem.previews.concern import concerned, touched_by_rules, touched_by_windows
from tandem.previews.simulation import Effect, simulate

MOST_DECIDED = 6_000
"""Events that are decided twice: some ten seconds of a function's time."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Preview:
    """Which alerts fare otherwise. `covered_from`: before that nothing was tried, for there was too much of it."""

    fates: list[Fate]
    covered_from: datetime
    events: int
    alerts: int


@dataclass(frozen=True, slots=True)
class Past:
    """The events from `since` on, in the order in which they were applied, to be tried up to `until`."""

    events: Sequence[AppliedEvent]
    since: datetime
    until: datetime


def preview_rules(past: Past, context: Context, rules: Sequence[Rule], most: int = MOST_DECIDED) -> Preview:
    """These rules in place of the context's, in the order in which they are tried."""
    touches = touched_by_rules(context.rules, rules)
    tried = _newest(concerned(past.events, touches), past.since, most)
    after = replace(context, rules=tuple(rules))
    before_and_after = _both(tried, {context.integration_id: context}, {context.integration_id: after}, past.until)
    return _preview(differences(tried.events, *before_and_after), tried.since, past)


def preview_window(
    past: Past,
    contexts: Iterable[Context],
    windows: Sequence[MaintenanceWindow],
    window_id: str,
    most: int = MOST_DECIDED,
) -> Preview:
    """These windows in place of the contexts'; the alerts that the one with this id holds then."""
    before = {context.integration_id: context for context in contexts}
    after = {each: replace(context, windows=tuple(windows)) for each, context in before.items()}
    were = next(iter(before.values())).windows if before else ()
    tried = _newest(concerned(past.events, touched_by_windows(were, windows)), past.since, most)
    return _preview(caught_by(window_id, tried.events, *_both(tried, before, after, past.until)), tried.since, past)


@dataclass(frozen=True, slots=True)
class _Tried:
    events: Sequence[AppliedEvent]
    since: datetime


def _newest(events: Sequence[AppliedEvent], since: datetime, most: int) -> _Tried:
    """The newest of these events, in whole seconds, and from when on none is missing."""
    if len(events) <= most:
        return _Tried(events, since)
    dropped_until = events[-most - 1].applied_at
    return _Tried([event for event in events[-most:] if event.applied_at > dropped_until], dropped_until + _SECOND)


def _both(
    tried: _Tried, before: Mapping[str, Context], after: Mapping[str, Context], until: datetime
) -> tuple[list[Effect | None], list[Effect | None]]:
    return simulate(tried.events, before, until), simulate(tried.events, after, until)


def _preview(fates: list[Fate], covered_from: datetime, past: Past) -> Preview:
    seen = [event for event in past.events if event.applied_at >= covered_from]
    return Preview(fates, covered_from, len(seen), len({event.alert_id for event in seen}))
