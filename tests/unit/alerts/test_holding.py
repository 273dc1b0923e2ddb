"""Maintenance windows hold alerts, and let them go."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tandem.alerts.models import AlertStatus, Origin, Outcome, RuleConditions, Severity
from tandem.alerts.windows import MaintenanceWindow, Span
from tests.unit.alerts.world import START, World, acknowledged, at, reset, rule, triggered


def window(start: float = -60, end: float = 60, identifier: str = "w1", **scope: str | bool) -> MaintenanceWindow:
    """Holds from `start` to `end`, minutes of the test's day."""
    return MaintenanceWindow(identifier, f"Patch night {identifier}", span=Span(at(start), at(end)), **scope)  # type: ignore[arg-type]  # passed through


def held(*windows: MaintenanceWindow) -> World:
    """A world in which a1 fired while these windows held."""
    world = World(windows=windows or (window(),))
    world.hear(triggered())
    return world


def test_a_firing_in_a_window_makes_no_ticket_and_says_which_window_held_it() -> None:
    world = held()
    assert world.alert().status is AlertStatus.SUPPRESSED
    assert world.alert().suppressed_by_window_id == "w1"
    assert world.alert().rule is None
    assert not world.tickets
    (line,) = world.trace().entries
    assert (line.outcome, line.window_id) == (Outcome.SUPPRESSED, "w1")
    assert line.reason == "maintenance window 'Patch night w1' holds it until 2026-11-21 09:00 UTC"


def test_what_still_fires_when_its_window_ends_gets_its_ticket_from_the_sweep() -> None:
    world = held()
    world.now = at(60)
    world.sweep()
    assert world.alert().status is AlertStatus.ACTIVE
    assert world.alert().suppressed_by_window_id is None
    assert world.ticket.title == "PC-d1: Disk C: is full"
    assert world.trace().entries[-1].reason.endswith("no maintenance window holds it any more")
    assert not world.due


def test_a_sweep_before_the_end_changes_nothing() -> None:
    world = held()
    before = world.alert()
    assert world.again(before).writes_nothing
    assert world.alert() == before


def test_the_window_is_judged_by_now_and_not_by_the_time_of_the_firing() -> None:
    world = World(windows=(window(),), now=at(120))
    assert world.hear(triggered(0)).outcome is Outcome.TICKET_CREATED
    world = World(windows=(window(60, 180),), now=at(120))
    assert world.hear(triggered(0)).outcome is Outcome.SUPPRESSED


@pytest.mark.parametrize("again", [False, True])
def test_a_reset_of_a_held_alert_is_quiet(again: bool) -> None:
    world = held()
    if again:
        world.hear(triggered(1))
    decision = world.hear(reset(5))
    assert decision.outcome is Outcome.RESOLVED
    assert world.alert().status is AlertStatus.RESOLVED
    assert world.alert().suppressed_by_window_id is None
    assert not world.due
    assert not world.comments
    world.now = at(61)
    world.sweep()
    assert not world.tickets


def test_a_later_firing_in_the_window_stays_held_and_is_due_once() -> None:
    world = held()
    world.hear(triggered(1), triggered(2), triggered(3, severity=Severity.CRITICAL))
    assert world.alert().status is AlertStatus.SUPPRESSED
    assert world.alert().occurrence_count == 4
    assert world.alert().severity is Severity.CRITICAL
    assert len(world.due) == 1
    assert world.trace().entries[0].count == 4


def test_a_redelivered_firing_of_a_held_alert_writes_nothing() -> None:
    world = held()
    decision = world.hear(triggered())
    assert decision.outcome is Outcome.IGNORED
    assert decision.writes_nothing


def test_a_later_firing_after_the_window_is_decided_at_once_without_waiting_for_the_sweep() -> None:
    world = held()
    world.now = at(61)
    assert world.hear(triggered(61)).outcome is Outcome.TICKET_CREATED
    assert not world.due


def test_an_open_ticket_takes_occurrences_of_its_own_alert_even_in_a_window() -> None:
    world = World()
    world.hear(triggered())
    world.windows = (window(),)
    assert world.hear(triggered(5)).outcome is Outcome.OCCURRENCE_APPENDED
    assert world.alert().status is AlertStatus.ACTIVE


