"""Assets in the table: written with all that goes with them, whatever happens meanwhile; read, listed and found."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from infra.table_schema import INDEXES
from local.bench.capacity import index_write_units, item_bytes, write_units
from tandem.alerts.models import DeviceRecord
from tandem.assets.deciding import decide_page
from tandem.assets.editing import edit
from tandem.assets.identity import asset_id_of
from tandem.assets.matching import MatchKey, match_keys
from tandem.assets.models import Asset, Device, Facts, FieldChange, HistoryEntry, Presence, Seen
from tandem.assets.order import FIRST
from tandem.assets.pages import AssetWrite, Known, Listing, PageDecision, Scope
from tandem.assets.places import ticket_facts
from tandem.assets.placing import OrganizationNode, Placements
from tandem.assets.planning import more_assets, plan_page
from tandem.assets.words import query_words
from tandem.assets.writing import asset_write
from tandem.store.asset_apply import PageWriter, Unapplied
from tandem.store.asset_listing import AssetListing, all_assets, assets_of_client
from tandem.store.asset_records import HISTORY_RETENTION
from tandem.store.asset_writer import AssetWriter
from tandem.store.assets import Assets
from tandem.store.beliefs import Beliefs
from tandem.store.errors import AlreadyDoneError, ConflictError, UnwritableError
from tandem.store.fleets import Fleets
from tandem.store.lookups import Lookups
from tandem.store.sync_records import SyncRun, new_run_id
from tandem.store.sync_runs import SyncRuns
from tests.emulator import EmulatedAws
from tests.integration.deployment import Calls, contents, of_kind
from tests.integration.kills import Sandbox, items_of, moments, restore
from tests.unit.store.fleets import NOW, asset, random_facts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

INTEGRATION = "kq3m5v7xw2yz4a6b8c0d"
PLACEMENTS = Placements([OrganizationNode("12", client_id="c1"), OrganizationNode("13", client_id="c2")])
RETIRE_AFTER = timedelta(days=30)
LATER = NOW + timedelta(hours=1)


class Worker:
    """Applies pages of a sync as the pipeline does."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self.runs, self.fleets, self.assets = SyncRuns(client, table), Fleets(client, table), Assets(client, table)
        self._lookups, self._pages = Lookups(client, table), PageWriter(client, table)

    def begin(self, minutes: int = 0) -> SyncRun:
        """A run that is ready for its one page."""
        at = NOW + timedelta(minutes=minutes)
        run = SyncRun(new_run_id(at), INTEGRATION, "devices", "queued", at, "schedule")
        assert self.runs.begin(run, at, at)
        run = self.runs.move(self.runs.move(run, "listing", at), "sorting", at)
        return self.runs.move(run, "applying", at, pages_total=1)

    def decide(self, run: SyncRun, devices: Iterable[Device], now: datetime = NOW) -> PageDecision:
        """Read and decide."""
        page = self.fleets.page(INTEGRATION, FIRST, consistent=True)
        plan = plan_page(page, Listing(Scope.FLEET, now, run.run_id, tuple(devices)), PLACEMENTS)
        records = self._lookups.devices(INTEGRATION, plan.new_devices)
        owners = self.assets.owners(plan.match_keys)
        assets = self.assets.several(plan.asset_ids | more_assets(plan, records, owners))
        return decide_page(plan, Known(records, assets, owners), now, RETIRE_AFTER)

    def apply(self, run: SyncRun, decision: PageDecision, now: datetime = NOW) -> Unapplied | None:
        """Write."""
        return self._pages.apply(decision, run, now)

    def work(self, run: SyncRun, devices: Iterable[Device], now: datetime = NOW) -> None:
        """What a message of the page asks for, whenever it comes."""
        listed = tuple(devices)
        if self.fleets.page(INTEGRATION, FIRST, consistent=True).run_id != run.run_id:
            assert self.apply(run, self.decide(run, listed, now), now) is None


@pytest.fixture
def worker(dynamodb: "DynamoDBClient", table_name: str) -> Worker:
    return Worker(dynamodb, table_name)


@pytest.fixture
def writer(dynamodb: "DynamoDBClient", table_name: str) -> AssetWriter:
    return AssetWriter(dynamodb, table_name)


