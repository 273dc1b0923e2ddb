"""What Level's devices and updates come to."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.assets.models import AgentStatus, AssetType, Disk, Facts
from tandem.connections.fleet import DevicePart, Unreadable
from tandem.providers.levelio.fleet_mapping import part, waiting_updates
from tests.unit.providers.mapping_tables import NOTHING, Told, fields_of_a_device, table, values
from tests.unit.providers.sound_devices import assert_sound, odd_rows
from tests.vendor_files import needs_vendor_files, payload

TABLE = table("assets-levelio.md")
DEVICE: dict[str, Any] = {
    "id": "dev_1",
    "hostname": "FRONTDESK-01",
    "nickname": "Front Desk 01",
    "role": "workstation",
    "group_id": "grp_2",
    "group_name": "Branch Office",
    "tags": ["kiosk", "front"],
    "flag": "Fan is loud",
    "maintenance_mode": False,
    "online": True,
    "manufacturer": "Dell Inc.",
    "model": "OptiPlex 7090",
    "architecture": "x64",
    "serial_number": "ABC1234",
    "total_memory": 17179869184,
    "cpu_cores": 8,
    "last_logged_in_user": "FRONTDESK-01\\reception",
    "last_reboot_time": "2026-09-01T06:00:00Z",
    "last_seen_at": "2026-09-08T14:59:30Z",
    "city": "Chicago",
    "country": "US",
    "security_score": 82,
    "platform": "Windows",
    "public_ip_address": "203.0.113.9",
    "operating_system": {
        "full_operating_system": "Microsoft Windows 11 Pro",
        "major_version": "11",
        "minor_version": "23H2",
        "architecture": "x64",
    },
    "cpus": [{"model": "Intel(R) Core(TM) i7-10700", "clock_speed": 2900, "cores": 8}],
    "disk_partitions": [
        {"label": "OS", "mount_point": "C:", "size": 511101108224, "free_space": 22011707392, "file_system": "NTFS"}
    ],
    "network_interfaces": [
        {
            "description": "Hyper-V Virtual Ethernet Adapter",
            "interface": "vEthernet (Default Switch)",
            "mac_address": "00:15:5d:00:11:22",
            "ip_addresses": ["172.17.0.1"],
        },
        {
            "description": "Intel(R) Ethernet",
            "interface": "Ethernet",
            "mac_address": "00:11:22:33:44:55",
            "ip_addresses": ["203.0.113.9", "10.0.0.21", "10.0.0.22"],
        },
    ],
    "security": {
        "score": 82,
        "risk": "low",
        "antivirus_provider": "Microsoft Defender",
        "antivirus_status": "enabled",
    },
}


def read(row: Any) -> DevicePart:
    found = part(row)
    assert isinstance(found, DevicePart)
    return found


def facts(**members: Any) -> Facts:
    return read(DEVICE | members).facts


# ---- the table


def test_the_table_has_every_field_of_a_device_once() -> None:
    named = [told.field for told in TABLE]
    assert sorted(named) == sorted(set(named))
    assert set(named) == fields_of_a_device()


@pytest.mark.parametrize("told", TABLE, ids=lambda told: told.field)
def test_a_field_comes_from_the_members_that_the_table_names_and_from_no_others(told: Told) -> None:
    value = values(read(DEVICE))[told.field]
    if "listing" not in told.by:
        assert value in NOTHING
        return
    assert value not in NOTHING
    only = {name: each for name, each in DEVICE.items() if name in told.members or name == "id"}
    assert values(read(only))[told.field] == value
    without = {name: each for name, each in DEVICE.items() if name not in told.members}
    if told.field == "external_id":
        assert isinstance(part(without), Unreadable)
    else:
        assert values(read(without))[told.field] in NOTHING


# ---- documented


@needs_vendor_files
def test_the_documented_device_is_read_whole() -> None:
    found = read(json.loads(payload("level/devices_list.constructed.json"))["data"][0])

    assert (found.external_id, found.organization_id) == ("dev_1", "grp_2")
    assert (found.facts.name, found.facts.hostname) == ("Front Desk 01", "FRONTDESK-01")
    assert (found.facts.operating_system, found.facts.os_version) == ("Microsoft Windows 11 Pro", "11 23H2")
    assert (found.facts.ram_gib, found.facts.disks) == (16.0, (Disk("C:", 476.0),))
    assert found.seen.free_gib == {"C:": 20.5}
    assert (found.facts.lan_addresses, found.facts.mac_addresses) == (("10.0.0.21",), ("00:11:22:33:44:55",))
    assert (found.facts.antivirus_product, found.facts.antivirus_status) == ("Microsoft Defender", "protected")
    assert (found.facts.security_score, found.facts.security_risk, found.facts.flag) == (82, "low", None)
    assert found.facts.location == "Chicago, US"
    assert_sound(found)


@needs_vendor_files
def test_documented_updates_count_for_their_devices() -> None:
    rows = json.loads(payload("level/updates_list.constructed.json"))["data"]
    assert list(waiting_updates(rows)) == [DevicePart("dev_1", Facts(patches_pending=1))]


# ---- rules


@pytest.mark.parametrize(
    ("role", "asset_type"),
    [
        ("workstation", AssetType.WORKSTATION),
        ("server", AssetType.SERVER),
        ("domain_controller", AssetType.SERVER),
        (None, AssetType.WORKSTATION),
        ("printer", AssetType.OTHER),
        (["server"], AssetType.OTHER),
    ],
)
def test_the_role_says_what_kind_of_machine_it_is(role: Any, asset_type: AssetType) -> None:
    assert facts(role=role).asset_type is asset_type


@pytest.mark.parametrize(
    ("online", "status"), [(True, AgentStatus.ONLINE), (False, AgentStatus.OFFLINE), ("yes", None)]
)
def test_a_device_is_online_or_offline(online: Any, status: AgentStatus | None) -> None:
    assert facts(online=online).agent_status is status


def test_a_nickname_is_the_name_and_the_hostname_stays_what_it_is() -> None:
    assert (facts().name, facts().hostname) == ("Front Desk 01", "FRONTDESK-01")
    assert facts(nickname=None).name == facts(nickname=" ").name == "FRONTDESK-01"


@pytest.mark.parametrize(
    ("major", "minor", "version"),
    [("11", "23H2", "11 23H2"), ("14", "4.1", "14.4.1"), ("22", "04", "22.04"), ("12", None, "12"), (None, None, None)],
)
def test_a_version_is_put_together(major: str | None, minor: str | None, version: str | None) -> None:
    assert facts(operating_system={"major_version": major, "minor_version": minor}).os_version == version


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("enabled", "protected"),
        ("Up to date", "protected"),
        ("disabled", "unprotected"),
        ("Not installed", "unprotected"),
        ("out_of_date", "unknown"),
        (None, "unknown"),
        (7, "unknown"),
    ],
)
def test_words_about_antivirus_that_are_not_known_are_unknown(word: Any, status: str) -> None:
    assert facts(security={"antivirus_status": word}).antivirus_status == status


def test_without_a_word_about_antivirus_nothing_is_said_of_it() -> None:
    assert facts(security={"score": 5}).antivirus_status is None
    assert facts(security=None).antivirus_status is None


def test_the_address_is_the_first_private_one_of_an_interface_that_is_hardware() -> None:
    def lan(*interfaces: dict[str, Any]) -> tuple[str, ...]:
        return facts(network_interfaces=list(interfaces)).lan_addresses

    assert lan({"description": "Intel", "ip_addresses": ["fe80::1", "169.254.1.1", "8.8.8.8", "192.168.1.5/24"]}) == (
        "192.168.1.5",
    )
    assert lan({"description": "VirtualBox Host-Only", "ip_addresses": ["192.168.56.1"]}) == ()
    assert lan({"interface": "docker0", "ip_addresses": ["172.17.0.1"]}, {"ip_addresses": ["10.0.0.1"]}) == (
        "10.0.0.1",
    )
    assert lan({"description": "Red Hat VirtIO Ethernet Adapter", "ip_addresses": ["10.0.0.2"]}) == ("10.0.0.2",)
    assert lan({"description": "Microsoft Hyper-V Network Adapter", "ip_addresses": ["10.0.0.3"]}) == ("10.0.0.3",)
    assert lan({"description": None, "ip_addresses": "10.0.0.1"}) == ()


@pytest.mark.parametrize("written", ["00-11-22-aa-bb-cc", "0011.22AA.BBCC", "001122aabbcc"])
def test_hardware_addresses_are_written_in_one_way(written: str) -> None:
    assert facts(network_interfaces=[{"mac_address": written}]).mac_addresses == ("00:11:22:AA:BB:CC",)


@pytest.mark.parametrize("written", ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "n/a", "00:11:22", None, 7])
def test_what_is_no_hardware_address_is_none(written: Any) -> None:
    assert facts(network_interfaces=[{"mac_address": written}]).mac_addresses == ()


def test_volumes_without_a_size_are_left_out_and_full_ones_have_nothing_free() -> None:
    partitions = [
        {"mount_point": "C:", "size": 2**31, "free_space": 0},
        {"mount_point": "", "label": "Recovery", "size": 2**30, "free_space": None},
        {"mount_point": "X:", "size": 0, "free_space": 5},
        {"size": 2**30, "free_space": 2**29},
        "junk",
    ]
    found = read(DEVICE | {"disk_partitions": partitions})
    assert found.facts.disks == (Disk("C:", 2.0), Disk("Recovery", 1.0), Disk("unnamed", 1.0))
    assert found.seen.free_gib == {"C:": 0.0, "unnamed": 0.5}


@pytest.mark.parametrize(
    ("security", "top", "score"), [(82, None, 82), (None, 40, 40), (120, 40, 40), (79.6, None, 80), ("x", True, None)]
)
def test_a_score_is_from_0_to_100(security: Any, top: Any, score: int | None) -> None:
    assert facts(security={"score": security}, security_score=top).security_score == score


def test_tags_are_sorted_and_told_once_whichever_way_they_come() -> None:
    assert facts(tags=["b", {"name": "a"}, "b", None, 3]).tags == ("3", "a", "b")


def test_a_flag_is_its_text() -> None:
    assert (facts().flag, facts(flag=True).flag, facts(flag=False).flag) == ("Fan is loud", "flagged", None)


def test_cores_are_those_of_the_processors_where_nothing_else_tells_them() -> None:
    processors = [{"model": "A", "cores": 4}, {"model": "A", "cores": 4}]
    assert facts(cpu_cores=None, cpus=processors).cpu_cores == 8
    assert facts(cpu_cores=0, cpus=[]).cpu_cores is None


def test_updates_are_counted_by_device_and_what_cannot_be_counted_is_named() -> None:
    rows = [
        {"device_id": "a", "is_available": True},
        {"device_id": "b"},
        {"device_id": "a", "is_available": True},
        {"device_id": "c", "is_available": False},
        {"device_id": None},
        "junk",
    ]
    found = list(waiting_updates(rows))
    assert [each for each in found if isinstance(each, DevicePart)] == [
        DevicePart("a", Facts(patches_pending=2)),
        DevicePart("b", Facts(patches_pending=1)),
    ]
    assert [each.reason for each in found if isinstance(each, Unreadable)] == ["device_id: the id of the device"] * 2


# ---- junk


def test_a_device_of_which_all_is_null_is_still_a_device() -> None:
    found = read(dict.fromkeys(DEVICE) | {"id": "d"})
    assert found == DevicePart("d", Facts(asset_type=AssetType.WORKSTATION))


@pytest.mark.parametrize("row", [None, [], "x", 7, {}, {"id": None}, {"id": "x" * 300}, {"id": {}}, {"id": "a\nb"}])
def test_a_row_that_is_no_device_is_named(row: Any) -> None:
    found = part(row)
    assert isinstance(found, Unreadable)
    assert found.reason


@settings(max_examples=60)
@given(row=odd_rows(DEVICE))
def test_no_row_however_odd_raises_or_makes_odd_facts(row: Any) -> None:
    assert_sound(part(row))


@settings(max_examples=30)
@given(rows=st.lists(odd_rows({"id": "u", "device_id": "d", "is_available": True}), max_size=6))
def test_no_update_however_odd_raises_and_none_counts_twice(rows: list[Any]) -> None:
    found = list(waiting_updates(rows))
    counted = [each.facts.patches_pending or 0 for each in found if isinstance(each, DevicePart)]
    assert sum(counted) + sum(isinstance(each, Unreadable) for each in found) <= len(rows)
