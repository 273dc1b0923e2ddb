"""How assets are shown: a person's words over what RMMs say, with what the fleets' pages know of the moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tandem.admin.calls import Call
from tandem.admin.live_alerts import active_alerts_of, open_tickets_of
from tandem.admin.schemas.assets import (
    AssetAnswer,
    DiskAnswer,
    FactsAnswer,
    WholeAssetAnswer,
)
from tandem.assets.editing import differences
from tandem.assets.merging import overlay_seen
from tandem.assets.models import AgentStatus, Asset, Facts, FleetEntry, LinkedDevice, Presence, Seen
from tandem.assets.shown import Shown, shown
from tandem.store.configuration.records import Integration

AnyCall = Call[Any, Any]
Integrations = Mapping[str, Integration]
Entries = Mapping[tuple[str, str], FleetEntry]

_NAMES = {"asset_type": "type"}


def field_name(name: str) -> str:
    """What the API calls a field of an asset."""
    return _NAMES.get(name, name)


def asset_answers(call: AnyCall, assets: Sequence[Asset]) -> list[AssetAnswer]:
    """These assets as lists show them."""
    integrations = integrations_by_id(call)
    entries = _entries(call, assets)
    return [AssetAnswer.model_validate(_values(asset, integrations, entries, call.now)) for asset in assets]


def whole_asset(call: AnyCall, asset: Asset) -> WholeAssetAnswer:
    """One asset with all that is known of it."""
    integrations = integrations_by_id(call)
    entries = _entries(call, [asset])
    ordered = shown(asset).devices
    values = _values(asset, integrations, entries, call.now) | {
        "devices": [_whole_device(each, integrations, entries, call.now) for each in ordered],
        "edited": {field_name(name): value for name, value in sorted(asset.edited.items())},
        "notes": asset.notes,
        "differences": [
            {"field": field_name(each.field), "edited": each.edited, "provided": each.provided}
            for each in differences(asset)
        ],
        "maybe_same": [{"asset_id": each.asset_id, "reason": each.reason} for each in asset.maybe_same],
        "linked_to": asset.linked_to,
        "active_alerts": active_alerts_of(call, asset),
        "open_tickets": open_tickets_of(call, asset.asset_id),
    }
    return WholeAssetAnswer.model_validate(values)


def integrations_by_id(call: AnyCall) -> Integrations:
    """Every integration."""
    return {each.integration_id: each for each in call.services.integrations.all()}


def is_managed(device: LinkedDevice, integrations: Integrations) -> bool:
    """A connected RMM lists it."""
    integration = integrations.get(device.integration_id)
    return device.presence is Presence.LISTED and integration is not None and integration.has_credentials


def agent_status(view: Shown) -> AgentStatus | None:
    """As it is shown: that of a machine which is not listed any more is what it was when it still was."""
    return view.facts.agent_status if view.presence is Presence.LISTED else AgentStatus.UNKNOWN


def _entries(call: AnyCall, assets: Iterable[Asset]) -> Entries:
    return call.services.fleets.entries(
        (each.integration_id, each.external_id) for asset in assets for each in asset.devices
    )


def _values(asset: Asset, integrations: Integrations, entries: Entries, now: datetime) -> dict[str, Any]:
    view = shown(asset)
    seen = _seen_of(view.devices, entries)
    facts = replace(view.facts, agent_status=agent_status(view))
    return {
        "id": asset.asset_id,
        "client_id": view.client_id,
        "presence": view.presence.value if view.presence is not None else None,
        "is_managed": any(is_managed(each, integrations) for each in view.devices),
        "devices": [_device(each, integrations) for each in view.devices],
        "edited_fields": sorted(map(field_name, asset.edited)),
        "created_at": asset.created_at,
        "updated_at": asset.updated_at,
        "disks": _disks(facts, seen),
        **_facts(facts),
        **_seen(seen, facts, now),
    }


def _device(device: LinkedDevice, integrations: Integrations) -> dict[str, Any]:
    integration = integrations.get(device.integration_id)
    return {
        "integration_id": device.integration_id,
        "provider": integration.provider.value if integration is not None else None,
        "external_id": device.external_id,
        "presence": device.presence.value,
        "is_managed": is_managed(device, integrations),
    }


def _whole_device(device: LinkedDevice, integrations: Integrations, entries: Entries, now: datetime) -> dict[str, Any]:
    entry = entries.get((device.integration_id, device.external_id))
    seen = entry.seen if entry is not None else Seen()
    return _device(device, integrations) | {
        "organization_id": device.organization_id,
        "client_id": device.client_id,
        "missing_since": device.missing_since,
        "linked_at": device.linked_at,
        "linked_by": device.linked_by,
        "facts": _facts(device.facts),
        "disks": _disks(device.facts, seen),
        "seen": _seen(seen, device.facts, now),
        "remote_access": is_managed(device, integrations),
    }


def _seen_of(devices: Iterable[LinkedDevice], entries: Entries) -> Seen:
    """Of all its devices: what the first says, but when it was last seen by any."""
    found = [entry.seen for each in devices if (entry := entries.get((each.integration_id, each.external_id)))]
    seen = Seen()
    for each in found:
        seen = overlay_seen(seen, each)
    times = [each.last_seen_at for each in found if each.last_seen_at is not None]
    return replace(seen, last_seen_at=max(times, default=None))


def _facts(facts: Facts) -> dict[str, Any]:
    names = {field_name(name): name for name in Facts.__slots__}
    values = {each: getattr(facts, names[each]) for each in FactsAnswer.model_fields}
    has_pending = facts.has_patches_pending if facts.patches_pending is None else facts.patches_pending > 0
    return values | {
        "type": facts.asset_type.value if facts.asset_type is not None else None,
        "agent_status": facts.agent_status.value if facts.agent_status is not None else None,
        "has_patches_pending": has_pending,
        **{name: list(values[name]) for name in ("lan_addresses", "mac_addresses", "tags")},
    }


def _seen(seen: Seen, facts: Facts, now: datetime) -> dict[str, Any]:
    is_up = seen.booted_at is not None and facts.agent_status is AgentStatus.ONLINE
    uptime = max(0, int((now - seen.booted_at).total_seconds())) if is_up and seen.booted_at is not None else None
    values = {
        "last_seen_at": seen.last_seen_at,
        "last_boot_at": seen.booted_at,
        "uptime_seconds": uptime,
        "last_user": seen.last_user,
    }

    return values


def _disks(facts: Facts, seen: Seen) -> list[DiskAnswer]:
    return [
        DiskAnswer(name=disk.name, total_gib=disk.total_gib, free_gib=seen.free_gib.get(disk.name))
        for disk in facts.disks
    ]
