"""NinjaOne's devices; the port is connections/fleet.py. Sources: the OpenAPI of 2026; vendors.md 1.5, 1.6.

A sync reads three listings and nothing device by device:

    device-health       what waits to be installed and what failed, and whether a reboot is due
    devices             `/v2/devices-detailed`: all that the agent tells, volumes and processors too
    antivirus-status    which antivirus protects it

The other reports (computer-systems, operating-systems, processors, volumes, network-interfaces, logged-on-users) repeat
what `/v2/devices-detailed` has. device-health comes first because a reboot is due if either says so: it says only that
one is (a reason), the device's row also that none is, and what was said first stays.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from typing import Any, Final
from urllib.parse import quote, urlsplit

from tandem.assets.merging import overlay
from tandem.assets.models import Device, Facts
from tandem.connections.errors import Forbidden, NotFound, Rejected
from tandem.connections.fleet import (
    DevicePart,
    OrganizationListed,
    PartPage,
    RemoteAccess,
    SoftwarePage,
    Source,
    Unreadable,
)
from tandem.connections.http import VendorHttp
from tandem.providers.moments import moment
from tandem.providers.ninjaone.antivirus import Products
from tandem.providers.ninjaone.fleet_mapping import device_part, health_part
from tandem.providers.ninjaone.places import PAGE_SIZE, LocationNames, listed, organizations
from tandem.providers.ninjaone.reports import Reports, Walk
from tandem.providers.ninjaone.software import software_rows

HEALTH: Final = Source("device-health", optional=True)
DEVICES: Final = Source("devices", is_devices=True)
NO_WORD_OF_ANTIVIRUS: Final = Facts(antivirus_status="unknown")
"""Of a device in no row about antivirus: it may have lost the one that it had, so it is not `protected` any more."""

ANTIVIRUS: Final = Source("antivirus-status", optional=True, silence=NO_WORD_OF_ANTIVIRUS)
SOFTWARE: Final = Source("software")


class NinjaOneFleets:
    """Makes the port of each tenant; what they share is kept as long as a function instance lives."""

    def __init__(self, page_size: int = PAGE_SIZE) -> None:
        self._page_size = page_size
        self._locations = LocationNames()

    def __call__(self, http: VendorHttp, integration_id: str) -> "NinjaOneFleet":
        """The devices of one tenant, for one piece of work."""
        return NinjaOneFleet(http, integration_id, self._locations, self._page_size)


class NinjaOneFleet:
    """The devices of one tenant."""

    sources: tuple[Source, ...] = (HEALTH, DEVICES, ANTIVIRUS)
    patch_sources: tuple[Source, ...] = (HEALTH,)
    software_sources: tuple[Source, ...] = (SOFTWARE,)

    def __init__(self, http: VendorHttp, integration_id: str, locations: LocationNames, page_size: int) -> None:
        self._http = http
        self._integration_id = integration_id
        self._locations = locations
        self._page_size = page_size
        self._reports = Reports(http)

    def organizations(self) -> Iterator[OrganizationListed]:
        """`/v2/organizations`, then `/v2/locations`."""
        return organizations(self._http)

    def pages(self, source: str, after: str | None) -> Iterator[PartPage]:
        """`after`: of `devices` the last id, of the reports a Walk. Rows of a report may come twice (reports.py).
        Raises VendorError; ValueError for a source that does not exist."""
        if source == DEVICES.name:
            return self._devices(after)
        if source == HEALTH.name:
            return self._health(after)
        if source == ANTIVIRUS.name:
            return self._antivirus(after)
        raise ValueError(f"NinjaOne has no source {source}")

    def restarts(self, source: str) -> bool:
        """All of them are gone on with."""
        return False

    def software_pages(self, source: str, after: str | None) -> Iterator[SoftwarePage]:
        """`/v2/queries/software`: a device's programs may be spread over pages, and come twice."""
        if source != SOFTWARE.name:
            raise ValueError(f"NinjaOne has no source {source}")
        walk: Walk | None = Walk.of(after)
        while walk is not None:
            page = self._reports.next_rows(SOFTWARE.name, walk, self._page_size)
            walk = page.walk
            yield SoftwarePage(software_rows(page.rows), _text(walk))

    def device(self, external_id: str) -> Device | None:
        """`/v2/device/{id}` and its rows of the reports."""
        try:
            row = self._http.get(f"/v2/device/{quote(external_id, safe='')}")
        except NotFound:
            return None
        part = device_part(row, self._location_name)
        if isinstance(part, Unreadable) or part.external_id != external_id:
            problem = part.reason if isinstance(part, Unreadable) else "it is another device"
            raise self._http.bad_reply(f"device {external_id}: {problem}")
        health = [health_part(each) for each in self._of_device(HEALTH, external_id) or ()]
        said = [each.facts for each in (*health, part) if isinstance(each, DevicePart)]
        rows = self._of_device(ANTIVIRUS, external_id)
        if rows is not None:
            products = Products(None)
            products.add(rows)
            protection = [each.facts for each in products.parts() if isinstance(each, DevicePart)]
            said += protection if rows else [NO_WORD_OF_ANTIVIRUS]
        facts = reduce(overlay, said)
        return Device(external_id, part.organization_id, part.organization_name, facts, part.seen, part.approval)

    def patches_of(self, external_id: str) -> Facts | None:
        """NinjaOne tells them of all devices at once."""
        return None

    def remote_access(self, external_id: str) -> RemoteAccess:
        """`/v2/device/{id}/dashboard-url`: a link that ends. Raises VendorError: NotFound without such a device."""
        link = self._http.get(f"/v2/device/{quote(external_id, safe='')}/dashboard-url", {"redirect": "false"})
        url = link.get("url") if isinstance(link, dict) else None
        if not isinstance(url, str) or not _is_link(url):
            raise self._http.bad_reply(f"the link to device {external_id} is none")
        return RemoteAccess(url, moment(link.get("expires")))

    # ---- within

    def _devices(self, after: str | None) -> Iterator[PartPage]:
        rows: list[DevicePart | Unreadable] = []
        for row, last in listed(self._http, "/v2/devices-detailed", after, self._page_size):
            rows.append(device_part(row, self._location_name))
            if len(rows) == self._page_size and last is not None:
                yield PartPage(tuple(rows), last)
                rows = []
        yield PartPage(tuple(rows), None)

    def _health(self, after: str | None) -> Iterator[PartPage]:
        walk: Walk | None = Walk.of(after)
        while walk is not None:
            page = self._reports.next_rows(HEALTH.name, walk, self._page_size)
            walk = page.walk
            yield PartPage(tuple(health_part(row) for row in page.rows), _text(walk))

    def _antivirus(self, after: str | None) -> Iterator[PartPage]:
        """The last device of a page is given with the next, which may tell more of it; so a page is one shorter."""
        walk: Walk | None = Walk.of(after)
        while walk is not None:
            page = self._reports.next_rows(ANTIVIRUS.name, walk, self._page_size - 1)
            products = Products(page.held)
            products.add(page.rows)
            walk = None if page.walk is None else replace(page.walk, held=products.hold_back())
            yield PartPage(products.parts(), _text(walk))

    def _of_device(self, source: Source, external_id: str) -> list[Any] | None:
        """None if the report is refused."""
        try:
            return self._reports.of_device(source.name, external_id)
        except (Forbidden, NotFound, Rejected):
            return None

    def _location_name(self, location_id: str) -> str | None:
        return self._locations.name(self._http, self._integration_id, location_id)


def _text(walk: Walk | None) -> str | None:
    return None if walk is None else walk.to_text()


def _is_link(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.netloc)
