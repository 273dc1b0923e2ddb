"""The route of the way into a machine."""

from datetime import timedelta
from typing import Any

from tandem.admin.asset_answers import integrations_by_id, is_managed
from tandem.admin.assets import the_asset
from tandem.admin.auditing import note
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.problems import conflict, invalid, unavailable
from tandem.admin.schemas.base import NoQuery
from tandem.admin.schemas.remote_access import RemoteAccessAnswer, RemoteAccessBody
from tandem.assets.models import Asset, LinkedDevice
from tandem.assets.shown import shown
from tandem.connections.errors import VendorError
from tandem.connections.fleet import RemoteAccess
from tandem.store.configuration.records import Integration, Role
from tandem.store.remote_links import RemoteLink

ASKING_SECONDS = 15.0
"""For asking the RMM."""

LEFT_AT_LEAST = timedelta(seconds=30)
"""A link that ends sooner is not given any more: it must be opened first."""


def open_remote_access(call: Call[RemoteAccessBody, NoQuery]) -> Answer:
    """A link into the asset's device."""
    asset = the_asset(call)
    device, integration = _device(call, asset)
    found = _kept(call, device) or _asked(call, integration, device)
    # Remembered before it is given: nobody is let in whom the log does not know.
    note(
        call,
        "remote_access",
        f"asset:{asset.asset_id}",
        f"a link into device {device.external_id} of {integration.name}",
    )
    answer = RemoteAccessAnswer.model_validate(
        {
            "url": found.url,
            "expires_at": found.expires_at,
            "provider": integration.provider.value,
            "integration_id": device.integration_id,
            "external_id": device.external_id,
        }
    )
    return Answer(answer)


def _device(call: Call[RemoteAccessBody, NoQuery], asset: Asset) -> tuple[LinkedDevice, Integration]:
    body = call.body
    integrations = integrations_by_id(call)
    devices = shown(asset).devices
    if body.external_id is not None:
        devices = tuple(
            each
            for each in devices
            if (each.integration_id, each.external_id) == (body.integration_id, body.external_id)
        )
        if not devices:
            raise invalid("external_id", f"the asset has no device '{body.external_id}' of that integration")
    for each in devices:
        if is_managed(each, integrations):
            return each, integrations[each.integration_id]
    raise conflict("no connected RMM lists the asset's device, so there is no way into it")


def _kept(call: Call[Any, Any], device: LinkedDevice) -> RemoteAccess | None:
    link = call.services.remote_links.find(device.integration_id, device.external_id, call.principal.user_id)
    if link is None or link.expires_at < call.now + LEFT_AT_LEAST:
        return None
    return RemoteAccess(link.url, link.expires_at)


def _asked(call: Call[Any, Any], integration: Integration, device: LinkedDevice) -> RemoteAccess:
    connections = call.services.connections()
    try:
        fleet = connections.open_fleet(integration, connections.deadline(ASKING_SECONDS))
        access = fleet.remote_access(device.external_id)
    except VendorError as error:
        refusal = unavailable(str(error)) if error.may_pass else conflict(str(error))
    else:
        if access.expires_at is not None:
            call.services.remote_links.keep(
                RemoteLink(
                    device.integration_id, device.external_id, call.principal.user_id, access.url, access.expires_at
                )
            )
        return access
    raise refusal


ROUTES: Routes = (
    Route(
        "POST",
        "/assets/{asset_id}/remote-access",
        "Get a link into an asset's device",
        Role.TECHNICIAN,
        open_remote_access,
        RemoteAccessAnswer,
        "Assets",
        body=RemoteAccessBody,
        body_required=False,
        description="NinjaOne's lives for a short time, and until then the same user is given the same one. Of "
        "Tactical RMM and Level it is the device's page, which asks for a sign-in of its own. Audited.",
        conflicts="no connected RMM lists its device, or the RMM refuses: with its reason",
    ),
)
