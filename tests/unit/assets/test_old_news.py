"""What must not overwrite what is known better: a run that died for good, a listing that is older than a refresh."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tandem.assets.models import AgentStatus, Device, Presence, Seen
from tandem.assets.pages import Failure, Listing, Scope
from tandem.assets.planning import plan_page
from tandem.assets.shown import shown
from tests.unit.assets.world import World, at, device


@pytest.mark.parametrize("before", [AgentStatus.ONLINE, AgentStatus.OVERDUE])
def test_what_a_run_wrote_that_died_for_good_does_not_stay_when_the_device_is_as_before(before: AgentStatus) -> None:
    world = World()
    world.sync(device("1", agent_status=before), device("2"))
    world.sync(device("1", agent_status=AgentStatus.OFFLINE), device("2"), pages=0)
    assert world.link("1").facts.agent_status is AgentStatus.OFFLINE, "the asset was written, its page was not"
    decision = world.sync(device("1", agent_status=before), device("2"))[0]
    assert world.link("1").facts.agent_status is before
    assert (decision.counts.updated, decision.counts.unchanged) == (1, 1)


def test_patches_of_a_run_that_died_for_good_do_not_stay_either() -> None:
    world = World()
    world.sync(device("1", patches_pending=1))
    world.runs += 1
    listing = Listing(Scope.PATCHES, world.now, world.run_id, (device("1", patches_pending=9),))
    world.apply(plan_page(world.page_of("1"), listing, world.placements), keeps_page=False)
    assert world.link("1").facts.patches_pending == 9
    world.sync(device("1", patches_pending=1))
    assert world.link("1").facts.patches_pending == 1


def test_a_page_of_which_no_known_device_changed_is_written_once() -> None:
    world = World()
    first = world.sync(device("1"))[0]
    second = world.sync(device("1"), device("2"))[0]
    assert first.unsure is second.unsure is None


def _listed_before(world: World, *devices: Device, scope: Scope = Scope.FLEET) -> None:
    """A listing is applied that was begun an hour ago."""
    world.runs += 1
    listing = Listing(scope, world.now - timedelta(hours=1), world.run_id, devices)
    world.apply(plan_page(world.page(""), listing, world.placements))


def test_a_listing_that_began_before_a_refresh_says_nothing_of_the_device() -> None:
    world = World()
    old = replace(device("1"), seen=Seen(last_seen_at=at(1)))
    world.sync(old, device("2"))
    new = replace(device("1", agent_status=AgentStatus.OFFLINE), seen=Seen(last_seen_at=at(2)))
    world.refresh(new)
    _listed_before(world, old, device("2", ram_gib=4.0))
    assert shown(world.asset_of("1")).facts.agent_status is AgentStatus.OFFLINE
    assert world.entry("1").seen.last_seen_at == at(2), "it does not go back"
    assert world.link("2").facts.ram_gib == 4.0
    world.sync(old)
    assert shown(world.asset_of("1")).facts.agent_status is AgentStatus.ONLINE, "the next listing is newer"
    assert world.entry("1").refreshed_at is None


def test_a_device_that_the_rmm_deleted_does_not_come_back_by_a_listing_from_before() -> None:
    world = World()
    world.sync(device("1"), device("2"))
    world.gone("1", was_deleted=True)
    _listed_before(world, device("1"), device("2"))
    assert world.link("1").presence is Presence.MISSING
    assert world.told("1") == ["created", "missing"]


def test_nor_by_a_row_from_before_that_cannot_be_read() -> None:
    world = World()
    world.sync(device("1"), device("2"))
    world.gone("1", was_deleted=True)
    world.runs += 1
    bad = (Failure("1", "name: expected a text"),)
    listing = Listing(Scope.FLEET, world.now - timedelta(hours=1), world.run_id, (device("2"),), bad)
    world.apply(plan_page(world.page(""), listing, world.placements))
    assert world.link("1").presence is Presence.MISSING


def test_a_device_that_was_made_after_the_listing_began_is_not_absent() -> None:
    world = World()
    world.sync(device("2"))
    world.refresh(device("1"))
    _listed_before(world, device("2"))
    assert world.entry("1").absent == 0


def test_a_device_that_came_back_and_could_not_be_decided_comes_back_with_the_next_sync(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.sync(device("1"))
    world.gone("1", was_deleted=True)
    world.now += timedelta(days=31)
    world.retire([])
    with monkeypatch.context() as broken:
        broken.setattr("tandem.assets.deciding.decide_device", lambda *_: 1 / 0)
        assert world.sync(device("1"))[0].counts.failed == 1
    world.sync(device("1"))
    assert world.link("1").presence is Presence.LISTED
