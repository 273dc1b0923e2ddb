"""A poll held against what Tandem believes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.alerts.again import by_person
from tandem.alerts.models import Alert, AlertEvent, AlertStatus, Kind, Origin
from tandem.polling.reconcile import LISTINGS_KEPT, Difference, Reconciled, listing_of, reconcile, to_look_up
from tests.unit.alerts.world import World, at, reset, triggered


@dataclass
class Poller:
    """Polls what a test says is active at the RMM, and lets the world hear what follows."""

    world: World = field(default_factory=World)
    before: list[Difference] = field(default_factory=list)

    def poll(self, minutes: float, active: Iterable[AlertEvent]) -> Reconciled:
        listed = list(active)
        listing = listing_of(listed, at(minutes))
        live = frozenset(each.alert_id for each in self.world.alerts.values() if each.is_live)
        wanted = to_look_up(listing, live)
        known = {each: self.world.alerts[each] for each in wanted if each in self.world.alerts}
        found = reconcile(listed, listing, self.before, live, known)
        self.before = [found.difference, *self.before][: LISTINGS_KEPT - 1]
        self.world.now = at(minutes)
        for event in found.events:
            self.world.hear(event)
        return found

    def resolved_by_a_person(self, alert: str, minutes: float) -> None:
        for each in [each for each in self.world.alerts.values() if _name(each) == alert and each.is_live]:
            self.world.hear(by_person(each, Kind.RESET, "u1", f"person {minutes} {alert}", at(minutes)))

    def status(self, alert: str = "a1") -> AlertStatus:
        return self.world.alert(alert).status


def many(count: int) -> list[AlertEvent]:
    return [triggered(0, f"a{number}", device=f"d{number}") for number in range(count)]


def kinds(found: Reconciled) -> list[Kind]:
    return [event.kind for event in found.events]


def test_an_alert_whose_webhook_was_missed_fires_by_the_poll_with_its_own_time() -> None:
    poller = Poller()
    found = poller.poll(30, [triggered(0)])
    (event,) = found.events
    assert (event.origin, event.occurred_at, event.observed_at) == (Origin.POLL, at(0), at(30))
    assert poller.status() is AlertStatus.ACTIVE
    assert poller.world.open_tickets


def test_an_alert_that_its_webhook_told_already_makes_no_event() -> None:
    poller = Poller()
    poller.world.hear(triggered(0))
    assert poller.poll(30, [triggered(0)]).events == ()


def test_an_alert_is_over_when_two_listings_in_a_row_lack_it() -> None:
    poller = Poller()
    poller.world.hear(triggered(0))
    assert poller.poll(30, []).events == (), "one listing proves nothing"
    found = poller.poll(45, [])
    assert [(event.kind, event.occurred_at) for event in found.events] == [(Kind.RESET, at(45))]
    assert poller.status() is AlertStatus.RESOLVED


def test_an_alert_that_one_listing_lacked_and_the_next_one_shows_lives_on() -> None:
    poller = Poller()
    poller.world.hear(triggered(0))
    poller.poll(30, [])
    poller.poll(45, [triggered(0)])
    assert poller.poll(60, []).events == ()
    assert poller.status() is AlertStatus.ACTIVE


def test_an_alert_that_fired_after_a_listing_began_is_not_missed_by_it() -> None:
    poller = Poller()
    poller.poll(30, [])
    poller.world.hear(triggered(31))
    assert poller.poll(45, []).events == ()
    assert kinds(poller.poll(60, [])) == [Kind.RESET]


def test_an_alert_that_fired_again_since_its_reset_fires_at_once() -> None:
    poller = Poller()
    poller.world.hear(triggered(0), reset(10))
    assert kinds(poller.poll(30, [triggered(20)])) == [Kind.TRIGGERED]


def test_a_tombstone_is_met_by_the_polls_trigger() -> None:
    poller = Poller()
    poller.world.hear(reset(10))
    poller.poll(5, [triggered(0)])
    assert poller.status() is AlertStatus.RESOLVED


def test_a_mass_of_resets_waits_for_a_third_listing() -> None:
    poller = Poller()
    alerts = many(30)
    poller.world.hear(*alerts)
    poller.poll(30, alerts[:5])
    found = poller.poll(45, alerts[:5])
    assert (found.events, found.held_back) == ((), 25)
    found = poller.poll(60, alerts[:5])
    assert (kinds(found), found.held_back) == ([Kind.RESET] * 25, 0)


def test_many_resets_that_are_few_of_all_are_believed() -> None:
    poller = Poller()
    alerts = many(60)
    poller.world.hear(*alerts)
    poller.poll(30, alerts[:35])
    assert kinds(poller.poll(45, alerts[:35])) == [Kind.RESET] * 25


def test_an_alert_without_an_id_is_listed_when_its_condition_is() -> None:
    poller = Poller()
    poller.world.hear(triggered(0, None))
    listed = triggered(0, "a7")
    poller.poll(30, [listed])
    poller.poll(45, [listed])
    (unnamed,) = [alert for alert in poller.world.alerts.values() if alert.external_alert_id is None]
    assert unnamed.is_live
    poller.poll(60, [])
    poller.poll(75, [])
    assert not any(alert.is_live for alert in poller.world.alerts.values())


def test_the_same_poll_carried_out_twice_gives_the_same_event_ids() -> None:
    poller = Poller()
    poller.world.hear(triggered(0))
    poller.poll(30, [])
    alert = poller.world.alert()
    listing = listing_of([], at(45))
    live, known = frozenset({alert.alert_id}), {alert.alert_id: alert}
    first, second = (reconcile([], listing, poller.before, live, known) for _ in range(2))
    assert first == second


names = st.sampled_from([f"a{number}" for number in range(4)])


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.sets(names), st.sets(names), st.sets(names), st.sets(names)), min_size=1, max_size=8),
    st.integers(-60, 60),
)
def test_after_three_quiet_polls_what_is_live_is_what_the_rmm_lists_whatever_its_clock_says(
    rounds: Sequence[tuple[set[str], set[str], set[str], set[str]]], ahead: int
) -> None:
    """In each round the RMM's active alerts are the first set; the webhooks of the next two (firings, resets) came or
    were made up, and people resolved the last. Then the RMM keeps still. Its clock is so many minutes ahead."""
    poller = Poller()
    minute = 0.0
    fired: dict[str, float] = {}
    active: set[str] = set()
    for listed, told, cleared, resolved in rounds:
        minute += 10
        fired |= dict.fromkeys(listed - active, minute)
        active = listed
        poller.world.now = at(minute + 2)
        for name in sorted(told):
            poller.world.hear(triggered(minute + 1 + ahead, name, device=name))
        for name in sorted(cleared):
            poller.world.hear(reset(minute + 2 + ahead, name, device=name))
        for name in sorted(resolved):
            poller.resolved_by_a_person(name, minute + 3)
        poller.poll(minute + 5, [triggered(fired[name] + ahead, name, device=name) for name in sorted(active)])
    for _ in range(3):
        minute += 10
        poller.poll(minute + 5, [triggered(fired[name] + ahead, name, device=name) for name in sorted(active)])
    live: set[str | None] = {_name(alert) for alert in poller.world.alerts.values() if alert.is_live}
    assert live == active


skews = pytest.mark.parametrize("ahead", [-60, 0, 60], ids=["an hour behind", "right", "an hour ahead"])


@skews
def test_an_alert_is_over_after_two_listings_without_it_whatever_the_rmms_clock_says(ahead: int) -> None:
    poller = Poller()
    poller.world.hear(triggered(20 + ahead))
    poller.poll(30, [])
    poller.poll(45, [])
    assert poller.status() is AlertStatus.RESOLVED


@skews
def test_a_listing_from_before_a_firing_proves_nothing_whatever_the_rmms_clock_says(ahead: int) -> None:
    poller = Poller()
    poller.poll(30, [])
    poller.world.hear(triggered(31 + ahead))
    assert poller.poll(45, []).events == ()
    assert kinds(poller.poll(60, [])) == [Kind.RESET]


@skews
def test_a_listing_that_lacked_an_earlier_firing_proves_nothing_of_a_later_one(ahead: int) -> None:
    poller = Poller()
    poller.world.hear(triggered(1 + ahead))
    poller.poll(30, [])
    poller.world.hear(reset(31 + ahead), triggered(32 + ahead))
    assert poller.poll(45, []).events == ()
    assert kinds(poller.poll(60, [])) == [Kind.RESET]


@skews
def test_one_listing_after_a_reset_does_not_revive_the_alert_whatever_the_rmms_clock_says(ahead: int) -> None:
    poller = Poller()
    fires = triggered(ahead)
    poller.world.hear(fires)
    poller.poll(30, [fires])
    poller.world.hear(reset(40 + ahead))
    assert poller.poll(45, [fires]).events == ()
    assert kinds(poller.poll(60, [fires])) == [Kind.TRIGGERED]
    assert poller.status() is AlertStatus.ACTIVE


def _name(alert: Alert) -> str | None:
    return alert.external_alert_id
