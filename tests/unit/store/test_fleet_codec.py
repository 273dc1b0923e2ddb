"""Pages of fleets as items: what they hold, however much there is of it."""

import random
from datetime import UTC, datetime

from tandem.assets.models import FleetEntry, FleetPage, Presence, Seen
from tandem.store.fleet_codec import LARGEST, fleet_page_from, fleet_page_item

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def page(*entries: FleetEntry) -> FleetPage:
    return FleetPage("i1", "", {each.external_id: each for each in entries}, "r1", 3)


def test_a_page_comes_back_as_it_was() -> None:
    entry = FleetEntry(
        "7", "f" * 16, "another", "p", "o1", Seen(NOON, NOON, "ada", {"C:": 1.5}), 3, NOON, Presence.RETIRED, NOON
    )
    wanted = page(entry, FleetEntry("8", "e" * 16))
    assert fleet_page_from(fleet_page_item(wanted)) == wanted


def test_a_page_of_hosts_with_dozens_of_volumes_of_random_names_is_an_item_that_the_table_takes() -> None:
    dice = random.Random(1)
    names = [f"/var/lib/docker/overlay2/{dice.randbytes(32).hex()}/merged" for _ in range(64 * 500)]
    wanted = page(
        *(
            FleetEntry(
                f"{number:040d}",
                "f" * 16,
                seen=Seen(NOON, last_user="ada", free_gib=dict.fromkeys(names[at : at + 64], 1)),
            )
            for number, at in enumerate(range(0, len(names), 64))
        )
    )
    item = fleet_page_item(wanted)
    assert len(item["entries"]["B"]) <= LARGEST
    found = fleet_page_from(item).entries
    assert {(each.seen.last_seen_at, each.seen.last_user, bool(each.seen.free_gib)) for each in found.values()} == {
        (NOON, "ada", False)
    }
