"""Routes of device records: where the alerts of a device belong. Saying so has its waiting ones decided again."""

from dataclasses import replace
from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.problems import invalid, not_found
from tandem.admin.redecide import decide_again
from tandem.admin.references import client, the_integration
from tandem.admin.schemas.base import NoBody, NoQuery, is_one_line
from tandem.admin.schemas.places import DeviceAnswer, DevicePut, MappedDeviceAnswer
from tandem.alerts.models import DeviceRecord
from tandem.store.configuration.records import Role

LONGEST_EXTERNAL_ID = 255


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
    external_id = external_id_of(call)
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


def external_id_of(call: Call[Any, Any]) -> str:
    """The RMM's id that the path names. Raises Problem 422."""
    external_id = call.params["external_id"]
    if len(external_id) > LONGEST_EXTERNAL_ID or not is_one_line(external_id):
        raise invalid("external_id", f"must be one line of 1 to {LONGEST_EXTERNAL_ID} characters")
    return external_id


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


_DEVICE = "/integrations/{integration_id}/devices/{external_id}"
_TAG = "Organizations and devices"

ROUTES: Routes = (
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