def test_another_alert_of_the_condition_is_held_even_while_a_ticket_is_open() -> None:
    world = World()
    world.hear(triggered())
    world.windows = (window(),)
    assert world.hear(triggered(5, "a2")).outcome is Outcome.SUPPRESSED
    assert world.condition.occurrence_count == 1
    world.now = at(61)
    world.sweep()
    assert world.alert("a2").ticket_id == world.ticket.ticket_id
    assert world.condition.occurrence_count == 2
    assert world.condition.live_count == 2


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        ({}, True),
        ({"integration_id": "i1"}, True),
        ({"integration_id": "i2"}, False),
        ({"client_id": "c1"}, True),
        ({"client_id": "c2"}, False),
        ({"asset_id": "x"}, False),
        ({"integration_id": "i1", "client_id": "c1"}, True),
        ({"integration_id": "i2", "client_id": "c1"}, False),
        ({"active": False}, False),
    ],
)
def test_every_scope_that_is_given_must_fit(scope: dict[str, Any], holds: bool) -> None:
    world = held(window(**scope))
    assert (world.alert().status is AlertStatus.SUPPRESSED) is holds
    assert bool(world.tickets) is not holds


def test_of_two_windows_the_one_that_ends_last_holds() -> None:
    world = held(window(end=30, identifier="short"), window(end=90, identifier="long"))
    assert world.alert().suppressed_by_window_id == "long"
    world.now = at(31)
    world.sweep()
    assert world.alert().status is AlertStatus.SUPPRESSED


def test_an_alert_goes_from_one_window_into_the_next_without_a_ticket() -> None:
    world = held(window(end=60), window(start=59, end=120, identifier="w2"))
    world.now = at(60)
    world.sweep()
    assert world.alert().suppressed_by_window_id == "w2"
    assert not world.tickets
    assert [wake.at for wake in world.due.values()] == [at(120)]
    world.now = at(120)
    world.sweep()
    assert world.open_tickets
    assert [line.window_id for line in world.trace().entries] == ["w1", "w2", None]


def test_deleting_a_window_frees_what_only_it_held() -> None:
    world = held(window(client_id="c1"), window(end=30, identifier="w2"))
    world.hear(triggered(1, "a2", device="d2", identity="check:2"))
    world.change_windows(window(end=30, identifier="w2"))
    assert {alert.suppressed_by_window_id for alert in world.alerts.values()} == {"w2"}
    world.change_windows()
    assert len(world.open_tickets) == 2


def test_of_two_windows_with_the_same_end_the_second_is_known_to_hold_when_the_first_is_gone() -> None:
    world = held(window(identifier="w1"), window(identifier="w2"))
    world.change_windows(window(identifier="w2"))
    assert world.alert().suppressed_by_window_id == "w2"
    assert [wake.window_id for wake in world.due.values()] == ["w2"]
    world.change_windows()
    assert world.open_tickets


@pytest.mark.parametrize("end", [30, 90])
def test_moving_a_windows_end_moves_what_is_due(end: float) -> None:
    world = held()
    world.change_windows(window(end=end))
    assert [wake.at for wake in world.due.values()] == [at(end)]
    assert world.alert().suppressed_until == at(end)


def test_deactivating_a_window_frees_what_it_held() -> None:
    world = held()
    world.change_windows(replace(window(), active=False))
    assert world.open_tickets


def test_what_was_acknowledged_while_it_was_held_surfaces_acknowledged() -> None:
    world = held()
    assert world.hear(replace(acknowledged(5), acted_by="ann")).outcome is Outcome.IGNORED
    assert world.alert().status is AlertStatus.SUPPRESSED
    world.now = at(60)
    world.sweep()
    assert world.alert().status is AlertStatus.ACKNOWLEDGED
    assert (world.alert().acknowledged_at, world.alert().acknowledged_by) == (at(5), "ann")
    assert world.open_tickets


def test_an_alert_that_surfaces_without_a_client_waits_for_its_mapping() -> None:
    world = World(windows=(window(),), organizations={})
    world.hear(triggered())
    world.now = at(60)
    world.sweep()
    assert world.alert().needs_mapping
    assert not world.due
    assert world.waiting == {world.alert().alert_id}


def test_an_alert_that_waits_for_a_mapping_is_held_when_the_mapping_comes_in_a_window() -> None:
    world = World(organizations={})
    world.hear(triggered())
    world.organizations, world.windows = World().organizations, (window(client_id="c1"),)
    world.again(world.alert(), Origin.MAPPING)
    assert world.alert().status is AlertStatus.SUPPRESSED
    assert not world.waiting
    assert len(world.due) == 1


