"""The order of an alert's events."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from tandem.alerts.models import AlertStatus, Kind
from tandem.alerts.order import Moments
from tests.unit.alerts.world import at

Happening = tuple[Kind, datetime]
happenings = st.lists(st.tuples(st.sampled_from(Kind), st.integers(0, 6).map(at)), max_size=8)


def told(events: list[Happening]) -> Moments:
    moments = Moments()
    for kind, when in events:
        moments = moments.with_event(kind, when)
    return moments


def in_order_of_time(events: list[Happening]) -> list[Happening]:
    rank = list(Kind)
    return sorted(events, key=lambda happening: (happening[1], rank.index(happening[0])))


def status_by_walking(events: list[Happening]) -> AlertStatus:
    """The plain reading of the rules: walk the events in order of time."""
    status = AlertStatus.TOMBSTONE
    for kind, _ in in_order_of_time(events):
        if kind is Kind.TRIGGERED:
            status = AlertStatus.ACTIVE
        elif kind is Kind.RESET and status is not AlertStatus.TOMBSTONE:
            status = AlertStatus.RESOLVED
        elif kind is Kind.ACKNOWLEDGED and status is AlertStatus.ACTIVE:
            status = AlertStatus.ACKNOWLEDGED
    return status


@given(happenings, st.randoms())
def test_any_order_and_any_repetition_ends_in_the_state_of_the_order_of_times(
    events: list[Happening], random: object
) -> None:
    shuffled = events + events[: len(events) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert told(shuffled).status() is status_by_walking(events)


@given(happenings, st.tuples(st.sampled_from(Kind), st.integers(0, 6).map(at)), happenings)
def test_an_event_that_changes_nothing_changes_nothing_later_either(
    before: list[Happening], stale: Happening, after: list[Happening]
) -> None:
    moments = told(before)
    if moments.with_event(*stale) == moments:
        assert told([*before, stale, *after]) == told([*before, *after])


def test_at_equal_times_reset_beats_acknowledge_beats_trigger() -> None:
    assert told([(Kind.RESET, at(1)), (Kind.TRIGGERED, at(1))]).status() is AlertStatus.RESOLVED
    assert told([(Kind.ACKNOWLEDGED, at(1)), (Kind.TRIGGERED, at(1))]).status() is AlertStatus.ACKNOWLEDGED
    assert told([(Kind.RESET, at(1)), (Kind.ACKNOWLEDGED, at(1)), (Kind.TRIGGERED, at(1))]).status() is (
        AlertStatus.RESOLVED
    )


def test_a_firing_after_an_acknowledge_makes_the_alert_active_again() -> None:
    assert told([(Kind.TRIGGERED, at(1)), (Kind.ACKNOWLEDGED, at(2)), (Kind.TRIGGERED, at(3))]).status() is (
        AlertStatus.ACTIVE
    )
