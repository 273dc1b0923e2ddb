"""What is due by the clock."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tandem.alerts.models import Provider
from tandem.store.configuration.records import Integration, Status
from tandem.store.sync_records import LastRun, RunKind, RunState, SyncState
from tandem.syncing.due import due_beside_devices, due_in_turn
from tests.unit.alerts.world import START

HOURLY = Integration("i1", Provider.TACTICALRMM, "Tactical", Status.CONNECTED, START)
DAILY = replace(HOURLY, device_sync_interval_minutes=24 * 60)
NOW = START + timedelta(days=2)


def ago(hours: float, *, failed: float | None = None, **others: float) -> SyncState:
    """A state in which devices were synced well so many hours ago, and other kinds too; software `failed` since."""
    good: dict[RunKind, timedelta] = {"devices": timedelta(hours=hours)}
    good |= {kind: timedelta(hours=since) for kind, since in others.items()}  # type: ignore[misc]
    last: dict[RunKind, LastRun] = {kind: LastRun("r", "succeeded", NOW - since) for kind, since in good.items()}
    if failed is not None:
        last["software"] = LastRun("r", "failed", NOW - timedelta(hours=failed))
    return SyncState("i1", last=last, last_success_at={kind: NOW - since for kind, since in good.items()})


def test_an_integrations_first_turn_begins_with_its_devices() -> None:
    assert due_in_turn(HOURLY, SyncState("i1"), NOW) == "devices"
    assert due_in_turn(DAILY, SyncState("i1"), NOW) == "devices"


@pytest.mark.parametrize("hours", [0.1, 0.7, 1, 1.4, 30])
def test_each_turn_of_an_hourly_integration_begins_a_sync_of_devices_however_early_it_comes(hours: float) -> None:
    assert due_in_turn(HOURLY, ago(hours), NOW) == "devices"


def test_a_daily_integration_has_turns_between_for_patches_and_software() -> None:
    assert due_in_turn(DAILY, ago(6, software=1), NOW) == "patches"
    assert due_in_turn(DAILY, ago(6, patches=1, software=30), NOW) == "software"
    assert due_in_turn(DAILY, ago(6, patches=1, software=6), NOW) is None
    assert due_in_turn(DAILY, ago(20.9, patches=1, software=6), NOW) is None
    assert due_in_turn(DAILY, ago(21.1, patches=1, software=6), NOW) == "devices"


def test_patches_and_software_follow_a_sync_of_devices_when_they_are_due() -> None:
    assert due_beside_devices(HOURLY, ago(0), NOW) == "patches"
    assert due_beside_devices(HOURLY, ago(0, patches=0.1), NOW) == "software"
    assert due_beside_devices(HOURLY, ago(0, patches=5.4, software=23.4), NOW) is None
    assert due_beside_devices(HOURLY, ago(0, patches=5.6, software=23.4), NOW) == "patches"
    assert due_beside_devices(HOURLY, ago(0, patches=5.4, software=23.6), NOW) == "software"


def test_an_rmm_that_tells_of_patches_with_its_devices_is_asked_for_them_only_between() -> None:
    for provider in (Provider.NINJAONE, Provider.LEVELIO):
        hourly, daily = replace(HOURLY, provider=provider), replace(DAILY, provider=provider)
        assert due_beside_devices(hourly, ago(0, software=1), NOW) is None
        assert due_in_turn(daily, ago(6, software=1), NOW) == "patches"
        assert due_in_turn(daily, ago(6, software=1, patches=0.2), NOW) is None


def test_level_is_never_asked_for_software() -> None:
    level = replace(HOURLY, provider=Provider.LEVELIO)
    assert due_beside_devices(level, ago(0), NOW) is None


def test_nothing_else_begins_before_devices_were_synced_once() -> None:
    assert due_beside_devices(HOURLY, SyncState("i1"), NOW) is None


@pytest.mark.parametrize(("hours", "due"), [(0.1, None), (5.4, None), (5.6, "software")])
def test_what_failed_is_tried_again_after_a_quarter_of_its_time(hours: float, due: RunKind | None) -> None:
    assert due_beside_devices(HOURLY, ago(0, patches=0.1, failed=hours), NOW) == due


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_devices_that_failed_are_tried_again_in_the_next_turn(state: RunState) -> None:
    for integration, hours in ((HOURLY, 0.7), (DAILY, 4)):
        before = ago(30, patches=0.1, software=0.1)
        last = {**before.last, "devices": LastRun("r", state, NOW - timedelta(hours=hours))}
        assert due_in_turn(integration, replace(before, last=last), NOW) == "devices"


def test_nothing_is_due_of_an_integration_that_is_not_synced() -> None:
    for off in (replace(HOURLY, device_sync_enabled=False), replace(HOURLY, status=Status.DISCONNECTED)):
        assert due_in_turn(off, SyncState("i1"), NOW) is None
        assert due_beside_devices(off, ago(0), NOW) is None
