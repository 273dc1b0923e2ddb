"""NinjaOne's devices over HTTP: whole fleets through its port, with whatever goes wrong on the way."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from tandem.alerts.models import Provider
from tandem.assets.models import AgentStatus, AssetType, Facts
from tandem.connections.calls import Around
from tandem.connections.errors import BadReply, Forbidden, NotFound, ServerFailed, VendorError
from tandem.connections.fleet import DevicePart, DeviceSoftware, Fleet, PartPage, SoftwarePage, Unreadable
from tandem.connections.http import VendorHttp
from tandem.connections.limits import Deadline, Limits, RateLimit
from tandem.connections.transport import checked_transport
from tandem.connections.vendors import VENDORS
from tandem.providers.ninjaone import api as ninjaone
from tandem.providers.ninjaone.fleet import NinjaOneFleets
from tandem.providers.ninjaone.sentences import ADVICE
from tests.integration.polling import HERE
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.world import ninjaone as populate
from tests.unit.providers.clients import OneToken

# The waits between attempts are not what is tested here.
LIMITS = Limits(RateLimit(100_000, timedelta(seconds=1)), first_wait=0.001, longest_wait=0.002)


class Token(OneToken):
    """The simulator's."""

    def __init__(self, simulator: NinjaOne) -> None:
        self._token = simulator.token("monitoring")

    def token(self) -> str:
        return self._token


PAGE = 10


def opened(simulator: NinjaOne, fleets: NinjaOneFleets | None = None) -> Fleet:
    around = Around(checked_transport(HERE))
    http = VendorHttp(
        simulator.url,
        advice=ADVICE,
        authorize=ninjaone.authorization(Token(simulator)),
        limits=LIMITS,
        deadline=Deadline(60, around.clock),
        around=around,
        rule=HERE,
    )
    return (fleets or NinjaOneFleets(PAGE))(http, "integration-1")


def page_by_page(fleet: Fleet, source: str) -> list[PartPage]:
    """As a sync reads them: one page a message."""
    pages, after = [next(iter(fleet.pages(source, None)))], None
    while (after := pages[-1].after) is not None:
        pages.append(next(iter(fleet.pages(source, after))))
    return pages


def parts(pages: Iterable[PartPage]) -> dict[str, DevicePart]:
    return {row.external_id: row for page in pages for row in page.rows if isinstance(row, DevicePart)}


