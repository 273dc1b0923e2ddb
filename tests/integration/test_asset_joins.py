"""Two assets that a person says are one machine, and one that is two after all: in the table, whatever syncs do."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tandem.assets.joining import Joined, join, part
from tandem.assets.matching import match_keys
from tandem.assets.models import Asset, FleetEntry, FleetPage, HistoryEntry
from tandem.assets.writing import asset_keys, asset_write
from tandem.store.asset_joins import JoinWriter
from tandem.store.asset_listing import AssetListing, all_assets, assets_of_client
from tandem.store.asset_writer import AssetWriter
from tandem.store.assets import Assets
from tandem.store.errors import ConflictError
from tandem.store.fleets import Fleets
from tandem.store.lookups import Lookups
from tests.integration.deployment import contents
from tests.unit.store.fleets import NOW, asset, random_facts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

INTEGRATION = "kq3m5v7xw2yz4a6b8c0d"
LATER = NOW + timedelta(hours=1)


class Table:
    """A table with the assets of two devices."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self.assets, self.fleets, self.joins = Assets(client, name), Fleets(client, name), JoinWriter(client, name)
        self.lookups, self.listing = Lookups(client, name), AssetListing(client, name)
        self.first, self.second = asset("1"), asset("2")
        for each in (self.first, self.second):
            created = HistoryEntry(each.asset_id, NOW, "run:r", "created")
            claims = sorted(match_keys(each.devices[0].facts))
            AssetWriter(client, name).write([asset_write(None, each, [created], claims)], NOW)
        entries = {
            external_id: FleetEntry(external_id, "f", each.asset_id)
            for external_id, each in (("1", self.first), ("2", self.second))
        }
        self.fleets.put_page(FleetPage(INTEGRATION, "", entries, "run", 1))

    def read(self) -> tuple[Asset, Asset]:
        there = self.assets.several([self.first.asset_id, self.second.asset_id])
        return there[self.first.asset_id], there[self.second.asset_id]

    def joined(self) -> Joined:
        first, second = self.read()
        return join(first, second, self.assets.owners(asset_keys(second)), "user:u1", LATER)


@pytest.fixture
def table(dynamodb: "DynamoDBClient", table_name: str) -> Table:
    return Table(dynamodb, table_name)


def test_devices_go_over_with_their_keys_their_records_and_their_place_in_the_fleet(table: Table) -> None:
    keys = asset_keys(table.second)
    table.joins.write(table.joined(), LATER)
    first, second = table.read()
    assert [each.external_id for each in first.devices] == ["1", "2"]
    assert (second.devices, second.linked_to) == ((), first.asset_id)
    assert table.assets.owners(keys) == dict.fromkeys(keys, first.asset_id)
    assert {each.asset_id for each in table.fleets.page(INTEGRATION, "").entries.values()} == {first.asset_id}
    assert table.lookups.devices(INTEGRATION, ["2"])["2"].asset_id == first.asset_id
    for partitions in (all_assets(), assets_of_client("c1")):
        assert table.listing.assets(partitions, lambda _: True, None, 9).records == [first]
    name = random_facts("2").hostname
    assert name is not None
    assert [
        each.asset_id for each in table.listing.search([name.split("-")[2].split(".")[0]], bool, None, 9).records
    ] == [first.asset_id]


def test_taken_apart_again_all_is_as_it_was(table: Table, dynamodb: "DynamoDBClient", table_name: str) -> None:
    before = contents(dynamodb, table_name)
    table.joins.write(table.joined(), LATER)
    first, second = table.read()
    device = first.devices[1]
    apart = part(first, device, second, table.assets.owners(match_keys(device.facts)), "user:u1", LATER)
    table.joins.write(apart, LATER)
    first, second = table.read()
    assert first == replace(table.first, version=3, updated_at=LATER)
    assert [each.external_id for each in second.devices] == ["2"]
    after = contents(dynamodb, table_name)
    for (pk, sk), item in before.items():
        if not pk.startswith(("ASSET#", "DEVICE#", "FLEET#")):
            assert after[pk, sk] == item
    assert table.lookups.devices(INTEGRATION, ["2"])["2"].asset_id == second.asset_id
    entries = table.fleets.page(INTEGRATION, "").entries
    assert {each: entry.asset_id for each, entry in entries.items()} == {"1": first.asset_id, "2": second.asset_id}


def test_a_sync_that_writes_the_page_or_an_asset_meanwhile_makes_a_person_read_again(
    table: Table, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    joined = table.joined()
    _, second = table.read()
    table.assets.write(asset_write(second, replace(second, notes="x", version=second.version + 1)), LATER)

    def without_words() -> dict[tuple[str, str], Any]:
        found = contents(dynamodb, table_name)
        return {key: item for key, item in found.items() if not key[0].startswith("WORD#")}

    before = without_words()
    with pytest.raises(ConflictError):
        table.joins.write(joined, LATER)
    assert without_words() == before


def test_a_key_that_a_third_asset_holds_stays_there(table: Table) -> None:
    third = replace(asset("3"), devices=(replace(asset("3").devices[0], facts=table.second.devices[0].facts),))
    keys = sorted(asset_keys(table.second))
    joined = join(table.first, table.second, dict.fromkeys(keys, third.asset_id), "user:u1", LATER)
    assert joined.writes[0].claims == ()
