"""Where an alert belongs: device record, organization, client, contact (alerts.md, "Where an alert belongs")."""

from dataclasses import dataclass, replace

from tandem.alerts.decision import Context
from tandem.alerts.models import AlertEvent, Contact, DeviceRecord


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert belongs. `client_by`: which of the ways led to the client, in words."""

    device: DeviceRecord | None
    organization_id: str | None
    organization_name: str | None
    device_name: str | None
    asset_id: str | None
    client_id: str | None
    client_by: str
    contact: Contact | None


def learn(event: AlertEvent, known: DeviceRecord | None) -> DeviceRecord | None:
    """The device record as this event teaches it; the same object when it teaches nothing new.

    Only what an RMM says and that names the device's organization teaches: a device without one helps nobody to a
    client. What arrives late teaches nothing.
    """
    if event.external_device_id is None or event.organization_id is None or event.decide_again:
        return known
    if known is not None and known.learnt_at is not None and event.occurred_at < known.learnt_at:
        return known
    before = known or DeviceRecord(event.integration_id, event.external_device_id)
    after = replace(
        before,
        name=event.device_name or before.name,
        organization_id=event.organization_id,
        facts={**before.facts, **event.facts},
    )
    return known if after == known else replace(after, learnt_at=event.occurred_at)


def place(event: AlertEvent, device: DeviceRecord | None, context: Context) -> Place:
    """Client: what a person chose for the device, or wrote into its asset; else the organization's; else the asset's,
    which may be by an organization above that one; else the integration's default.

    The organization's mapping comes before what the asset has of it, for that is as old as the last sync.
    """
    organization_id = event.organization_id or (device.organization_id if device else None)
    organization = context.organizations.get(organization_id) if organization_id is not None else None
    chosen = _chosen(device) if device is not None else None
    if device is not None and chosen is not None:
        client_id, client_by = chosen, "device" if device.client_id is not None else "asset"
    elif organization is not None and organization.client_id is not None:
        client_id, client_by = organization.client_id, "organization"
    elif device is not None and device.asset_client_id is not None:
        client_id, client_by = device.asset_client_id, "asset"
    elif context.default_client_id is not None:
        client_id, client_by = context.default_client_id, "integration default"
    else:
        client_id, client_by = None, "nothing"
    client = context.clients.get(client_id) if client_id is not None else None
    contact = organization.default_contact if organization and client_by == "organization" else None
    return Place(
        device=device,
        organization_id=organization_id,
        organization_name=event.organization_name or (organization.name if organization else None),
        device_name=event.device_name or (device.name if device else None),
        asset_id=device.asset_id if device else None,
        client_id=client_id,
        client_by=client_by,
        contact=contact or (client.default_contact if client else None),
    )


def client_of_device(device: DeviceRecord) -> str | None:
    """The client that the device record leads to on its own, by a person's choice or by its asset."""
    return _chosen(device) or device.asset_client_id


def _chosen(device: DeviceRecord) -> str | None:
    return device.client_id or (device.asset_client_id if device.asset_client_by_person else None)