@pytest.fixture
def assets(dynamodb: "DynamoDBClient", table_name: str) -> Assets:
    return Assets(dynamodb, table_name)


@pytest.fixture
def listing(dynamodb: "DynamoDBClient", table_name: str) -> AssetListing:
    return AssetListing(dynamodb, table_name)


def device(external_id: str, organization_id: str = "12", **facts: Any) -> Device:
    return Device(
        external_id, organization_id, facts=replace(random_facts(external_id), **facts), seen=Seen(NOW, NOW, "ada")
    )


def new(external_id: str, client_id: str = "c1", **facts: Any) -> AssetWrite:
    made = asset(external_id, client_id)
    first = replace(made.devices[0], facts=replace(made.devices[0].facts, **facts))
    made = replace(made, devices=(first,))
    created = HistoryEntry(made.asset_id, NOW, "run:r", "created")
    return asset_write(None, made, [created], sorted(match_keys(first.facts)))


def named(before: AssetWrite, name: str) -> AssetWrite:
    written = edit(before.asset, {"name": name}, "user:u1", LATER)
    assert written is not None
    return written


def every_asset(_: Asset) -> bool:
    return True


# ---- writing


def test_an_asset_is_written_with_all_that_goes_with_it(
    writer: AssetWriter, assets: Assets, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    write = new("1")
    assert writer.write([write], NOW).is_whole
    assert assets.asset(write.asset.asset_id) == write.asset
    assert assets.owners(write.claims) == dict.fromkeys(write.claims, write.asset.asset_id)
    assert assets.history(write.asset.asset_id, None, 5, NOW).records == list(write.history)
    found = contents(dynamodb, table_name)
    assert sum(pk.startswith("WORD#") for pk, _ in found) == len(write.words_added)
    assert not writer.write([write], NOW).is_whole
    assert contents(dynamodb, table_name) == found


def test_a_hundred_new_assets_are_written_in_a_few_transactions(emulated_aws: EmulatedAws, table_name: str) -> None:
    client = emulated_aws.client("dynamodb")
    calls = Calls(client)
    writes = [new(str(number)) for number in range(100)]
    assert AssetWriter(client, table_name).write(writes, NOW).is_whole
    made = calls.take()
    assert made["TransactWriteItems"] <= 6
    assert made["BatchWriteItem"] <= 45


def test_of_many_assets_only_the_one_that_moved_is_not_written(writer: AssetWriter, assets: Assets) -> None:
    writes = [new(str(number)) for number in range(8)]
    writer.write(writes, NOW)
    changed = [named(each, f"name {number}") for number, each in enumerate(writes)]
    writer.write([named(writes[3], "by a person")], NOW)
    written = writer.write(changed, NOW)
    assert written.conflicts == {writes[3].asset.asset_id}
    there = assets.several(each.asset.asset_id for each in writes)
    names = [there[each.asset.asset_id].edited["name"] for each in writes]
    assert names == [f"name {number}" if number != 3 else "by a person" for number in range(8)]


def test_two_assets_that_claim_one_key_are_not_both_written(writer: AssetWriter, assets: Assets) -> None:
    twins = [new(each, serial_number="5CD1234XYZ") for each in ("1", "2")]
    written = writer.write(twins, NOW)
    assert written.conflicts == {twins[1].asset.asset_id}
    assert assets.asset(twins[1].asset.asset_id) is None
    assert assets.owners([MatchKey("serial", "5CD1234XYZ")]) == {
        MatchKey("serial", "5CD1234XYZ"): twins[0].asset.asset_id
    }


def test_an_asset_that_the_table_will_never_take_does_not_stop_the_others(writer: AssetWriter, assets: Assets) -> None:
    huge = new("2")
    huge = replace(huge, asset=replace(huge.asset, notes="x" * 450_000))
    written = writer.write([new("1"), huge, new("3")], NOW)
    assert written.refused.keys() == {huge.asset.asset_id}
    assert not written.conflicts
    assert len(assets.several(asset_id_of(INTEGRATION, each) for each in "123")) == 2
    with pytest.raises(UnwritableError):
        assets.write(huge, NOW)


def test_a_released_key_is_free_and_another_ones_is_left_alone(writer: AssetWriter, assets: Assets) -> None:
    first, second = new("1", serial_number="5CD1234XYZ"), new("2")
    writer.write([first, second], NOW)
    key = MatchKey("serial", "5CD1234XYZ")
    other = replace(named(second, "other"), releases=(key,))
    assert writer.write([other], NOW).is_whole
    assert assets.owners([key])
    assert writer.write([replace(named(first, "own"), releases=(key,))], NOW).is_whole
    assert not assets.owners([key])


def test_a_person_who_saves_over_a_sync_is_told(writer: AssetWriter, assets: Assets) -> None:
    write = new("1")
    writer.write([write], NOW)
    assets.write(named(write, "Reception"), LATER)
    with pytest.raises(ConflictError):
        assets.write(named(write, "Front desk"), LATER)


def test_a_device_record_points_at_its_asset_and_keeps_what_alerts_taught_it(
    worker: Worker, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    beliefs = Beliefs(dynamodb, table_name)
    known = DeviceRecord(INTEGRATION, "1", "old name", "99", "c9", None, {"activity": "x"}, NOW, 1)
    beliefs.teach(known)
    worker.work(worker.begin(), [device("1"), device("2")], LATER)
    records = beliefs.devices(INTEGRATION, ["1", "2"])
    assert records["1"] == replace(
        known,
        name=random_facts("1").name,
        organization_id="12",
        asset_id=asset_id_of(INTEGRATION, "1"),
        learnt_at=LATER,
        version=2,
        asset_client_id="c1",
        asset_facts=ticket_facts(random_facts("1")),
    )
    assert (records["2"].asset_id, records["2"].client_id, records["2"].version) == (
        asset_id_of(INTEGRATION, "2"),
        None,
        1,
    )
    assert not beliefs.teach(replace(known, name="late", version=2)), "whoever read it before reads it again"


def test_a_device_record_forgets_the_client_and_the_facts_that_its_asset_has_no_more(
    writer: AssetWriter, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    before = new("1", serial_number="5CG1234ABC").asset
    writer.write([asset_write(None, before)], NOW)
    written = edit(before, {"client_id": "c2"}, "user:u1", LATER)
    assert written is not None
    writer.write([written], LATER)

    def record() -> DeviceRecord:
        device_id = before.devices[0].external_id
        return Beliefs(dynamodb, table_name).devices(before.devices[0].integration_id, [device_id])[device_id]

    assert (record().asset_client_id, record().asset_client_by_person) == ("c2", True)
    bare = replace(before.devices[0], client_id=None, facts=Facts(name="PC-1"))
    writer.write([asset_write(written.asset, replace(before, devices=(bare,), version=3))], LATER)
    assert (record().asset_client_id, record().asset_client_by_person, record().asset_facts) == (None, False, {})
    assert (record().name, record().asset_id, record().version) == ("PC-1", before.asset_id, 3)


# ---- reading


def test_history_is_read_newest_first_and_added_to_once(writer: AssetWriter, assets: Assets) -> None:
    write = new("1")
    writer.write([write], NOW)
    asset_id = write.asset.asset_id
    change = FieldChange("7-Zip", "22.01", "23.00")
    software = [
        HistoryEntry(asset_id, NOW + timedelta(minutes=minutes), "run:s", "software", (change,)) for minutes in range(5)
    ]
    for _ in range(2):
        assets.put_history(software, "s")
    first = assets.history(asset_id, None, 3, NOW)
    assert first.records == software[:1:-1]
    rest = assets.history(asset_id, first.after, 3, NOW)
    assert ({each.what for each in rest.records}, len(rest.records), rest.after) == ({"created", "software"}, 3, None)
    assert (
        assets.history(asset_id, None, 9, NOW + HISTORY_RETENTION + timedelta(minutes=1.5)).records == software[:1:-1]
    )
    assert assets.history(asset_id, None, 6, NOW).after is None


def test_assets_are_listed_by_time_and_by_client_and_move_with_their_client(
    writer: AssetWriter, assets: Assets, listing: AssetListing
) -> None:
    writes = [new(str(number), "c1" if number % 2 else "c2") for number in range(9)]
    writes = [
        replace(each, asset=replace(each.asset, created_at=NOW + timedelta(minutes=number)))
        for number, each in enumerate(writes)
    ]
    writer.write(writes, NOW)
    ids = [each.asset.asset_id for each in reversed(writes)]
    first = listing.assets(all_assets(), every_asset, None, 5)
    rest = listing.assets(all_assets(), every_asset, first.after, 5)
    assert [each.asset_id for each in (*first.records, *rest.records)] == ids
    assert rest.after is None
    of_c1 = [each.asset_id for each in listing.assets(assets_of_client("c1"), every_asset, None, 9).records]
    assert of_c1 == [each.asset.asset_id for each in reversed(writes[1::2])]
    moved = edit(writes[1].asset, {"client_id": "c2"}, "user:u1", LATER)
    assert moved is not None
    assets.write(moved, LATER)
    assert len(listing.assets(assets_of_client("c1"), every_asset, None, 9).records) == 3
    assert len(listing.assets(assets_of_client("c2"), every_asset, None, 9).records) == 6
    some = listing.assets(all_assets(), lambda each: each.asset_id == ids[4], None, 5)
    assert [each.asset_id for each in some.records] == [ids[4]]


def found_by(listing: AssetListing, query: str, limit: int = 50) -> list[str]:
    """The ids of what a search finds, page by page."""
    ids: list[str] = []
    after: str | None = None
    while True:
        page = listing.search(query_words(query), every_asset, after, limit)
        ids += [each.asset_id for each in page.records]
        after = page.after
        if after is None:
            return ids


def test_assets_are_found_by_the_beginnings_of_their_words(
    writer: AssetWriter, assets: Assets, listing: AssetListing
) -> None:
    names = ("Acme Srv-01", "Acme Srv-02", "Globex srv01 backup", "Acme printer")
    writes = [
        new(str(number), name=name, hostname=f"host{number}", serial_number=f"SERIAL{number}XZ")
        for number, name in enumerate(names)
    ]
    writer.write(writes, NOW)
    ids = [each.asset.asset_id for each in writes]
    assert set(found_by(listing, "srv01")) == {ids[0], ids[2]}
    assert sorted(found_by(listing, "srv")) == sorted(ids[:3]), "each once, though it has srv and srv01"
    assert found_by(listing, "srv", limit=1) == found_by(listing, "srv")
    assert found_by(listing, "ACME Srv-02") == [ids[1]]
    assert found_by(listing, "serial3xz") == [ids[3]]
    assert set(found_by(listing, "host")) == set(ids)
    assert found_by(listing, "nothing") == []
    assets.write(named(writes[1], "Mailserver"), LATER)
    assert found_by(listing, "mailserver") == [ids[1]]
    only = listing.search(query_words("srv"), lambda each: each.asset_id == ids[2], None, 5)
    assert [each.asset_id for each in only.records] == [ids[2]]


def test_words_that_a_refused_write_left_behind_find_nothing(
    writer: AssetWriter, listing: AssetListing, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    write = new("1")
    writer.write([write], NOW)
    writer.write([named(write, "Reception")], NOW)
    assert not writer.write([named(write, "Elsewhere")], NOW).is_whole
    assert any(sk.startswith("elsewhere#") for _, sk in contents(dynamodb, table_name))
    assert found_by(listing, "elsewhere") == []
    assert found_by(listing, "reception") == [write.asset.asset_id]


# ---- a page of a sync


def test_a_decided_page_is_written_and_decided_again_it_asks_for_nothing(
    worker: Worker, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    devices = [device(str(number)) for number in range(30)]
    run = worker.begin()
    decision = worker.decide(run, devices)
    assert worker.apply(run, decision) is None
    with pytest.raises(AlreadyDoneError):
        worker.apply(run, replace(decision, writes=()))
    done = worker.runs.run(INTEGRATION, run.run_id, NOW)
    assert done is not None
    assert (done.pages_done, done.listed, done.created) == (1, 30, 30)
    assert len(of_kind(dynamodb, table_name, "ASSET")) == 30
    again = worker.decide(worker.begin(1), devices, LATER)
    assert again.writes == ()
    assert again.counts.unchanged == 30


def test_what_a_person_saved_between_reading_and_writing_stays(worker: Worker) -> None:
    devices = [device(str(number)) for number in range(5)]
    worker.work(worker.begin(), devices)
    run = worker.begin(1)
    renamed = [replace(each, facts=replace(each.facts, name=f"NEW-{each.external_id}")) for each in devices]
    decision = worker.decide(run, renamed, LATER)
    edited = worker.assets.asset(asset_id_of(INTEGRATION, "2"))
    assert edited is not None
    change = edit(edited, {"name": "Reception"}, "user:u1", LATER)
    assert change is not None
    worker.assets.write(change, LATER)
    assert worker.apply(run, decision, LATER) == Unapplied(frozenset({edited.asset_id}))
    worker.work(run, renamed, LATER)
    after = worker.assets.asset(edited.asset_id)
    assert after is not None
    assert after.edited == {"name": "Reception"}
    assert after.devices[0].facts.name == "NEW-2"
    done = worker.runs.run(INTEGRATION, run.run_id, NOW)
    assert done is not None
    assert done.pages_done == 1


def counted_alike(found: dict[tuple[str, str], dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """What is there, with updated and unchanged devices of a run as one number: an asset that was written before the
    death is not changed any more by the one who comes after."""
    for (_, sk), item in found.items():
        if sk.startswith("RUN#"):
            item["updated"] = item.pop("updated", 0) + item.pop("unchanged", 0)
    return found


def test_a_worker_that_is_killed_at_any_call_of_a_page_ends_in_what_an_undisturbed_one_writes(
    emulated_aws: EmulatedAws, table_name: str
) -> None:
    client = emulated_aws.client("dynamodb")
    worker, sandbox = Worker(client, table_name), Sandbox()
    first = [device(str(number)) for number in range(6)]
    worker.work(worker.begin(), first)
    # One moves, one is renamed, one has other numbers, one is new, one is another's machine, one is gone.
    serial = first[1].facts.serial_number
    second = [
        replace(first[0], organization_id="13"),
        replace(first[1], facts=replace(first[1].facts, name="RENAMED")),
        replace(
            first[2], facts=replace(first[2].facts, serial_number="OTHER12345", mac_addresses=("3c:52:82:00:00:01",))
        ),
        first[3],
        first[4],
        device("7"),
        device("8", serial_number=serial, hostname=first[1].facts.hostname),
    ]
    run = worker.begin(1)
    before = items_of(client, table_name)
    sandbox.attach(client.meta.events)
    calls = sandbox.count(lambda: worker.work(run, second, LATER))
    undisturbed = counted_alike(contents(client, table_name))
    for call, moment in moments(calls):
        restore(client, table_name, before)
        sandbox.kill(lambda: worker.work(run, second, LATER), call, moment)
        worker.work(run, second, LATER)
        ended = counted_alike(contents(client, table_name))
        assert ended == undisturbed, f"killed {moment} call {call} of {calls}"


# ---- what it costs


def units(before: dict[str, Any], client: "DynamoDBClient", table: str, *, plain: Callable[[str], bool]) -> float:
    """Write units of what changed since: doubled in a transaction, which all but the `plain` ones were put in."""
    total = 0.0
    for item in items_of(client, table):
        pk = item["pk"]["S"]
        known = before.get(f"{pk} {item['sk']['S']}")
        if known != item:
            total += write_units(known, item, transactional=not plain(pk))
            total += index_write_units(known, item, INDEXES, ("pk", "sk"))
    return total


def test_a_new_asset_costs_some_twenty_write_units_and_an_unchanged_device_a_fifth_of_one(
    worker: Worker, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    def snapshot() -> dict[str, Any]:
        return {f"{item['pk']['S']} {item['sk']['S']}": item for item in items_of(dynamodb, table_name)}

    def is_word(pk: str) -> bool:
        return pk.startswith("WORD#")

    devices = [device(str(1000 + number)) for number in range(120)]
    run = worker.begin()
    empty = snapshot()
    worker.work(run, devices)
    created = units(empty, dynamodb, table_name, plain=is_word) / 120
    assert created < 26
    run = worker.begin(1)
    filled = snapshot()
    moved = [replace(each, seen=Seen(LATER, NOW, "bob")) for each in devices]
    worker.work(run, moved, LATER)
    assert units(filled, dynamodb, table_name, plain=is_word) / 120 < 0.2
    page = next(item for item in items_of(dynamodb, table_name) if item["sk"]["S"] == "PAGE")
    assert item_bytes(page) / 120 < 60
    assert worker.fleets.page(INTEGRATION, FIRST).entries["1007"].presence is Presence.LISTED
