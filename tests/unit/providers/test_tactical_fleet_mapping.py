"""What Tactical RMM's agents, updates, software and clients come to."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.assets.models import AgentStatus, AssetType, Disk, Facts
from tandem.connections.fleet import DevicePart, DeviceSoftware, OrganizationListed, Program, Unreadable
from tandem.providers.tacticalrmm.fleet_mapping import organizations, part, patches, programs
from tandem.providers.tacticalrmm.machine_texts import disk_gib, maker_and_model, system_and_version
from tests.unit.providers.mapping_tables import NOTHING, Told, fields_of_a_device, table, values
from tests.unit.providers.sound_devices import assert_sound, odd_rows
from tests.vendor_files import RECORDED_TACTICAL_RESPONSES, needs_vendor_files, payload

NOW = datetime(2026, 11, 21, 2, 6, tzinfo=UTC)
AGENT_ID = "oiVgRVIfLBcbfnoGMbJmTPSIAoCLrZaWZkSBvrjn"
CLIENTS = {"Acme Manufacturing": "1", "Müller GmbH": "3"}
TABLE = table("assets-tacticalrmm.md")

COMMON: dict[str, Any] = {
    "agent_id": AGENT_ID,
    "hostname": "SRV-00",
    "site_name": "Headquarters",
    "monitoring_type": "server",
    "needs_reboot": False,
    "status": "online",
    "last_seen": "2026-11-21T02:05:25.633580Z",
    "boot_time": 1794884316.006375,
    "maintenance_mode": False,
    "plat": "windows",
    "goarch": "amd64",
    "version": "2.8.0",
    "operating_system": "Microsoft Windows Server 2022 Standard, 64 bit v21H2 (build 20348.2402)",
    "public_ip": "74.123.43.5",
    "cpu_model": ["Intel(R) Xeon(R) CPU E5-2620 v4 @ 2.10GHz, 8C/16T", "Intel(R) Xeon(R) CPU E5-2620 v4, 8C/16T"],
    "local_ips": "172.17.9.121, 172.17.9.6",
    "make_model": "HP ProLiant DL380 Gen9",
}
LISTED = COMMON | {
    "client_name": "Acme Manufacturing",
    "logged_username": "svc-backup",
    "serial_number": "SN46685257",
    "has_patches_pending": False,
}
ALONE = COMMON | {
    "client": "Acme Manufacturing",
    "logged_in_username": "svc-backup",
    "last_logged_in_user": "jdoe",
    "offline_time": 4,
    "overdue_time": 30,
    "total_ram": 32,
    "disks": [{"free": "343.3G", "used": "121.9G", "total": "465.3G", "device": "C:", "fstype": "NTFS", "percent": 26}],
    "wmi_detail": {
        "bios": [[{"Manufacturer": "HP", "SerialNumber": "SN46685257"}]],
        "network_adapter": [
            [{"Name": "Microsoft Kernel Debug Network Adapter", "MACAddress": "", "PhysicalAdapter": False}],
            [{"Name": "Broadcom NetXtreme", "MACAddress": "3C:A8:2A:E6:27:C9", "PhysicalAdapter": True}],
            [{"Name": "TAP-Windows Adapter V9", "MACAddress": "00:FF:AA:BB:CC:DD", "PhysicalAdapter": True}],
        ],
    },
}
EXAMPLES = {"listing": LISTED, "agent": ALONE}


def read(row: Any) -> DevicePart:
    found = part(row, CLIENTS, NOW)
    assert isinstance(found, DevicePart)
    return found


def facts(**members: Any) -> Facts:
    return read(LISTED | members).facts


def recorded(name: str) -> Any:
    return json.loads((RECORDED_TACTICAL_RESPONSES / f"{name}.json").read_bytes())["body"]


# ---- the table


def test_the_table_has_every_field_of_a_device_once() -> None:
    named = [told.field for told in TABLE]
    assert sorted(named) == sorted(set(named))
    assert set(named) == fields_of_a_device()


@pytest.mark.parametrize("told", TABLE, ids=lambda told: told.field)
@pytest.mark.parametrize("teller", EXAMPLES)
def test_a_field_comes_from_the_members_that_the_table_names_and_from_no_others(told: Told, teller: str) -> None:
    example = EXAMPLES[teller]
    value = values(read(example))[told.field]
    if teller not in told.by:
        assert value in NOTHING
        return
    assert value not in NOTHING
    only = {name: each for name, each in example.items() if name in told.members or name == "agent_id"}
    assert values(read(only))[told.field] == value
    without = {name: each for name, each in example.items() if name not in told.members}
    if told.field == "external_id":
        assert isinstance(part(without, CLIENTS, NOW), Unreadable)
    else:
        assert values(read(without))[told.field] in NOTHING


def test_what_listing_and_agent_both_tell_is_the_same() -> None:
    listed, alone = values(read(LISTED)), values(read(ALONE))
    both = [told.field for told in TABLE if {"listing", "agent"} <= told.by]
    assert {name: listed[name] for name in both} == {name: alone[name] for name in both}


# ---- recorded


@needs_vendor_files
def test_a_recorded_windows_server_is_read_whole() -> None:
    found = read(recorded("agent_windows"))

    assert (found.external_id, found.organization_id) == (AGENT_ID, "1")
    assert found.facts.asset_type is AssetType.SERVER
    assert (found.facts.manufacturer, found.facts.model) == ("HP", "ProLiant DL380 Gen9")
    assert found.facts.serial_number == "SN46685257"
    assert (found.facts.cpu_model, found.facts.cpu_cores) == ("Intel(R) Xeon(R) CPU E5-2620 v4 @ 2.10GHz", 16)
    assert found.facts.ram_gib == 4.0
    assert found.facts.disks == (Disk("C:", 465.3), Disk("D:", 1843.2), Disk("F:", 1843.2))
    assert found.seen.free_gib == {"C:": 343.3, "D:": 745.2, "F:": 1228.8}
    assert "3C:A8:2A:E6:27:C9" in found.facts.mac_addresses
    assert found.seen.booted_at == datetime(2026, 11, 17, 2, 58, 36, 6375, UTC)


@needs_vendor_files
def test_a_recorded_linux_machine_of_qemu_is_a_virtual_one_and_its_volumes_are_read() -> None:
    found = read(recorded("agent_linux"))

    assert found.facts.asset_type is AssetType.VM_GUEST
    assert (found.facts.operating_system, found.facts.os_version) == ("Debian 12.5", "12.5")
    assert found.facts.disks == (Disk("/dev/vda1", 19.8), Disk("/dev/sda1", 503.0))
    assert found.facts.lan_addresses == ("203.121.23.54",)
    assert found.facts.serial_number == "SN134C6C92"
    assert found.facts.mac_addresses == ()


@needs_vendor_files
def test_an_agent_that_has_not_reported_its_hardware_has_none() -> None:
    found = read(recorded("agent_null_wmi")).facts

    unknown = (found.serial_number, found.manufacturer, found.model, found.cpu_model, found.lan_addresses)
    assert unknown == (None, None, None, None, ())
    assert found.ram_gib == 8.0


@needs_vendor_files
def test_every_recorded_row_of_the_listing_is_read() -> None:
    rows = [row for row in recorded("agents") if isinstance(row, dict)]
    found = [read(row) for row in rows]

    assert [each.facts.agent_status for each in found].count(AgentStatus.OVERDUE) == 1
    assert {each.organization_id for each in found} == {"1", "3"}
    for each in found:
        assert_sound(each)


@needs_vendor_files
def test_recorded_clients_are_organizations_and_their_sites_are_places_of_them() -> None:
    rows = [each for row in recorded("clients") for each in organizations(row)]

    assert OrganizationListed("1", "Acme Manufacturing") in rows
    assert OrganizationListed("site:2", "Warehouse", "1", "Acme Manufacturing / Warehouse", is_place=True) in rows


@needs_vendor_files
def test_recorded_software_is_read_with_its_dates() -> None:
    rows = [row for row in recorded("software_all") if isinstance(row, dict)]
    found = programs(rows[0], {rows[0]["agent"]: AGENT_ID})

    assert isinstance(found, DeviceSoftware)
    assert found.external_id == AGENT_ID
    assert found.programs[0].installed_on == "2019-06-08"
    assert all(each.name for each in found.programs)


# ---- rules


@pytest.mark.parametrize(
    ("away", "status"),
    [
        (timedelta(minutes=4), AgentStatus.ONLINE),
        (timedelta(minutes=4, seconds=1), AgentStatus.OFFLINE),
        (timedelta(minutes=29, seconds=59), AgentStatus.OFFLINE),
        (timedelta(minutes=30), AgentStatus.OVERDUE),
        (timedelta(days=400), AgentStatus.OVERDUE),
        (-timedelta(minutes=9), AgentStatus.ONLINE),
    ],
)
def test_without_the_servers_word_the_status_is_made_of_last_seen_with_its_default_times(
    away: timedelta, status: AgentStatus
) -> None:
    assert facts(status=None, last_seen=(NOW - away).isoformat()).agent_status is status


def test_the_agents_own_times_count_where_they_are_told() -> None:
    seen = {"status": "", "last_seen": (NOW - timedelta(minutes=20)).isoformat()}
    assert facts(**seen, offline_time=25, overdue_time=60).agent_status is AgentStatus.ONLINE
    assert facts(**seen, offline_time=1, overdue_time=15).agent_status is AgentStatus.OVERDUE
    assert facts(**seen, offline_time=0, overdue_time=60).agent_status is AgentStatus.OFFLINE
    assert facts(**seen, offline_time="x", overdue_time=-3).agent_status is AgentStatus.OFFLINE


def test_the_servers_own_word_counts_more_than_a_clock_that_may_differ_from_its() -> None:
    assert facts(status="online", last_seen=(NOW - timedelta(hours=1)).isoformat()).agent_status is AgentStatus.ONLINE


def test_an_agent_that_was_never_seen_is_offline() -> None:
    assert facts(status=None, last_seen=None).agent_status is AgentStatus.OFFLINE


@pytest.mark.parametrize(
    "make_model",
    [
        "VMware, Inc. VMware Virtual Platform",
        "VMware, Inc. VMware20,1",
        "Microsoft Corporation Virtual Machine",
        "QEMU Standard PC (Q35 + ICH9, 2009)",
        "QEMU pc-i440fx-3.1",
        "Red Hat KVM",
        "innotek GmbH VirtualBox",
        "Xen HVM domU",
        "Parallels Software International Inc. Parallels Virtual Platform",
        "Google Google Compute Engine",
        "Amazon EC2 t3.large",
        "Nutanix AHV",
    ],
)
def test_a_machine_that_a_hypervisor_makes_is_a_guest_whatever_it_is_monitored_as(make_model: str) -> None:
    assert facts(make_model=make_model).asset_type is AssetType.VM_GUEST


@pytest.mark.parametrize("make_model", ["Microsoft Corporation Surface Pro 9", "Nutanix NX-3060-G5", "HP Z2", "n/a"])
def test_hardware_is_what_it_is_monitored_as(make_model: str) -> None:
    assert facts(make_model=make_model, monitoring_type="workstation").asset_type is AssetType.WORKSTATION
    assert facts(make_model=make_model, monitoring_type="server").asset_type is AssetType.SERVER
    assert facts(make_model=make_model, monitoring_type="toaster").asset_type is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dell Inc. PowerEdge T340", ("Dell Inc.", "PowerEdge T340")),
        ("LENOVO ThinkPad T14 Gen 3", ("LENOVO", "ThinkPad T14 Gen 3")),
        ("Hewlett-Packard HP EliteDesk 800", ("Hewlett-Packard", "HP EliteDesk 800")),
        ("Gigabyte Technology Co., Ltd. X570", ("Gigabyte Technology Co., Ltd.", "X570")),
        ("MacBookAir10,1", (None, "MacBookAir10,1")),
        ("Nobody Knows 3000", (None, "Nobody Knows 3000")),
        ("ASRock To Be Filled By O.E.M.", ("ASRock", None)),
        (None, (None, None)),
    ],
)
def test_maker_and_model_are_taken_apart_where_the_maker_is_known(text: str | None, expected: tuple[Any, Any]) -> None:
    assert maker_and_model(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Microsoft Windows 10 Pro, 64 bit v22H2 (build 19045.4291)",
            ("Microsoft Windows 10 Pro", "22H2 (build 19045.4291)"),
        ),
        ("Debian 12.5 x86_64 6.1.0-20-amd64", ("Debian 12.5", "12.5")),
        ("Ubuntu 22.04.4 LTS x86_64 6.5.0-28-generic", ("Ubuntu 22.04.4 LTS", "22.04.4")),
        ("Darwin 14.4.1 arm64 23.4.0", ("Darwin 14.4.1", "14.4.1")),
        ("TempleOS", ("TempleOS", None)),
        (None, (None, None)),
    ],
)
def test_a_system_and_its_version_are_taken_apart(text: str | None, expected: tuple[Any, Any]) -> None:
    assert system_and_version(text) == expected


@pytest.mark.parametrize(
    ("text", "gib"),
    [
        ("465.3G", 465.3),
        ("1.8T", 1843.2),
        ("19.8 GB", 19.8),
        ("512 MiB", 0.5),
        ("1073741824", 1.0),
        ("1073741824 B", 1.0),
        ("0.0G", 0.0),
        ("full", None),
        ("-1G", None),
        (465, None),
        ("9" * 500 + "G", None),
    ],
)
def test_sizes_of_volumes_are_powers_of_1024(text: Any, gib: float | None) -> None:
    assert disk_gib(text) == gib


def test_two_volumes_of_one_name_are_told_apart() -> None:
    disks = [{"device": "D:", "total": "1G", "free": "0.5G"}, {"device": "D:", "total": "2G", "free": "x"}]
    found = read(ALONE | {"disks": disks})
    assert found.facts.disks == (Disk("D:", 1.0), Disk("D: (2)", 2.0))
    assert found.seen.free_gib == {"D:": 0.5}


@pytest.mark.parametrize(
    ("local", "lan"),
    [
        ("172.17.9.121, 172.17.9.6, 172.17.9.121", ("172.17.9.121", "172.17.9.6")),
        ("192.168.45.113/24, fe80::476:c390:c8dc:11af/64", ("192.168.45.113",)),
        ("127.0.0.1, 169.254.7.7, 0.0.0.0, 10.1.2.3", ("10.1.2.3",)),
        ("error getting local ips", ()),
        ("", ()),
        (None, ()),
        (["10.0.0.1"], ()),
    ],
)
def test_addresses_are_read_from_one_text(local: Any, lan: tuple[str, ...]) -> None:
    assert facts(local_ips=local).lan_addresses == lan


@pytest.mark.parametrize("serial", ["n/a", "", " ", None, "To be filled by O.E.M.", "Default string", "None", {}, True])
def test_a_serial_number_that_says_nothing_is_none(serial: Any) -> None:
    assert facts(serial_number=serial).serial_number is None


@pytest.mark.parametrize(
    ("logged", "last", "user"), [("-", "jdoe", "jdoe"), ("None", None, None), ("amy", "jdoe", "amy")]
)
def test_the_last_user_is_who_is_signed_in_else_who_was(logged: str, last: str | None, user: str | None) -> None:
    assert read(ALONE | {"logged_in_username": logged, "last_logged_in_user": last}).seen.last_user == user


def test_cores_are_counted_only_if_each_processor_tells_them() -> None:
    assert facts(cpu_model=["A, 8C/16T", "A, 8C/16T"]).cpu_cores == 16
    assert facts(cpu_model=["A, 8C/16T", "A"]).cpu_cores is None
    assert facts(cpu_model=["unknown cpu model"]).cpu_model is None


def test_of_what_waits_the_listing_gives_a_count_only_where_it_is_none() -> None:
    waiting, none, other = facts(has_patches_pending=True), facts(), facts(plat="linux")
    assert (waiting.has_patches_pending, waiting.patches_pending, waiting.patches_failed) == (True, None, None)
    assert (none.has_patches_pending, none.patches_pending, none.patches_failed) == (False, 0, 0)
    assert (other.has_patches_pending, other.patches_pending, other.patches_failed) == (None, None, None)


def test_a_client_that_the_list_of_clients_lacks_is_known_by_name_only() -> None:
    found = read(LISTED | {"client_name": "Brand new"})
    assert (found.organization_id, found.organization_name) == (None, "Brand new")


# ---- updates


def update(action: str, installed: Any, result: str = "n/a") -> dict[str, Any]:
    return {"id": 1, "kb": "KB1", "action": action, "installed": installed, "result": result}


def test_pending_are_the_updates_that_are_approved_and_not_installed_and_failed_those_of_them_that_did() -> None:
    found = patches(
        [
            update("approve", True, "success"),
            update("approve", False),
            update("approve", False, "failed"),
            update("nothing", False),
            update("inherit", False, "failed"),
            update("ignore", False),
            update("approve", None),
            "junk",
        ]
    )
    assert found == Facts(patches_pending=2, patches_failed=1, has_patches_pending=True)


def test_without_any_update_nothing_is_known_and_with_none_waiting_there_are_none() -> None:
    assert patches([]) is None
    assert patches([update("approve", True)]) == Facts(patches_pending=0, patches_failed=0, has_patches_pending=False)


@needs_vendor_files
def test_documented_updates_are_read() -> None:
    found = patches(json.loads(payload("tactical/winupdates_response.constructed.json")))
    assert found == Facts(patches_pending=0, patches_failed=0, has_patches_pending=False)


# ---- software


def test_software_belongs_to_the_agent_of_its_number() -> None:
    row = {
        "id": 500,
        "agent": 7,
        "software": [
            {
                "name": "7-Zip",
                "version": "23.01",
                "publisher": "Igor Pavlov",
                "install_date": "2024-02-01 00:00:00 +0000 UTC",
            },
            {"name": "Edge", "version": "", "publisher": None, "install_date": "0001-01-01 00:00:00 +0000 UTC"},
            {"name": " "},
            "junk",
        ],
    }
    assert programs(row, {7: AGENT_ID}) == DeviceSoftware(
        AGENT_ID, (Program("7-Zip", "23.01", "Igor Pavlov", "2024-02-01"), Program("Edge"))
    )


@pytest.mark.parametrize(
    ("row", "external_id", "word"),
    [
        ("junk", None, "object"),
        ({"agent": 9, "software": []}, None, "agent"),
        ({"agent": "7", "software": []}, None, "agent"),
        ({"agent": [7], "software": []}, None, "agent"),
        ({"software": []}, None, "agent"),
        ({"agent": 7, "software": {}}, AGENT_ID, "software"),
        ({"agent": 7}, AGENT_ID, "software"),
    ],
)
def test_a_row_of_software_that_cannot_be_read_is_named(row: Any, external_id: str | None, word: str) -> None:
    found = programs(row, {7: AGENT_ID})
    assert isinstance(found, Unreadable)
    assert found.external_id == external_id
    assert word in found.reason


# ---- junk


@pytest.mark.parametrize("row", [None, [], "x", 7, {}, {"agent_id": None}, {"agent_id": "x" * 300}, {"agent_id": {}}])
def test_a_row_that_is_no_agent_is_named(row: Any) -> None:
    found = part(row, CLIENTS, NOW)
    assert isinstance(found, Unreadable)
    assert found.reason


@settings(max_examples=60)
@given(row=odd_rows(LISTED | ALONE))
def test_no_row_however_odd_raises_or_makes_odd_facts(row: Any) -> None:
    assert_sound(part(row, CLIENTS, NOW))


@settings(max_examples=30)
@given(rows=st.lists(odd_rows({"agent": 7, "software": [{"name": "a", "version": "1", "install_date": "2024-01-01"}]})))
def test_no_row_of_software_however_odd_raises(rows: list[Any]) -> None:
    for row in rows:
        found = programs(row, {7: AGENT_ID})
        assert isinstance(found, DeviceSoftware) or found.reason


@settings(max_examples=30)
@given(rows=st.lists(odd_rows(update("approve", False)), max_size=4))
def test_no_update_however_odd_raises(rows: list[Any]) -> None:
    found = patches(rows)
    assert found is None or (found.patches_failed or 0) <= (found.patches_pending or 0) <= len(rows)


@settings(max_examples=30)
@given(row=odd_rows({"id": 1, "name": "Acme", "sites": [{"id": 2, "name": "HQ", "client": 1}]}))
def test_no_client_however_odd_raises(row: Any) -> None:
    for found in organizations(row):
        assert found.external_id
        assert found.name
