"""Devices that are not listed any more."""

from datetime import timedelta

import pytest

from tandem.assets.disappearing import FORGOTTEN_AFTER, merge_tallies, to_confirm
from tandem.assets.models import Presence
from tandem.assets.pages import Tally
from tests.unit.assets.world import World, device


def lost(world: World, *lost_ids: str, kept: int) -> None:
    """A fleet that lost these devices long ago, and did not retire them yet."""
    others = [device(f"k{number}") for number in range(kept)]
    world.sync(*(device(each) for each in lost_ids), *others)
    for _ in range(3):
        world.sync(*others)
    world.now += timedelta(days=31)


def others(kept: int) -> list[str]:
    return [f"k{number}" for number in range(kept)]


def test_a_device_that_is_missing_for_long_is_retired() -> None:
    world = World()
    lost(world, "1", kept=3)
    decisions = world.sync(*map(device, others(3)))
    assert decisions[0].tallies == {"1": Tally(4, 1)}
    assert world.retire(decisions) == ()
    assert world.link("1").presence is Presence.RETIRED
    assert world.told("1") == ["created", "missing", "retired"]
    history = len(world.history)
    world.retire(world.sync(*map(device, others(3))))
    assert len(world.history) == history, "once is enough"


def test_a_device_that_is_missing_for_less_is_not_retired() -> None:
    world = World()
    lost(world, "1", kept=3)
    world.now -= timedelta(days=2)
    world.retire(world.sync(*map(device, others(3))))
    assert world.link("1").presence is Presence.MISSING


def test_more_than_a_fifth_of_an_organization_waits_for_a_person() -> None:
    world = World()
    lost(world, "1", "2", kept=6)
    decisions = world.sync(*map(device, others(6)))
    assert world.retire(decisions) == ("1",)
    assert world.link("1").presence is Presence.MISSING
    world.retire(decisions, is_confirmed=True)
    assert world.link("1").presence is world.link("2").presence is Presence.RETIRED


def test_another_organization_does_not_wait_for_it() -> None:
    world = World()
    acme, globex = [device(str(number), "1") for number in range(4)], [device(f"g{each}", "2") for each in range(9)]
    world.sync(*acme, *globex)
    for _ in range(3):
        world.sync(*globex[1:])
    world.now += timedelta(days=31)
    assert world.retire(world.sync(*globex[1:])) == ("1",)
    assert world.link("0").presence is Presence.MISSING
    assert world.link("g0").presence is Presence.RETIRED


def test_a_retired_device_that_returns_is_the_same_asset() -> None:
    world = World()
    lost(world, "1", kept=3)
    world.retire(world.sync(*map(device, others(3))))
    (decision,) = world.sync(device("1"), *map(device, others(3)))
    assert (decision.counts.returned, decision.counts.created) == (1, 0)
    assert world.told("1")[-1] == "returned"


@pytest.mark.parametrize(
    ("known", "to_retire", "asks"),
    [(10, 2, False), (10, 3, True), (9, 2, True), (3, 1, False), (1, 1, False), (2, 2, True), (1000, 200, False)],
)
def test_the_guard_is_a_fifth_and_at_least_two(known: int, to_retire: int, asks: bool) -> None:
    assert to_confirm({"1": Tally(known, to_retire)}) == (("1",) if asks else ())


def test_the_guard_counts_an_organization_over_all_pages() -> None:
    summed = merge_tallies([{"1": Tally(250, 3), "2": Tally(1, 0)}, {"1": Tally(4, 4)}])
    assert summed == {"1": Tally(254, 7), "2": Tally(1, 0)}


def test_many_organizations_that_lose_their_only_device_are_asked_about_too() -> None:
    lost_ones = {f"o{number}": Tally(1, 1) for number in range(5)}
    assert to_confirm({**lost_ones, "kept": Tally(20, 0)}) == ()
    assert to_confirm({**lost_ones, "kept": Tally(19, 0)}) == tuple(sorted(lost_ones))
    assert to_confirm({"a": Tally(1, 1), "b": Tally(1, 1)}) == ()


def test_a_retired_device_is_forgotten_by_the_page_after_a_year_and_found_again_all_the_same() -> None:
    world = World()
    world.sync(device("1"), device("2"))
    world.gone("1", was_deleted=True)
    world.now += timedelta(days=31)
    world.retire([])
    world.sync(device("2"))
    assert world.entry("1").presence is Presence.RETIRED
    asset_id = world.asset_of("1").asset_id
    world.now += FORGOTTEN_AFTER
    world.sync(device("2"))
    assert set(world.page("").entries) == {"2"}
    assert world.sync(device("1"), device("2"))[0].counts.returned == 1
    assert (world.asset_of("1").asset_id, world.link("1").presence) == (asset_id, Presence.LISTED)
