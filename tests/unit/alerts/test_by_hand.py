"""Tickets that a person makes of an alert."""

from dataclasses import replace

import pytest

from tandem.alerts.again import by_person, decide_again
from tandem.alerts.by_hand import ConditionHasTicketError, Wishes, ticket_by_hand
from tandem.alerts.decision import Decision
from tandem.alerts.models import AlertStatus, Kind, Origin, Outcome
from tandem.alerts.tickets import Priority
from tandem.alerts.windows import MaintenanceWindow, Span
from tests.unit.alerts.world import World, at, reset, triggered


def by_hand(world: World, external_id: str = "a1", wishes: Wishes | None = None) -> Decision:
    alert = world.alert(external_id)
    event = replace(decide_again(alert, None, Origin.PERSON, "by-hand", world.now), acted_by="u1")
    decision = ticket_by_hand(event, alert, world.state(event), world.context(), wishes or Wishes(), world.now)
    world.apply(decision)
    return decision


def recorded() -> World:
    world = World(rules=())
    world.hear(triggered())
    return world


def test_a_recorded_alert_gets_its_ticket() -> None:
    world = recorded()
    decision = by_hand(world)
    assert decision.outcome is Outcome.TICKET_CREATED
    assert world.ticket.title == "PC-d1: Disk C: is full"
    assert world.ticket.client_id == "c1"
    assert world.alert().ticket_id == world.ticket.ticket_id
    assert world.condition.open_ticket_id == world.ticket.ticket_id
    assert world.condition.live_count == 1
    first = world.comments_of(world.ticket)[0]
    assert first.body.startswith("Opened by hand from a Tactical RMM alert.")
    assert first.author == "u1"
    assert world.trace().entries[-1].reason == "a person made ticket T-1001"


def test_later_firings_are_occurrences_of_it() -> None:
    world = recorded()
    by_hand(world)
    assert world.hear(triggered(5)).outcome is Outcome.OCCURRENCE_APPENDED


def test_a_second_ticket_of_the_condition_is_refused_naming_the_first() -> None:
    world = recorded()
    by_hand(world)
    world.hear(triggered(1, "a2"))
    with pytest.raises(ConditionHasTicketError, match="T-1001"):
        by_hand(world, "a2")


def test_what_the_person_says_counts() -> None:
    world = recorded()
    by_hand(
        world, wishes=Wishes(priority=Priority.URGENT, assignee_id="u2", title="Look at {{device}}", client_id="c2")
    )
    assert world.ticket.priority is Priority.URGENT
    assert world.ticket.assignee_id == "u2"
    assert world.ticket.title == "Look at PC-d1"
    assert world.ticket.client_id == "c2"


def test_a_held_alert_is_let_go() -> None:
    world = World(windows=(MaintenanceWindow("w1", "Night", span=Span(at(-5), at(60))),))
    world.hear(triggered())
    by_hand(world)
    assert world.alert().status is AlertStatus.ACTIVE
    assert not world.due
    assert world.open_tickets


def test_a_resolved_alert_may_have_a_ticket_too_but_does_not_count_as_live() -> None:
    world = recorded()
    world.hear(reset(5))
    by_hand(world)
    assert world.condition.live_count == 0
    assert world.alert().status is AlertStatus.RESOLVED


def test_an_alert_that_waited_for_a_mapping_waits_no_more() -> None:
    world = World(organizations={})
    world.hear(triggered())
    by_hand(world)
    assert not world.waiting
    assert world.ticket.client_id is None


def test_a_person_acts_never_before_the_last_firing() -> None:
    world = World(now=at(0))
    world.hear(triggered(10))
    event = by_person(world.alert(), Kind.RESET, "u1", "e", at(5))
    assert event.occurred_at == at(10)
    assert world.hear(event).outcome is Outcome.RESOLVED
