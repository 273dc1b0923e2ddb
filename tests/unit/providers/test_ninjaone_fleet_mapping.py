"""NinjaOne's rows as devices: what was observed, what is documented, and whatever else may come."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.assets.models import AgentStatus, AssetType, Disk, Facts, Seen
from tandem.connections.fleet import DevicePart, DeviceSoftware, Program, Unreadable
from tandem.providers.ninjaone.antivirus import Products
from tandem.providers.ninjaone.fleet_mapping import DEVICE, FACTS, HEALTH, SEEN, device_part, health_part
from tandem.providers.ninjaone.node_classes import NODE_CLASSES, asset_type_of
from tandem.providers.ninjaone.software import software_rows
from tests.unit.providers.ninjaone_rows import agent_row, antivirus_row, health_row
from tests.vendor_files import PAYLOADS, needs_vendor_files, payload

LONG = "x" * 300
JUNK: list[Any] = [
    None,
    5,
    -1,
    1.5,
    True,
    [],
    {},
    "",
    "x",
    1e300,
    float("nan"),
    "9" * 400,
    [[]],
    [{}],
    [None],
    {"name": 5},
]


def no_location(_location_id: str) -> str | None:
    return None


def part(row: Any) -> DevicePart:
    made = device_part(row, no_location)
    assert isinstance(made, DevicePart)
    return made


def facts(**members: Any) -> Facts:
    return part(agent_row(**members)).facts


# ---- whole rows


def test_an_agents_row_gives_all_that_it_says() -> None:
    made = device_part(agent_row(), {"5": "Main Office"}.get)
    assert made == DevicePart(
        "33",
        Facts(
            name="Front desk",
            asset_type=AssetType.WORKSTATION,
            hostname="WS-33",
            serial_number="NJ00000033",
            manufacturer="Dell Inc.",
            model="Latitude 5540",
            operating_system="Windows 11 Professional Edition",
            os_version="23H2 (22631)",
            architecture="64-bit",
            cpu_model="Intel(R) Core(TM) i7-10700 CPU @ 2.90GHz",
            cpu_cores=16,
            ram_gib=16.0,
            disks=(Disk("C:", 476.0),),
            lan_addresses=("10.0.0.33",),
            wan_address="203.0.113.9",
            mac_addresses=("D0:67:26:CB:03:52",),
            agent_status=AgentStatus.ONLINE,
            location="Main Office",
            tags=("kiosk", "vip"),
            maintenance_mode=False,
            needs_reboot=False,
            provider_class="WINDOWS_WORKSTATION",
        ),
        Seen(
            last_seen_at=datetime(2025, 3, 19, 19, 24, 12, 744000, tzinfo=UTC),
            booted_at=datetime(2025, 3, 19, 19, 20, 0, 500000, tzinfo=UTC),
            last_user="ACME\\ann",
            free_gib={"C:": 20.53},
        ),
        organization_id="2",
        approval="approved",
    )


@needs_vendor_files
def test_the_observed_host_of_virtual_machines_is_read() -> None:
    made = part(json.loads(payload("ninjaone/device_detail_vmhost.observed.json")))
    assert made.facts == Facts(
        name="192.168.50.43",
        asset_type=AssetType.VM_HOST,
        hostname="ccesxi03.cc.local",
        serial_number="SGH811YWCM",
        manufacturer="HPE",
        model="ProLiant DL380 Gen10",
        operating_system="VMware ESXi 8.0.1 build-21813344",
        os_version="8.0.1",
        cpu_model="Intel(R) Xeon(R) Silver 4114 CPU @ 2.20GHz",
        ram_gib=95.66,
        lan_addresses=("192.168.50.43",),
        mac_addresses=("D0:67:26:CB:03:52", "D0:67:26:CB:03:53", "D0:67:26:CB:03:54", "D0:67:26:CB:03:55"),
        agent_status=AgentStatus.ONLINE,
        maintenance_mode=False,
        provider_class="VMWARE_VM_HOST",
    )
    assert made.seen.booted_at == datetime(2025, 3, 4, 6, 51, 44, tzinfo=UTC)


@needs_vendor_files
def test_the_observed_health_says_that_a_reboot_is_due_and_that_no_patch_is() -> None:
    row = json.loads(payload("ninjaone/device_health_query.observed.json"))["results"][0]
    assert health_part(row) == DevicePart("63", Facts(needs_reboot=True, patches_pending=0, patches_failed=0))


def test_a_row_of_nothing_but_nulls_says_nothing() -> None:
    row = dict.fromkeys(agent_row()) | {"id": 33}
    assert part(row) == DevicePart("33", Facts(agent_status=AgentStatus.UNKNOWN, maintenance_mode=False))


# ---- single fields


@pytest.mark.parametrize(
    ("offline", "status"), [(False, "online"), (True, "offline"), (None, "unknown"), ("no", "unknown")]
)
def test_a_device_whose_state_is_not_said_is_unknown_and_not_online(offline: Any, status: str) -> None:
    assert facts(offline=offline).agent_status == AgentStatus(status)


@pytest.mark.parametrize("name", ["PENDING", "REJECTED", "STAGED", "DECOMMISSIONED"])
def test_a_device_that_was_not_taken_in_says_so(name: str) -> None:
    assert part(agent_row(approvalStatus=name)).approval == name.lower()


@pytest.mark.parametrize(
    ("maintenance", "expected"),
    [
        (None, False),
        ({"status": "IN_MAINTENANCE"}, True),
        ({"status": "PENDING"}, False),
        ({"status": "FAILED"}, False),
        ("yes", None),
    ],
)
def test_only_maintenance_that_goes_on_is_maintenance(maintenance: Any, expected: bool | None) -> None:
    assert facts(maintenance=maintenance).maintenance_mode is expected


def test_a_location_that_is_referenced_is_not_looked_up() -> None:
    references = {"location": {"id": 5, "name": "Branch"}, "organization": {"id": 2, "name": "Acme"}}
    made = device_part(agent_row(references=references), {"5": "Main Office"}.get)
    assert isinstance(made, DevicePart)
    assert (made.facts.location, made.organization_name) == ("Branch", "Acme")


def test_times_are_seconds_with_a_fraction_and_in_utc() -> None:
    made = part(agent_row(lastContact=1_742_412_252.744, os={"lastBootTime": 1_742_000_000}))
    assert made.seen.last_seen_at == datetime(2025, 3, 19, 19, 24, 12, 744000, tzinfo=UTC)
    assert made.seen.booted_at == datetime(2025, 3, 15, 0, 53, 20, tzinfo=UTC)


def test_volumes_that_come_and_go_are_no_disks_and_the_order_does_not_matter() -> None:
    stick = {"name": "E:", "deviceType": "Removable Disk", "capacity": 2**35, "freeSpace": 2**34}
    home = {"name": "/home", "capacity": 2**40, "freeSpace": 0}
    root = {"name": "/", "capacity": "1073741824", "freeSpace": 2**29}
    made = part(agent_row(volumes=[stick, root, home]))
    assert made.facts.disks == (Disk("/", 1.0), Disk("/home", 1024.0))
    assert made.seen.free_gib == {"/": 0.5, "/home": 0.0}
    assert part(agent_row(volumes=[home, root, stick])) == made


def test_a_firmware_that_has_no_serial_number_does_not_hide_the_bios_one() -> None:
    system = {"serialNumber": "To be filled by O.E.M.", "biosSerialNumber": "ABC1234"}
    assert facts(system=system).serial_number == "ABC1234"


def test_a_mobile_device_and_a_guest_are_read_by_their_own_members() -> None:
    phone = {
        "id": 1,
        "nodeClass": "APPLE_IOS",
        "system": {"model": "iPhone", "manufacturer": "Apple", "build": "21F79"},
    }
    guest = {"id": 2, "nodeClass": "VMWARE_VM_GUEST", "cpuCores": 4, "guestOSFullName": "Debian", "memorySize": 2**33}
    assert (part(phone).facts.model, part(phone).facts.os_version) == ("iPhone", "21F79")
    made = part(guest).facts
    assert (made.cpu_cores, made.operating_system, made.ram_gib) == (4, "Debian", 8.0)


# ---- health and antivirus


def test_patches_of_the_system_and_of_other_software_are_counted_together() -> None:
    made = health_part(health_row())
    assert isinstance(made, DevicePart)
    assert (made.facts.patches_pending, made.facts.patches_failed) == (5, 1)


def test_what_is_not_counted_is_not_invented() -> None:
    made = health_part({"deviceId": 33, "pendingOSPatchesCount": 4, "failedOSPatchesCount": "?"})
    assert isinstance(made, DevicePart)
    assert (made.facts.patches_pending, made.facts.patches_failed, made.facts.last_patch_scan_at) == (4, None, None)


@pytest.mark.parametrize("reason", ["", None, 5, [], "none"])
def test_health_without_a_reason_denies_no_reboot(reason: Any) -> None:
    made = health_part(health_row(pendingRebootReason=reason))
    assert isinstance(made, DevicePart)
    assert made.facts.needs_reboot is None


@pytest.mark.parametrize(
    ("rows", "product", "status"),
    [
        ([("Defender", "OFF", "Up-to-Date"), ("Bitdefender", "ON", "Up-to-Date")], "Bitdefender", "protected"),
        ([("Bitdefender", "ON", "Up-to-Date"), ("Defender", "OFF", "Up-to-Date")], "Bitdefender", "protected"),
        ([("Defender", "ON", "Out-of-Date")], "Defender", "unprotected"),
        ([("Defender", "ON", "Unknown")], "Defender", "protected"),
        ([("Defender", "EXPIRED", "Up-to-Date")], "Defender", "unprotected"),
        ([("Defender", "OFF", ""), ("New", "SOMETHING_NEW", "")], "New", "unknown"),
        ([("Defender", None, None)], "Defender", "unknown"),
    ],
)
def test_a_device_is_as_protected_as_its_best_product(rows: list[Any], product: str, status: str) -> None:
    products = Products(None)
    products.add(antivirus_row(33, *row) for row in rows)
    assert products.parts() == (DevicePart("33", Facts(antivirus_product=product, antivirus_status=status)),)


def test_a_product_on_the_next_page_counts_as_well() -> None:
    first, second = Products(None), None
    first.add([antivirus_row(1), antivirus_row(2, "Defender", "OFF")])
    held = first.hold_back()
    second = Products(held)
    second.add([antivirus_row(2, "Bitdefender", "ON"), antivirus_row(3)])
    made = [
        (each.external_id, each.facts.antivirus_product)
        for each in (*first.parts(), *second.parts())
        if isinstance(each, DevicePart)
    ]
    assert made == [("1", "Windows Defender"), ("2", "Bitdefender"), ("3", "Windows Defender")]


# ---- software


def test_programs_are_given_by_device_with_their_day() -> None:
    rows = [
        {"deviceId": 1, "name": "7-Zip", "version": "23.01", "publisher": "Igor Pavlov", "installDate": "2024-02-01"},
        {"deviceId": 2, "name": "Chrome", "installDate": "2024-02-01T10:00:00Z"},
        {"deviceId": 1, "name": "Zoom", "installDate": 5},
        {"deviceId": 2, "version": "1"},
        {"name": "of nobody"},
        None,
    ]
    made = software_rows(rows)
    assert made[:2] == (
        DeviceSoftware("1", (Program("7-Zip", "23.01", "Igor Pavlov", "2024-02-01"), Program("Zoom"))),
        DeviceSoftware("2", (Program("Chrome", installed_on="2024-02-01"),)),
    )
    assert [each.external_id for each in made[2:]] == ["2", None, None]
    assert all(isinstance(each, Unreadable) and ":" in each.reason for each in made[2:])


# ---- anything


@pytest.mark.parametrize(
    "row", [None, 5, "text", [], {}, {"id": LONG}, {"id": True}, {"id": "\x07"}, {"displayName": "x"}]
)
def test_a_row_without_an_id_is_told_as_such(row: Any) -> None:
    made = device_part(row, no_location)
    assert isinstance(made, Unreadable)
    assert made.external_id is None
    assert "id" in made.reason or "object" in made.reason


@pytest.mark.parametrize("value", JUNK)
def test_no_value_of_any_field_raises_anything_or_is_taken_for_what_it_is_not(value: Any) -> None:
    for name in agent_row():
        if name != "id":
            assert part(agent_row(**{name: value})).external_id == "33"
    for nested in ("os", "system", "memory", "maintenance", "references"):
        for name in ("name", "needsReboot", "serialNumber", "capacity", "status", "location", "lastBootTime"):
            part(agent_row(**{nested: {name: value}}))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
ROWS = st.dictionaries(st.sampled_from(sorted(agent_row())), ANYTHING) | ANYTHING


@given(ROWS)
def test_any_row_is_a_device_or_is_named(row: Any) -> None:
    made = device_part(row, no_location)
    assert isinstance(made, DevicePart) or made.reason


@given(st.lists(ANYTHING | st.dictionaries(st.sampled_from(["deviceId", *health_row(), *antivirus_row()]), ANYTHING)))
def test_any_rows_of_reports_are_read_or_named(rows: list[Any]) -> None:
    for each in rows:
        assert isinstance(health_part(each), DevicePart | Unreadable)
    products = Products(None)
    products.add(rows)
    products.hold_back()
    products.parts()
    software_rows(rows)


# ---- the tables


def test_every_place_of_the_tables_is_read() -> None:
    """A row with a single place filled gives its field, so that no line of the tables is only for show."""
    values: dict[str, Any] = {
        "os": {"releaseId": "23H2", "buildNumber": "1"},
        "volumes": [{"name": "C:", "capacity": 2**30, "freeSpace": 2**29}],
        "processors": [{"name": "CPU", "architecture": "x64", "numCores": 8}],
        "ipAddresses": ["10.0.0.1"],
        "publicIP": "203.0.113.9",
        "macAddresses": ["d0:67:26:cb:03:52"],
        "offline": True,
        "tags": ["vip"],
        "maintenance": {"status": "IN_MAINTENANCE"},
        "os.needsReboot": True,
        "lastContact": 1_742_412_252.744,
        "os.lastBootTime": 1_742_412_252.744,
        "lastBootTime": 1_742_412_252.744,
    }
    sizes = dict.fromkeys(("memory.capacity", "system.totalPhysicalMemory", "memorySize", "cpuCores"), 2**30)
    for each in (*FACTS, *SEEN, *DEVICE, *HEALTH):
        for place in each.places:
            value: Any = {**values, **sizes, "cpuCores": 4}.get(place.path, "text")
            for step in reversed(place.steps):
                value = {step: value}
            assert each.value(value) not in (None, (), {}, each.absent), (each.name, place.path)


def test_there_are_33_node_classes_and_a_new_one_is_another_thing() -> None:
    assert len(NODE_CLASSES) == 33
    assert asset_type_of("nms_quantum_router") is AssetType.OTHER
    assert asset_type_of("windows_server") is AssetType.SERVER
    assert asset_type_of(None) is None


@needs_vendor_files
def test_the_node_classes_are_those_of_the_specification() -> None:
    specification = (PAYLOADS.parent / "openapi" / "ninjaone-api-core-resources-2026.yaml").read_text()
    behind = specification[specification.index("\n    Device:\n") :]
    listed = behind[behind.index("nodeClass:") :].split("enum:", 1)[1].split("description", 1)[0]
    names = [line.strip(" -") for line in listed.splitlines() if line.strip().startswith("- ")]
    assert sorted(names[:33]) == sorted(NODE_CLASSES)
