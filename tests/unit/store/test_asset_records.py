"""Assets, fleet pages and syncs as items and back."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from local.bench.capacity import item_bytes
from tandem.assets.identity import asset_id_of
from tandem.assets.models import (
    AgentStatus,
    Asset,
    AssetType,
    Disk,
    Facts,
    FieldChange,
    FleetEntry,
    FleetPage,
    HistoryEntry,
    Likeness,
    LinkedDevice,
    Presence,
    Seen,
)
from tandem.assets.pages import Failure
from tandem.store.asset_records import asset_from, asset_item, facts_from, facts_values, history_from, history_item
from tandem.store.fleet_codec import fleet_page_from, fleet_page_item
from tandem.store.keys import NO_CLIENT, assets_of_client
from tandem.store.sync_records import Retiring, SyncRun, new_run_id, run_from, run_item
from tests.unit.store.fleets import asset, entry, fleet_page, random_facts

NOW = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)

TIMES = st.datetimes(datetime(1999, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis wants naive bounds
SECONDS = TIMES.map(lambda at: at.replace(microsecond=0))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TENTHS = st.integers(0, 10**6).map(lambda number: number / 10)
VALUES = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | FLOATS | st.text()
SHORT = st.text(max_size=12)

FACTS = st.builds(
    Facts,
    name=st.none() | SHORT,
    asset_type=st.none() | st.sampled_from(AssetType),
    ram_gib=st.none() | FLOATS,
    cpu_cores=st.none() | st.integers(0, 512),
    disks=st.lists(st.builds(Disk, SHORT, st.none() | FLOATS), max_size=3).map(tuple),
    lan_addresses=st.lists(SHORT, max_size=3).map(tuple),
    mac_addresses=st.lists(SHORT, max_size=3).map(tuple),
    tags=st.lists(SHORT, max_size=3).map(tuple),
    agent_status=st.none() | st.sampled_from(AgentStatus),
    maintenance_mode=st.none() | st.booleans(),
    security_score=st.none() | st.integers(0, 100),
    last_patch_scan_at=st.none() | TIMES,
)
DEVICES = st.builds(
    LinkedDevice,
    integration_id=SHORT,
    external_id=SHORT,
    facts=FACTS,
    organization_id=st.none() | SHORT,
    client_id=st.none() | SHORT,
    presence=st.sampled_from(Presence),
    missing_since=st.none() | TIMES,
    linked_at=st.none() | TIMES,
    linked_by=SHORT,
)
EDITED = st.dictionaries(st.sampled_from(["name", "location", "model"]), VALUES)
ASSETS = st.builds(
    Asset,
    asset_id=SHORT,
    created_at=TIMES,
    devices=st.lists(DEVICES, max_size=2).map(tuple),
    edited=EDITED,
    notes=st.none() | SHORT,
    maybe_same=st.lists(st.builds(Likeness, SHORT, SHORT), max_size=2).map(tuple),
    updated_at=st.none() | TIMES,
    version=st.integers(1, 10**6),
)
SEEN = st.builds(
    Seen,
    last_seen_at=st.none() | SECONDS,
    booted_at=st.none() | SECONDS,
    last_user=st.none() | SHORT,
    free_gib=st.dictionaries(SHORT, TENTHS, max_size=3),
)


@st.composite
def fleet_pages(draw: st.DrawFn) -> FleetPage:
    ids = draw(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=6))
    entries = {
        each: FleetEntry(
            external_id=each,
            fingerprint=draw(SHORT),
            asset_id=draw(st.none() | st.just(asset_id_of("i1", each)) | st.text(min_size=2, max_size=20)),
            patches=draw(SHORT),
            organization_id=draw(st.none() | SHORT),
            seen=draw(SEEN),
            absent=draw(st.integers(0, 5)),
            absent_since=draw(st.none() | SECONDS),
            presence=draw(st.sampled_from(Presence)),
        )
        for each in ids
    }
    return FleetPage("i1", draw(SHORT), entries, draw(st.none() | SHORT), draw(st.integers(1, 1000)))


@settings(max_examples=50)
@given(ASSETS)
def test_an_asset_comes_back_as_it_was(asset: Asset) -> None:
    assert asset_from(asset_item(asset)) == asset


@settings(max_examples=50)
@given(FACTS)
def test_facts_come_back_through_json_as_they_were_and_only_what_is_set_is_kept(facts: Facts) -> None:
    values = facts_values(facts)
    assert facts_from(json.loads(json.dumps(values))) == facts
    assert None not in values.values()
    assert not facts_values(Facts())


def test_a_fact_that_is_none_any_more_is_left_out() -> None:
    assert facts_from({"name": "SRV", "shoe_size": 43}) == Facts(name="SRV")


@given(
    st.builds(
        HistoryEntry,
        asset_id=SHORT,
        at=TIMES,
        by=SHORT,
        what=SHORT,
        changes=st.lists(st.builds(FieldChange, SHORT, VALUES, VALUES), max_size=3).map(tuple),
    )
)
def test_a_history_entry_comes_back_as_it_was(entry: HistoryEntry) -> None:
    assert history_from(history_item(entry, "000001.00")) == entry


@settings(max_examples=60)
@given(fleet_pages())
def test_a_fleet_page_comes_back_as_it_was(page: FleetPage) -> None:
    assert fleet_page_from(fleet_page_item(page)) == page


def test_a_fleet_page_keeps_whole_seconds_and_tenths_of_gib() -> None:
    seen = Seen(NOW, NOW, "ada", {"C:": 12.3456})
    page = FleetPage("i1", "", {"d": FleetEntry("d", "f", seen=seen)}, version=1)
    second = NOW.replace(microsecond=0)
    assert fleet_page_from(fleet_page_item(page)).entries["d"].seen == Seen(second, second, "ada", {"C:": 12.3})


def test_the_same_page_gives_the_same_bytes_in_whatever_order_its_devices_were_put_in() -> None:
    page = fleet_page(40)
    backwards = replace(page, entries=dict(reversed(list(page.entries.items()))))
    assert fleet_page_item(page) == fleet_page_item(backwards)


def test_a_device_takes_less_than_120_bytes_of_its_page_and_500_stay_far_below_an_items_limit() -> None:
    numbered, lettered = fleet_page(500), fleet_page(500, lettered=True)
    assert item_bytes(fleet_page_item(numbered)) / 500 < 50
    assert item_bytes(fleet_page_item(lettered)) / 500 < 90
    absent = replace(entry("1"), absent=2, absent_since=NOW, presence=Presence.MISSING, asset_id="another-assets-id")
    assert item_bytes(fleet_page_item(FleetPage("i1", "", {"1": absent}, version=1))) < 400


def test_an_asset_of_one_device_takes_little_more_than_a_kilobyte() -> None:
    sizes = [item_bytes(asset_item(asset(str(number)))) for number in range(50)]
    assert 900 < sum(sizes) / len(sizes) < 1500


def test_an_asset_is_in_the_index_of_the_client_that_it_is_shown_with() -> None:
    mapped = asset("1")
    assert asset_item(mapped)["owner_pk"] == {"S": assets_of_client("c1")}
    assert asset_item(replace(mapped, edited={"client_id": "c2"}))["owner_pk"] == {"S": assets_of_client("c2")}
    nobodys = replace(mapped, devices=(replace(mapped.devices[0], client_id=None),))
    assert asset_item(nobodys)["owner_pk"] == {"S": assets_of_client(NO_CLIENT)}


def test_an_asset_whose_devices_are_anothers_is_in_no_index() -> None:
    linked = replace(asset("1"), devices=(), linked_to="another")
    item = asset_item(linked)
    assert not {"list_pk", "owner_pk"} & item.keys()
    assert asset_from(item) == linked


def test_text_that_utf8_cannot_carry_does_not_stop_an_asset() -> None:
    broken = replace(asset("1"), notes="\ud800", edited={"name": "a\udfff"})
    assert asset_from(asset_item(broken)).edited == {"name": "a\ufffd"}


@given(
    st.builds(
        SyncRun,
        run_id=SHORT,
        integration_id=SHORT,
        kind=st.sampled_from(["devices", "patches"]),
        state=st.sampled_from(["queued", "applying", "failed"]),
        requested_at=TIMES,
        requested_by=SHORT,
        started_at=st.none() | TIMES,
        finished_at=st.none() | TIMES,
        step=st.none() | SHORT,
        skipped=st.dictionaries(SHORT, st.integers(1, 9), max_size=3),
        failures=st.lists(st.builds(Failure, st.none() | SHORT, SHORT), max_size=3).map(tuple),
        warnings=st.lists(SHORT, max_size=3, unique=True).map(tuple),
        confirm=st.lists(st.builds(Retiring, SHORT, st.none() | SHORT, st.integers(), st.integers()), max_size=2).map(
            tuple
        ),
        cancel_requested=st.booleans(),
        created=st.integers(0, 9),
    )
)
def test_a_run_comes_back_as_it_was(run: SyncRun) -> None:
    assert run_from(run_item(run)) == run


def test_ids_of_runs_sort_by_time() -> None:
    ids = [new_run_id(NOW + timedelta(milliseconds=10**step)) for step in range(12)]
    assert ids == sorted(ids)
    assert len({new_run_id(NOW) for _ in range(50)}) == 50


def test_the_facts_of_the_measure_are_realistic() -> None:
    facts = random_facts("7")
    assert facts.name
    assert facts.serial_number
    assert len(facts_values(facts)) > 20