def test_a_firing_whose_ticket_a_person_closed_is_held_like_a_new_one() -> None:
    world = World()
    world.hear(triggered())
    world.close(world.ticket)
    world.windows = (window(),)
    assert world.hear(triggered(5)).outcome is Outcome.SUPPRESSED
    assert world.alert().ticket_id is None
    world.now = at(60)
    world.sweep()
    (ticket,) = world.open_tickets
    assert ticket.previous_ticket_number == "T-1001"


def test_a_rule_that_records_only_says_so_when_the_alert_surfaces() -> None:
    world = held()
    world.rules = (rule("quiet", create_ticket=False),)
    world.now = at(60)
    world.sweep()
    assert world.alert().status is AlertStatus.ACTIVE
    assert world.trace().entries[-1].outcome is Outcome.RECORDED_ONLY


def test_a_weekly_window_holds_again_a_week_later() -> None:
    world = held()
    world.hear(reset(5))
    world.windows = (window(start=7 * 24 * 60, end=7 * 24 * 60 + 60),)
    world.now = START + timedelta(days=7, minutes=1)
    assert world.hear(triggered(7 * 24 * 60 + 1)).outcome is Outcome.SUPPRESSED


def test_a_person_applies_a_new_rule_to_what_was_only_recorded() -> None:
    world = World(rules=())
    world.hear(triggered())
    assert world.again(world.alert(), Origin.PERSON).writes_nothing
    world.rules = World().rules
    assert world.again(world.alert(), Origin.SWEEP).writes_nothing, "only a person's word makes rules retroactive"
    assert world.again(world.alert(), Origin.PERSON).outcome is Outcome.TICKET_CREATED


def test_applying_a_rule_leaves_alone_what_has_a_ticket_or_is_resolved() -> None:
    world = World()
    world.hear(triggered())
    assert world.again(world.alert(), Origin.PERSON).writes_nothing
    world.rules = (rule("quiet", RuleConditions(), create_ticket=False),)
    world.hear(triggered(1, "a2", identity="check:2"), reset(2, "a2", identity="check:2"))
    world.rules = World().rules
    assert world.again(world.alert("a2"), Origin.PERSON).writes_nothing


def test_an_event_that_was_replayed_too_late_makes_no_ticket_but_joins_an_open_one() -> None:
    world = World()
    late = replace(triggered(), origin=Origin.REPLAY, makes_no_ticket=True)
    assert world.hear(late).outcome is Outcome.RECORDED_ONLY
    assert "replayed too late" in world.trace().entries[-1].reason
    world = World()
    world.hear(triggered(1))
    assert world.hear(replace(triggered(0, "a2"), makes_no_ticket=True)).outcome is Outcome.OCCURRENCE_APPENDED


def test_a_persons_resolve_says_so_and_closes_an_untouched_ticket_when_the_rule_says_so() -> None:
    world = World(rules=(rule("r", auto_resolve_ticket=True),))
    world.hear(triggered())
    person = replace(reset(5), origin=Origin.PERSON, acted_by="u1")
    assert world.hear(person).outcome is Outcome.RESOLVED
    assert world.ticket.is_closed
    assert world.alert().status is AlertStatus.AUTO_RESOLVED
    last = world.comments_of(world.ticket)[-1]
    assert last.author == "u1"
    assert last.body.startswith("Alert resolved by hand")
    assert world.trace().entries[-1].reason.startswith("resolved by a person")


def test_who_counts_the_live_alerts_of_a_closed_ticket_counts_again_when_a_person_resolves_one() -> None:
    """Else a ticket that is reopened at that moment would wait for an alert that is over, and never close itself."""
    world = World()
    world.hear(triggered())
    world.close(world.ticket)
    counted_at = next(iter(world.conditions.values())).version
    world.hear(replace(reset(5), origin=Origin.PERSON, acted_by="u1"))
    assert next(iter(world.conditions.values())).version == counted_at + 1


def test_a_persons_acknowledge_is_written_in_their_name() -> None:
    world = World()
    world.hear(triggered())
    assert world.hear(replace(acknowledged(5), origin=Origin.PERSON, acted_by="u1")).outcome is Outcome.ACKNOWLEDGED
    assert world.alert().acknowledged_by == "u1"
    assert world.comments_of(world.ticket)[-1].author == "u1"
    assert world.ticket.touched_at is None
