"""Which syncs of devices meet their goals, and what is shown of them."""

from dataclasses import replace

import pytest

from local.bench import devices
from local.bench.devices import FleetSync
from local.bench.devices_report import is_met, tables
from local.bench.tables import MISSED, plain

RESYNC = FleetSync(
    provider="levelio",
    what="unchanged",
    devices=1000,
    listed=1000,
    created=0,
    updated=0,
    messages=20,
    requests={"/v2/devices": 10, "/v2/groups": 1},
    calls={"dynamodb.BatchGetItem": 30, "s3.PutObject": 20},
    reads=100.0,
    table_writes=120.0,
    index_writes=0.0,
    seconds=2.0,
    longest=0.5,
    cpu_seconds=1.0,
    waited=0.5,
    idle_mb=50.0,
    peak_mb=80.0,
)


def test_a_sync_that_lists_and_writes_pages_only_meets_the_goals() -> None:
    assert is_met(RESYNC)


@pytest.mark.parametrize(
    "change",
    [
        {"peak_mb": float(devices.GOAL_MB)},
        {"longest": devices.GOAL_LONGEST_SECONDS},
        {"requests": {"/v2/devices/*": 1000}},
        {"reads": 1000.0},
        {"table_writes": 1000.0},
        {"index_writes": 1000.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_memory_requests_and_units_a_device_are_held_against_the_goals(change: dict[str, object]) -> None:
    assert not is_met(replace(RESYNC, **change))  # type: ignore[arg-type]


def test_a_first_sync_may_write_every_device() -> None:
    assert is_met(replace(RESYNC, what="first", table_writes=15_000.0, reads=3_000.0))


def test_tables_show_units_a_device_and_each_path_of_the_rmm() -> None:
    first = replace(RESYNC, what="first", peak_mb=300.0)
    refresh = replace(RESYNC, what="refresh", devices=1, requests={"/v2/devices/*": 1})
    syncs, requests, refreshes = (plain(table) for table in tables([first, RESYNC, refresh]))
    assert "0.100" in syncs
    assert MISSED in syncs
    assert "/v2/groups" in requests
    assert "/v2/devices/*" in requests
    assert "levelio" in refreshes