def software(pages: Iterable[SoftwarePage]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for page in pages:
        for row in page.rows:
            if isinstance(row, DeviceSoftware):
                found.setdefault(row.external_id, set()).update(each.name for each in row.programs)
    return found


def paths(simulator: NinjaOne) -> list[str]:
    return [entry.path for entry in simulator.requests.all() if entry.path.startswith("/v2/")]


@pytest.fixture
def fleet(simulated_ninjaone: NinjaOne) -> Fleet:
    populate(simulated_ninjaone, organizations=3, devices=25)
    return opened(simulated_ninjaone)


# ---- whole listings


def test_one_listing_says_which_devices_there_are_and_the_others_may_be_refused(fleet: Fleet) -> None:
    assert [each.name for each in fleet.sources if each.is_devices] == ["devices"]
    assert [each.name for each in fleet.sources if not each.optional] == ["devices"]
    assert set(fleet.patch_sources) <= set(fleet.sources)
    assert not any(fleet.restarts(each.name) for each in (*fleet.sources, *fleet.software_sources))
    assert VENDORS[Provider.NINJAONE].fleet is not None


@pytest.mark.parametrize("source", ["devices", "device-health"])
def test_every_device_is_listed_once_and_no_page_is_longer_than_it_may_be(fleet: Fleet, source: str) -> None:
    pages = page_by_page(fleet, source)
    listed = [row.external_id for page in pages for row in page.rows]
    assert listed == [str(number) for number in range(1, 26)]
    assert max(len(page.rows) for page in pages) == PAGE
    assert list(parts(fleet.pages(source, None))) == listed


def test_a_sync_asks_page_by_page_and_nothing_device_by_device(fleet: Fleet, simulated_ninjaone: NinjaOne) -> None:
    for each in fleet.sources:
        page_by_page(fleet, each.name)
    asked = paths(simulated_ninjaone)
    assert len(asked) == 4 + 2 + 4 + 3  # an empty page ends each, and locations are listed once
    assert not [path for path in asked if path.startswith("/v2/device/")]


def test_locations_are_listed_once_for_many_pages(simulated_ninjaone: NinjaOne) -> None:
    populate(simulated_ninjaone, organizations=2, devices=12)
    fleets = NinjaOneFleets(PAGE)
    found: dict[str, DevicePart] = {}
    after: str | None = None
    while True:
        page = next(iter(opened(simulated_ninjaone, fleets).pages("devices", after)))
        found |= parts([page])
        after = page.after
        if after is None:
            break
    assert {each.facts.location for each in found.values()} == {"Main Office"}
    assert (
        paths(simulated_ninjaone).count("/v2/locations") == 2
    )  # the second page is empty, and says that it is the end


def test_antivirus_is_told_once_a_device_also_across_pages(fleet: Fleet, simulated_ninjaone: NinjaOne) -> None:
    for device in list(simulated_ninjaone.state.devices)[:15]:
        device.antivirus = [("Windows Defender", "OFF", "Up-to-Date"), ("Bitdefender", "ON", "Up-to-Date")]
    pages = page_by_page(fleet, "antivirus-status")
    rows = [row for page in pages for row in page.rows]
    found = parts(pages)
    assert len(rows) == len(found)
    assert {found[str(number)].facts.antivirus_product for number in range(1, 16)} == {"Bitdefender"}


def test_nothing_but_what_changes_all_the_time_differs_after_a_drift(
    fleet: Fleet, simulated_ninjaone: NinjaOne
) -> None:
    before = {each.name: parts(fleet.pages(each.name, None)) for each in fleet.sources}
    simulated_ninjaone.drift()
    after = {each.name: parts(fleet.pages(each.name, None)) for each in fleet.sources}
    for name, devices in before.items():
        assert [each.facts for each in after[name].values()] == [each.facts for each in devices.values()]
    assert any(
        after["devices"][device].seen.free_gib != part.seen.free_gib for device, part in before["devices"].items()
    )


def test_software_of_all_devices_is_listed_and_goes_on_from_any_page(
    simulated_ninjaone: NinjaOne,
) -> None:
    populate(simulated_ninjaone, organizations=1, devices=4)
    simulated_ninjaone.fill_inventories(100)
    fleet = opened(simulated_ninjaone)
    first = next(iter(fleet.software_pages("software", None)))
    rest = opened(simulated_ninjaone).software_pages("software", first.after)
    found = software([first, *rest])
    assert len(found) == 4
    assert {len(programs) for programs in found.values()} == {100}


def test_organizations_come_with_their_places(simulated_ninjaone: NinjaOne) -> None:
    acme = simulated_ninjaone.add_organization("Acme").id
    simulated_ninjaone.state.add_location(acme, "Branch", "1 High Street")
    told = [
        (each.external_id, each.path, each.parent_id, each.is_place)
        for each in opened(simulated_ninjaone).organizations()
    ]
    assert told == [
        ("1", "Acme", None, False),
        ("location:1", "Acme / Main Office", "1", True),
        ("location:2", "Acme / Branch", "1", True),
    ]


# ---- every kind of machine


def test_every_kind_of_machine_is_read(simulated_ninjaone: NinjaOne) -> None:
    kinds = {
        "MAC": AssetType.WORKSTATION,
        "VMWARE_VM_GUEST": AssetType.VM_GUEST,
        "HYPERV_VMM_HOST": AssetType.VM_HOST,
        "APPLE_IPADOS": AssetType.MOBILE_DEVICE,
        "CLOUD_MONITOR_TARGET": AssetType.CLOUD_MONITOR,
        "NMS_SWITCH": AssetType.NETWORK_DEVICE,
        "UNMANAGED_DEVICE": AssetType.OTHER,
        "SOMETHING_NEW": AssetType.OTHER,
    }
    organization = simulated_ninjaone.add_organization("Acme").id
    for kind in kinds:
        simulated_ninjaone.add_device(organization, f"The {kind}", kind)
    found = parts(opened(simulated_ninjaone).pages("devices", None))
    assert {each.facts.provider_class: each.facts.asset_type for each in found.values()} == kinds


def test_one_bad_row_is_named_and_stops_nobody(simulated_ninjaone: NinjaOne) -> None:
    populate(simulated_ninjaone, organizations=1, devices=3)
    simulated_ninjaone.overlay_device(2, {"id": None})
    page = next(iter(opened(simulated_ninjaone).pages("devices", None)))
    first, bad, last = page.rows
    assert isinstance(first, DevicePart)
    assert isinstance(last, DevicePart)
    assert isinstance(bad, Unreadable)
    assert "id" in bad.reason


# ---- one device


def test_a_single_device_has_what_the_whole_listings_say_of_it(simulated_ninjaone: NinjaOne) -> None:
    populate(simulated_ninjaone, organizations=2, devices=20)
    simulated_ninjaone.set_patches(7, pending_os=3, failed_software=1)
    simulated_ninjaone.set_antivirus(7, [("Defender", "ON", "Out-of-Date")])
    simulated_ninjaone.set_tags(7, ["vip"])
    simulated_ninjaone.start_maintenance(7)
    simulated_ninjaone.set_offline(7)
    simulated_ninjaone.approve_device(7, "PENDING")
    fleet = opened(simulated_ninjaone)
    device = fleet.device("7")
    assert device is not None
    listed = [parts(fleet.pages(each.name, None))["7"] for each in fleet.sources]
    for name in Facts.__slots__:
        said = [getattr(each.facts, name) for each in listed if getattr(each.facts, name) not in (None, ())]
        assert getattr(device.facts, name) == (said[0] if said else getattr(Facts(), name)), name
    facts = device.facts
    assert (facts.patches_pending, facts.patches_failed, facts.antivirus_status) == (3, 1, "unprotected")
    assert (facts.agent_status, facts.maintenance_mode, facts.tags) == (AgentStatus.OFFLINE, True, ("vip",))
    # Windows waits for a reboot, though its agent's row alone would not have said so.
    assert (device.approval, device.organization_id, facts.needs_reboot) == ("pending", "1", True)


def test_a_device_that_is_gone_is_none_and_one_that_cannot_be_read_is_told(simulated_ninjaone: NinjaOne) -> None:
    populate(simulated_ninjaone, organizations=1, devices=2)
    fleet = opened(simulated_ninjaone)
    assert fleet.device("99") is None
    simulated_ninjaone.overlay_device(1, {"id": 2})
    with pytest.raises(BadReply, match="another device"):
        fleet.device("1")


def test_a_device_is_read_without_the_reports_that_are_refused(simulated_ninjaone: NinjaOne) -> None:
    populate(simulated_ninjaone, organizations=1, devices=2)
    simulated_ninjaone.faults.add("status", status=403, path="/v2/queries/", times=None)
    device = opened(simulated_ninjaone).device("1")
    assert device is not None
    assert (device.facts.serial_number, device.facts.patches_pending) == ("NJ00000001", None)


def test_a_link_into_a_device_ends(simulated_ninjaone: NinjaOne) -> None:
    populate(simulated_ninjaone, organizations=1, devices=2)
    fleet = opened(simulated_ninjaone)
    link = fleet.remote_access("2")
    assert link.url == f"{simulated_ninjaone.url}/#/deviceDashboard/2/overview"
    assert link.expires_at is not None
    with pytest.raises(NotFound):
        fleet.remote_access("99")
    assert fleet.patches_of("2") is None


# ---- what goes wrong


@pytest.mark.parametrize(
    "fault",
    [{"kind": "cut_off"}, {"kind": "reset"}, {"kind": "status", "status": 429}, {"kind": "status", "status": 500}],
)
@pytest.mark.parametrize("source", ["devices", "device-health", "antivirus-status"])
def test_a_fault_that_passes_costs_no_device(
    fleet: Fleet, simulated_ninjaone: NinjaOne, source: str, fault: dict[str, Any]
) -> None:
    expected = parts(fleet.pages(source, None))
    simulated_ninjaone.faults.add(path="devices-detailed|queries", after=1, **fault)
    assert parts(page_by_page(fleet, source)) == expected


@pytest.mark.parametrize("kind", ["truncated", "html", "empty_body"])
@pytest.mark.parametrize("source", ["devices", "device-health", "antivirus-status"])
def test_a_page_that_is_none_is_told_and_its_message_can_come_again(
    fleet: Fleet, simulated_ninjaone: NinjaOne, source: str, kind: str
) -> None:
    expected = parts(fleet.pages(source, None))
    simulated_ninjaone.faults.add(kind, path="devices-detailed|queries", after=1)
    first = next(iter(fleet.pages(source, None)))
    with pytest.raises(VendorError):
        next(iter(fleet.pages(source, first.after)))
    pages = [first]
    while pages[-1].after is not None:
        pages.append(next(iter(fleet.pages(source, pages[-1].after))))
    assert parts(pages) == expected


def test_a_listing_that_repeats_a_page_is_told(fleet: Fleet, simulated_ninjaone: NinjaOne) -> None:
    simulated_ninjaone.faults.add("repeated_page", path="devices-detailed", after=1, times=None)
    with pytest.raises(BadReply, match="in circles"):
        page_by_page(fleet, "devices")
    simulated_ninjaone.faults.clear()
    simulated_ninjaone.faults.add("repeated_page", path="queries", after=1, times=None)
    with pytest.raises(BadReply, match="in circles"):
        page_by_page(fleet, "device-health")


def test_half_a_page_is_not_taken_for_the_last(fleet: Fleet, simulated_ninjaone: NinjaOne) -> None:
    simulated_ninjaone.faults.add("half_listing", path="devices-detailed", after=1)
    assert len(parts(page_by_page(fleet, "devices"))) == 25


def test_cursors_that_expire_between_pages_cost_no_device(fleet: Fleet, simulated_ninjaone: NinjaOne) -> None:
    first = next(iter(fleet.pages("device-health", None)))
    simulated_ninjaone.expire_cursors()
    assert len(parts([first, *fleet.pages("device-health", first.after)])) == 25


def test_a_source_that_is_refused_says_so(fleet: Fleet, simulated_ninjaone: NinjaOne) -> None:
    simulated_ninjaone.faults.add("status", status=403, path="queries", times=None)
    with pytest.raises(Forbidden):
        next(iter(fleet.pages("device-health", None)))
    simulated_ninjaone.faults.add("status", status=500, path="devices-detailed", times=None)
    with pytest.raises(ServerFailed):
        next(iter(fleet.pages("devices", None)))
    with pytest.raises(ValueError, match="no source"):
        fleet.pages("disks", None)


def test_locations_that_may_not_be_read_leave_devices_without_one(simulated_ninjaone: NinjaOne) -> None:
    populate(simulated_ninjaone, organizations=1, devices=2)
    simulated_ninjaone.faults.add("status", status=403, path="/v2/locations", times=None)
    found = parts(opened(simulated_ninjaone).pages("devices", None))
    assert [each.facts.location for each in found.values()] == [None, None]
