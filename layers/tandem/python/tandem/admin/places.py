"""Routes of organizations and devices: where alerts belong. Mapping one has its waiting alerts decided again."""

from collections import Counter
from dataclasses import replace
from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import page_of
from tandem.admin.problems import invalid, not_found
from tandem.admin.redecide import decide_again
from tandem.admin.references import client, contact_answer, contact_of, the_integration
from tandem.admin.schemas.base import NoBody, NoQuery, Page, PageQuery, is_one_line
from tandem.admin.schemas.places import (
    DeviceAnswer,
    DevicePut,
    MappedDeviceAnswer,
    MappedOrganizationAnswer,
    OrganizationAnswer,
    OrganizationPut,
)
from tandem.alerts.models import DeviceRecord
from tandem.store.configuration.records import OrganizationRecord, Role

LONGEST_EXTERNAL_ID = 255


def list_organizations(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of organizations: those with a record, and those that live alerts speak of while they wait."""
    integration_id = the_integration(call).integration_id
    waiting: Counter[str] = Counter()
    names: dict[str, str | None] = {}
    for alert in call.services.lookups.waiting(integration_id, call.now):
        if alert.organization_id is not None:
            waiting[alert.organization_id] += 1
            names.setdefault(alert.organization_id, alert.organization_name)

    def read(after: str | None, limit: int) -> list[OrganizationRecord]:
        stored = call.services.organizations.page(integration_id, after, limit)
        known = {each.external_id for each in stored}
        low = _order(after) if after is not None else b""
        # Behind the last of a full page there may be more with a record: what sorts there waits for the next page.
        high = _order(stored[-1].external_id) if len(stored) == limit else None
        seen = [
            OrganizationRecord(external_id, names[external_id])
            for external_id in waiting
            if external_id not in known and low < _order(external_id) and (high is None or _order(external_id) < high)
        ]
        return sorted([*stored, *seen], key=lambda each: _order(each.external_id))[:limit]

    page = page_of(
        call,
        "organizations",
        read,
        lambda each: each.external_id,
        lambda each: _organization(each, waiting[each.external_id]),
    )
    return Answer(page)


def put_organization(call: Call[OrganizationPut, NoQuery]) -> Answer:
    """Map an organization, also one that was never seen."""
    integration = the_integration(call)
    external_id = _external_id(call)
    body = call.body
    client(call, "client_id", body.client_id)

    def change() -> OrganizationRecord:
        before = call.services.organizations.get(integration.integration_id, external_id)
        known = before or OrganizationRecord(external_id)
        changed = replace(
            known,
            client_id=body.client_id,
            auto_sync=body.auto_sync if body.given("auto_sync") else known.auto_sync,
            name=body.name if body.given("name") else known.name,
            default_contact=contact_of(body.default_contact)
            if body.given("default_contact")
            else known.default_contact,
        )
        if before is None or changed != before:
            call.services.organizations.put(integration.integration_id, changed)
        return changed

    organization = call.services.table.retrying(change)
    count = 0
    if organization.client_id is not None:
        count = decide_again(call, integration, lambda waits: waits.organization_id == external_id)
    shown = _organization(organization, None).model_dump() | {"alerts_decided_again": count}
    return Answer(MappedOrganizationAnswer.model_validate(shown))


def get_device(call: Call[NoBody, NoQuery]) -> Answer:
    """One device record."""
    integration = the_integration(call)
    device = call.services.lookups.device(integration.integration_id, call.params["external_id"])
    if device is None:
        raise not_found("device", call.params["external_id"])
    return Answer(_device(device))


def put_device(call: Call[DevicePut, NoQuery]) -> Answer:
    """Say where a device belongs, also of one that was never seen."""
    integration = the_integration(call)
    external_id = _external_id(call)
    body = call.body
    client(call, "client_id", body.client_id)

    def change() -> DeviceRecord:
        before = call.services.lookups.device(integration.integration_id, external_id)
        known = before or DeviceRecord(integration.integration_id, external_id)
        changed = replace(
            known,
            client_id=body.client_id if body.given("client_id") else known.client_id,
            organization_id=body.organization_id if body.given("organization_id") else known.organization_id,
            name=body.name if body.given("name") else known.name,
        )
        return call.services.devices.put(changed) if changed != known or before is None else changed

    device = call.services.table.retrying(change)
    count = 0
    if device.client_id is not None or device.organization_id is not None:
        count = decide_again(call, integration, lambda waits: waits.alert.external_device_id == external_id)
    shown = _device(device).model_dump() | {"alerts_decided_again": count}
    return Answer(MappedDeviceAnswer.model_validate(shown))


def _external_id(call: Call[Any, Any]) -> str:
    external_id = call.params["external_id"]
    if len(external_id) > LONGEST_EXTERNAL_ID or not is_one_line(external_id):
        raise invalid("external_id", f"must be one line of 1 to {LONGEST_EXTERNAL_ID} characters")
    return external_id


def _order(external_id: str) -> bytes:
    """The table's own order."""
    return external_id.encode()


def _organization(organization: OrganizationRecord, waiting: int | None) -> OrganizationAnswer:
    return OrganizationAnswer(
        external_id=organization.external_id,
        name=organization.name,
        parent_id=organization.parent_id,
        path=organization.path,
        client_id=organization.client_id,
        auto_sync=organization.auto_sync,
        default_contact=contact_answer(organization.default_contact),
        device_count=None,
        waiting_alerts=waiting,
    )


def _device(device: DeviceRecord) -> DeviceAnswer:
    return DeviceAnswer(
        integration_id=device.integration_id,
        external_id=device.external_device_id,
        name=device.name,
        organization_id=device.organization_id,
        client_id=device.client_id,
        asset_id=device.asset_id,
        facts=device.known_facts,
    )


_ORGANIZATIONS = "/integrations/{integration_id}/organizations"
_DEVICE = "/integrations/{integration_id}/devices/{external_id}"
_TAG = "Organizations and devices"

ROUTES: Routes = (
    Route(
        "GET",
        _ORGANIZATIONS,
        "List an integration's organizations",
        Role.VIEWER,
        list_organizations,
        Page[OrganizationAnswer],
        _TAG,
        query=PageQuery,
    ),
    Route(
        "PUT",
        _ORGANIZATIONS + "/{external_id}",
        "Map an organization to a client",
        Role.ADMIN,
        put_organization,
        MappedOrganizationAnswer,
        _TAG,
        body=OrganizationPut,
        trailing_slashes=True,
        description="Its live alerts that wait for a client are decided again.",
    ),
    Route(
        "GET",
        _DEVICE,
        "Read a device record",
        Role.VIEWER,
        get_device,
        DeviceAnswer,
        _TAG,
        trailing_slashes=True,
    ),
    Route(
        "PUT",
        _DEVICE,
        "Say where a device belongs",
        Role.ADMIN,
        put_device,
        MappedDeviceAnswer,
        _TAG,
        body=DevicePut,
        trailing_slashes=True,
        description="Its live alerts that wait for a client are decided again.",
    ),
)
