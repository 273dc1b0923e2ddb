"""NinjaOne's organizations and their locations. Source: the OpenAPI (Organization, LocationWithOrganizationRef)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from tandem.connections.calls import Call
from tandem.connections.errors import Forbidden, NotFound, Rejected
from tandem.connections.fleet import OrganizationListed
from tandem.connections.http import VendorHttp
from tandem.providers.api_alerts import fields_of, identifier
from tandem.providers.fields import Fields, labelled

PAGE_SIZE: Final = 1000
REMEMBERED: Final = timedelta(minutes=10)


def listed(
    http: VendorHttp, path: str, after: str | None = None, page_size: int = PAGE_SIZE
) -> Iterator[tuple[Any, str | None]]:
    """The rows of a listing that goes on behind the last id, each with the last id that was read so far. An empty page
    ends it, not a short one: NinjaOne does not say what the largest page is. Raises VendorError."""
    for _ in range(http.limits.pages):
        last, count = after, 0
        params: dict[str, str | int] = {"pageSize": page_size, **({} if after is None else {"after": after})}
        for row in http.rows(Call("GET", path, params, repeatable=True)):
            count += 1
            row_id = identifier(Fields(row), "id") if isinstance(row, dict) else None
            if after is not None and row_id is not None and not _is_behind(row_id, after):
                raise http.bad_reply(f"{path} goes in circles: asked for what is behind {after}, it gave {row_id}")
            last = row_id or last
            yield row, last
        if not count:
            return
        if last == after:
            raise http.bad_reply(f"{path} gave a page without a single id")
        after = last
    raise http.bad_reply(f"{path} has more than {http.limits.pages} pages")


def organizations(http: VendorHttp) -> Iterator[OrganizationListed]:
    """All of them, then their locations. A location's id is its own, so it says `location`. Raises VendorError."""
    names: dict[str, str] = {}
    for each in fields_of(row for row, _ in listed(http, "/v2/organizations")):
        organization_id = identifier(each, "id")
        if organization_id is None:
            continue
        names[organization_id] = name = each.name("name") or organization_id
        told = {"Description": each.name("description"), "Approval of devices": each.name("nodeApprovalMode")}
        yield OrganizationListed(organization_id, name, path=name, facts=labelled(told))
    for each in fields_of(row for row, _ in listed(http, "/v2/locations")):
        location_id, organization_id = identifier(each, "id"), identifier(each, "organizationId")
        if location_id is None or organization_id not in names:
            continue
        name = each.name("name") or location_id
        told = {"Address": each.name("address"), "Description": each.name("description")}
        yield OrganizationListed(
            f"location:{location_id}", name, organization_id, f"{names[organization_id]} / {name}", True, labelled(told)
        )


class LocationNames:
    """The names of locations by id, read when one is first needed, and kept for all work of this function instance: a
    page of devices must not cost a listing of locations."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[datetime, dict[str, str]]] = {}

    def name(self, http: VendorHttp, integration_id: str, location_id: str) -> str | None:
        """None for one that is not known, or where locations may not be read. Raises VendorError."""
        read_at, names = self._known.get(integration_id, (None, {}))
        if read_at is None or http.now() - read_at > REMEMBERED:
            names = self._read(http)
            self._known[integration_id] = (http.now(), names)
        return names.get(location_id)

    def _read(self, http: VendorHttp) -> dict[str, str]:
        try:
            rows = list(fields_of(row for row, _ in listed(http, "/v2/locations")))
        except (Forbidden, NotFound, Rejected):
            return {}
        pairs = ((identifier(each, "id"), each.name("name")) for each in rows)
        return {location_id: name for location_id, name in pairs if location_id is not None and name is not None}


def _is_behind(row_id: str, after: str) -> bool:
    if row_id.isdecimal() and after.isdecimal():
        return int(row_id) > int(after)
    return row_id != after
