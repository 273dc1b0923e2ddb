"""Level's devices; the port is connections/fleet.py. Sources: openapi/level-v2-openapi.json; vendors.md 3.

Lists come 100 rows a page; the next begins after the last row's id, so that a listing can be gone on with anywhere.
There is no inventory of software.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from tandem.assets.models import Device, Facts
from tandem.connections.calls import Page
from tandem.connections.errors import Forbidden, NotFound
from tandem.connections.fleet import OrganizationListed, PartPage, RemoteAccess, SoftwarePage, Source, Unreadable
from tandem.connections.http import VendorHttp
from tandem.providers.levelio import fleet_mapping
from tandem.providers.levelio.api import Level
from tandem.providers.levelio.listing import PAGE_SIZE, page

DEVICES: Final = Source("devices", is_devices=True)
UPDATES: Final = Source("updates", optional=True, counts_patches=True)

_INCLUDES: Final = {f"include_{name}": "true" for name in fleet_mapping.INCLUDES}
_PAGE_OF_A_DEVICE: Final = "https://app.level.io/devices/"
"""As Level's own node for n8n takes it."""


class LevelFleet:
    """One Level organization's devices."""

    sources: tuple[Source, ...] = (DEVICES, UPDATES)
    patch_sources: tuple[Source, ...] = (UPDATES,)
    software_sources: tuple[Source, ...] = ()

    def __init__(self, http: VendorHttp, integration_id: str) -> None:
        self._http = http
        self._integration_id = integration_id

    def organizations(self) -> Iterator[OrganizationListed]:
        """The groups, with their paths: nothing is given before the last page."""
        for group in Level(self._http, self._integration_id).organizations():
            yield OrganizationListed(group.external_id, group.name, group.parent_id, group.path)

    def pages(self, source: str, after: str | None) -> Iterator[PartPage]:
        """`/v2/devices` with all that it includes when asked, or `/v2/updates?status=available`, of which each page
        gives a part for each device among its rows. Raises BadReply for a listing that goes in circles."""
        if source == DEVICES.name:
            for rows in self._pages("/v2/devices", _INCLUDES, after):
                yield PartPage(tuple(fleet_mapping.part(row) for row in rows.rows), rows.after)
        elif source == UPDATES.name:
            for rows in self._pages("/v2/updates", {"status": "available"}, after):
                yield PartPage(tuple(fleet_mapping.waiting_updates(rows.rows)), rows.after)
        else:
            raise ValueError(f"Level has no listing {source!r}")

    def restarts(self, source: str) -> bool:
        """No listing does."""
        return False

    def software_pages(self, source: str, after: str | None) -> Iterator[SoftwarePage]:
        """There is none."""
        raise ValueError("Level has no inventory of software")

    def device(self, external_id: str) -> Device | None:
        """`/v2/devices/<id>`, which has what the listing has, and the count of its updates, unless the key may not see
        them. Raises BadReply if it cannot be read."""
        try:
            row = self._http.get(f"/v2/devices/{quote(external_id, safe='')}", _INCLUDES)
        except NotFound:
            return None
        part = fleet_mapping.part(row)
        if isinstance(part, Unreadable) or part.external_id != external_id:
            problem = part.reason if isinstance(part, Unreadable) else "it is another device"
            raise self._http.bad_reply(f"device {external_id}: {problem}")
        facts = replace(part.facts, patches_pending=self._waiting(external_id))
        return Device(external_id, part.organization_id, part.organization_name, facts, part.seen)

    def patches_of(self, external_id: str) -> Facts | None:
        """The count of its updates; None if the key may not see them."""
        waiting = self._waiting(external_id)
        return None if waiting is None else Facts(patches_pending=waiting)

    def remote_access(self, external_id: str) -> RemoteAccess:
        """The device's page in Level, which asks for a sign-in of its own: the API makes no links."""
        return RemoteAccess(f"{_PAGE_OF_A_DEVICE}{quote(external_id, safe='')}")

    # ---- within

    def _waiting(self, device_id: str) -> int | None:
        filters = {"device_id": device_id, "status": "available"}
        try:
            rows = [row for each in self._pages("/v2/updates", filters, None) for row in each.rows]
        except (Forbidden, NotFound):
            return None
        return sum(isinstance(row, dict) and row.get("is_available") is not False for row in rows)

    def _pages(self, path: str, filters: dict[str, str], after: str | None) -> Iterator[Page]:
        seen: set[str] = set()
        for _ in range(self._http.limits.pages):
            got = page(self._http, path, {"limit": PAGE_SIZE, **filters}, after)
            if after is not None and any(_id(row) == after for row in got.rows):
                raise self._http.bad_reply(f"{path} goes in circles: behind a row comes the row itself")
            if got.after is not None and got.after in seen:
                raise self._http.bad_reply(f"{path} goes in circles: the same page came twice")
            yield got
            if got.after is None:
                return
            after = got.after
            seen.add(after)
        raise self._http.bad_reply(f"{path} has more than {self._http.limits.pages} pages")


def _id(row: Any) -> Any:
    return row.get("id") if isinstance(row, dict) else None
