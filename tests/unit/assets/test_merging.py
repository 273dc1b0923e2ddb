"""What a listing says, laid over what was known."""

from datetime import UTC, datetime

from hypothesis import given

from tandem.assets.merging import FACTS, changes, is_empty, merge_devices, overlay, overlay_seen, patches_only
from tandem.assets.models import AgentStatus, AssetType, Device, Disk, Facts, FieldChange, Seen
from tests.unit.assets import strategies


def test_what_is_said_stands_and_what_is_not_said_stays() -> None:
    known = Facts(name="SRV-1", serial_number="5CG1234ABC", tags=("a",), ram_gib=16.0)
    said = Facts(name="SRV-2", serial_number="", tags=(), needs_reboot=False)
    assert overlay(said, known) == Facts(
        name="SRV-2", serial_number="5CG1234ABC", tags=("a",), ram_gib=16.0, needs_reboot=False
    )


def test_zero_false_and_an_unknown_status_are_said() -> None:
    known = Facts(patches_pending=7, maintenance_mode=True, agent_status=AgentStatus.ONLINE)
    said = Facts(patches_pending=0, maintenance_mode=False, agent_status=AgentStatus.UNKNOWN)
    assert overlay(said, known) == said


def test_a_status_that_is_not_said_stays() -> None:
    assert overlay(Facts(), Facts(agent_status=AgentStatus.ONLINE)).agent_status is AgentStatus.ONLINE


def test_a_device_that_is_off_keeps_its_last_user_and_free_space() -> None:
    known = Seen(last_user="ada", free_gib={"C:": 10.0})
    at = datetime(2026, 11, 21, tzinfo=UTC)
    assert overlay_seen(Seen(last_seen_at=at), known) == Seen(at, None, "ada", {"C:": 10.0})


def test_an_earlier_source_of_a_listing_stands_over_a_later_one() -> None:
    earlier = Device("1", None, facts=Facts(name="SRV-1"), approval="pending")
    later = Device("1", "7", "Acme", facts=Facts(name="srv", cpu_cores=4))
    assert merge_devices(earlier, later) == Device(
        "1", "7", "Acme", facts=Facts(name="SRV-1", cpu_cores=4), approval="pending"
    )


def test_the_history_holds_what_changed_as_people_read_it() -> None:
    before = Facts(name="a", disks=(Disk("C:", 100.0),), tags=("x",), asset_type=AssetType.WORKSTATION)
    after = Facts(name="a", disks=(Disk("C:", 100.0), Disk("D:")), asset_type=AssetType.SERVER)
    assert changes(before, after) == (
        FieldChange("asset_type", "workstation", "server"),
        FieldChange("disks", "C: 100 GiB", "C: 100 GiB, D:"),
        FieldChange("tags", "x", None),
    )


def test_going_offline_and_patches_are_no_history() -> None:
    before = Facts(agent_status=AgentStatus.ONLINE, patches_pending=1)
    after = Facts(agent_status=AgentStatus.OFFLINE, patches_pending=2, last_patch_scan_at=datetime.now(UTC))
    assert changes(before, after) == ()


def test_a_run_of_patches_speaks_of_nothing_else() -> None:
    assert patches_only(Facts(name="x", patches_pending=2, agent_status=AgentStatus.OFFLINE)) == Facts(
        patches_pending=2
    )


@given(strategies.FACTS, strategies.FACTS)
def test_nothing_that_was_known_is_ever_erased(said: Facts, known: Facts) -> None:
    merged = overlay(said, known)
    for name in FACTS:
        expected = getattr(known, name) if is_empty(getattr(said, name)) else getattr(said, name)
        if not is_empty(expected):
            assert getattr(merged, name) == expected


@given(strategies.FACTS, strategies.FACTS)
def test_the_same_listing_again_changes_nothing(said: Facts, known: Facts) -> None:
    merged = overlay(said, known)
    assert overlay(said, merged) == merged
