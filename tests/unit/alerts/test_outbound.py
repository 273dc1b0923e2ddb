"""Which alerts an RMM is to be told of, and whether that is still wanted when its turn has come."""

from dataclasses import replace
from typing import Any

import pytest

from tandem.alerts.again import by_person
from tandem.alerts.decision import Decision
from tandem.alerts.models import Alert, AlertStatus, Kind
from tandem.alerts.outbound import Need, OutboundReset, ResetState, need, wish_again, wish_of_close
from tandem.alerts.tickets import Ticket
from tandem.alerts.windows import MaintenanceWindow, Span
from tests.unit.alerts.world import World, acknowledged, at, reset, rule, triggered

PATCHING = MaintenanceWindow("w1", "Patching", True, span=Span(at(-10), at(60)))


def closed_world(**actions: Any) -> World:
    """An alert with a ticket that was closed."""
    world = World(rules=(rule("r1", **actions),))
    world.hear(triggered())
    world.close(world.ticket)
    return world


def wished(world: World) -> OutboundReset:
    wish = wish_of_close(world.alert(), world.ticket)
    assert wish is not None
    return wish


def resolve(world: World, external_id: str = "a1", name: str = "resolve") -> Decision:
    """A person resolves the alert."""
    return world.hear(by_person(world.alert(external_id), Kind.RESET, "u1", name, world.now))


# ---- which


def test_a_firing_alert_of_the_ticket_is_reset_when_the_ticket_closes() -> None:
    wish = wished(closed_world())
    assert (wish.state, wish.asked_at, wish.fired_at) == (ResetState.PENDING, at(0), at(0))
    assert not wish.announced


def test_an_acknowledged_one_too() -> None:
    world = World()
    world.hear(triggered())
    world.hear(acknowledged(1))
    world.close(world.ticket)
    assert wish_of_close(world.alert(), world.ticket) is not None


def test_an_alert_that_no_rule_matched_is_reset_unless_its_rule_says_otherwise() -> None:
    world = closed_world()
    assert wish_of_close(replace(world.alert(), rule=None), world.ticket) is not None
    opted_out = closed_world(reset_alert_on_ticket_close=False)
    assert wish_of_close(opted_out.alert(), opted_out.ticket) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"status": AlertStatus.RESOLVED},
        {"status": AlertStatus.AUTO_RESOLVED},
        {"status": AlertStatus.SUPPRESSED},
        {"ticket_id": "another"},
        {"ticket_id": None},
    ],
)
def test_what_does_not_fire_on_this_ticket_is_left_alone(changed: dict[str, object]) -> None:
    world = closed_world()
    alert: Alert = replace(world.alert(), **changed)  # type: ignore[arg-type]  # one field of the type it has
    assert wish_of_close(alert, world.ticket) is None


def test_each_close_asks_anew_and_the_same_close_the_same() -> None:
    world = closed_world()
    again = replace(world.ticket, closed_at=at(5))
    ids = [wished(world).request_id, wished(world).request_id]
    later = wish_of_close(world.alert(), again)
    assert later is not None
    assert ids[0] == ids[1] != later.request_id


def test_an_alert_that_a_person_resolves_is_to_be_reset_whatever_its_rule_says_of_closes() -> None:
    world = World(rules=(rule("r1", reset_alert_on_ticket_close=False),))
    world.hear(triggered())
    wish = resolve(world).outbound
    assert wish is not None
    assert (wish.announced, wish.ticket_id, wish.fired_at) == (True, None, at(0))


def test_so_is_one_that_a_maintenance_window_held() -> None:
    world = World(windows=(PATCHING,))
    world.hear(triggered())
    assert resolve(world).outbound is not None


def test_what_the_rmm_resets_itself_it_is_not_told() -> None:
    world = World()
    world.hear(triggered())
    assert world.hear(reset(1)).outbound is None


def test_an_alert_without_an_id_in_the_rmm_is_resolved_in_tandem_alone_and_says_why() -> None:
    world = World()
    world.hear(triggered(alert=None))
    (alert,) = world.alerts.values()
    ticket = replace(world.ticket, is_closed=True, closed_at=at(1))
    of_close = wish_of_close(alert, ticket)
    of_person = world.hear(by_person(alert, Kind.RESET, "u1", "e", world.now)).outbound
    for wish in (of_close, of_person):
        assert wish is not None
        assert (wish.state, wish.announced) == (ResetState.NO_ID, False), "there is nobody to be told"
        assert wish.last_error is not None
        assert "no id" in wish.last_error
        assert wish.done_at is not None


# ---- whether still


def turn(world: World, wish: OutboundReset) -> Need:
    return need(wish, world.alert(), world.ticket if wish.ticket_id else None)


def test_a_close_that_stands_is_carried_out() -> None:
    world = closed_world()
    assert turn(world, wished(world)) is Need.RESET


def test_an_alert_that_fired_again_since_the_close_is_not_reset() -> None:
    world = closed_world()
    wish, ticket = wished(world), world.ticket
    world.hear(triggered(5))
    assert need(wish, world.alert(), ticket) is Need.VOID


def test_also_not_if_the_firing_made_no_ticket() -> None:
    world = closed_world()
    wish, ticket = wished(world), world.ticket
    fired_again = replace(world.alert(), last_triggered_at=at(5))
    assert need(wish, fired_again, ticket) is Need.VOID


def test_an_alert_that_is_over_needs_nothing() -> None:
    world = closed_world()
    wish = wished(world)
    world.hear(reset(1))
    assert turn(world, wish) is Need.OVER_ALREADY


def test_a_ticket_that_was_reopened_asks_for_nothing() -> None:
    world = closed_world()
    opened: Ticket = replace(world.ticket, is_closed=False)
    assert need(wished(world), world.alert(), opened) is Need.VOID


def test_an_alert_that_has_expired_asks_for_nothing() -> None:
    world = closed_world()
    assert need(wished(world), None, world.ticket) is Need.VOID


def test_what_a_person_resolved_is_reset_unless_it_fired_again() -> None:
    world = World()
    world.hear(triggered())
    wish = resolve(world).outbound
    assert wish is not None
    assert turn(world, wish) is Need.RESET
    world.hear(triggered(5))
    assert turn(world, wish) is Need.VOID


def test_a_wish_that_is_repeated_begins_anew() -> None:
    failed = replace(wished(closed_world()), state=ResetState.FAILED, attempts=7, last_error="no", done_at=at(1))
    again = wish_again(failed, "r2", at(60))
    assert (again.request_id, again.state, again.attempts, again.last_error, again.done_at) == (
        "r2",
        ResetState.PENDING,
        0,
        None,
        None,
    )
    assert (again.announced, again.asked_at, again.fired_at) == (True, at(60), at(0))
