"""An asset as people see it: what a person wrote, over what its first device says, over what its others say.

Devices that the RMM still lists speak before missing ones, and those before retired ones: a machine that moved from one
RMM to another is what the new one says.
"""

from dataclasses import dataclass, replace
from typing import Any

from tandem.assets.merging import overlay
from tandem.assets.models import Asset, AssetType, Facts, LinkedDevice, Presence

EDITABLE = frozenset(
    {"name", "asset_type", "client_id", "serial_number", "manufacturer", "model", "operating_system", "location"}
)
"""What a person may write over what the RMM says. The rest is what a machine is or does at the moment, which nobody
knows better than its agent."""

_FACTS_EDITED = tuple(sorted(EDITABLE - {"client_id"}))

_ORDER = {Presence.LISTED: 0, Presence.MISSING: 1, Presence.RETIRED: 2}


@dataclass(frozen=True, slots=True)
class Shown:
    """`presence`: the best of its devices'; None of an asset without devices. `devices`: in the order in which they
    speak."""

    asset_id: str
    client_id: str | None
    presence: Presence | None
    facts: Facts
    devices: tuple[LinkedDevice, ...]


def shown(asset: Asset) -> Shown:
    """The asset with a person's edits."""
    provided = as_provided(asset)
    if not asset.edited:
        return provided
    edits: dict[str, Any] = {name: asset.edited[name] for name in _FACTS_EDITED if name in asset.edited}
    if "asset_type" in edits:
        edits["asset_type"] = AssetType(edits["asset_type"])
    client_id = provided.client_id
    if "client_id" in asset.edited:
        edited = asset.edited["client_id"]
        client_id = None if edited is None else str(edited)
    return replace(provided, client_id=client_id, facts=replace(provided.facts, **edits))


def as_provided(asset: Asset) -> Shown:
    """The asset without a person's edits."""
    devices = tuple(sorted(asset.devices, key=lambda device: _ORDER[device.presence]))
    facts = devices[0].facts if devices else Facts()
    for device in devices[1:]:
        facts = overlay(facts, device.facts)
    return Shown(
        asset_id=asset.asset_id,
        client_id=next((device.client_id for device in devices if device.client_id is not None), None),
        presence=devices[0].presence if devices else None,
        facts=facts,
        devices=devices,
    )
