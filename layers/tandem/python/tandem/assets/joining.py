"""What only a person can say of an asset: that two of them are one machine, that they are two after all, that a machine
is gone or still there.

The asset whose devices went to another one stays, without devices, as what tickets and alerts of before point at.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tandem.assets.identity import asset_id_of
from tandem.assets.matching import MatchKey
from tandem.assets.models import Asset, FieldChange, HistoryEntry, LinkedDevice, Presence
from tandem.assets.pages import AssetWrite, DevicePlace
from tandem.assets.writing import asset_keys, asset_write

BY_PERSON = "person"
_ITS_OWN = "device"
_LINKED_AWAY = "it has no device any more: it was linked to another asset"

DeviceKey = tuple[str, str]
"""Integration id and external id."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Writes to be done as one. `moved`: the devices, whose fleet entries are to name the asset `to` from now on."""

    writes: tuple[AssetWrite, ...]
    moved: tuple[LinkedDevice, ...]
    to: str


def join(asset: Asset, other: Asset, owners: Mapping[MatchKey, str], by: str, at: datetime) -> Joined:
    """`other` is the same machine as `asset`, which takes its devices over. What a person wrote into `other` stays
    there, and counts again if they are taken apart. `owners`: of both assets' keys, as far as anybody holds them.
    Raises ValueError, a sentence for the person."""
    if asset.asset_id == other.asset_id:
        raise ValueError("it is this asset itself")
    if not asset.devices:
        raise ValueError(_LINKED_AWAY)
    if not other.devices:
        raise ValueError("it has no device that could be taken over")
    moved = tuple(replace(device, linked_at=at, linked_by=BY_PERSON) for device in other.devices)
    taking = replace(
        asset,
        devices=(*asset.devices, *moved),
        maybe_same=tuple(each for each in asset.maybe_same if each.asset_id != other.asset_id),
        updated_at=at,
        version=asset.version + 1,
    )
    giving = replace(
        other, devices=(), maybe_same=(), linked_to=asset.asset_id, updated_at=at, version=other.version + 1
    )
    came = _devices("linked", asset.asset_id, by, at, ((None, _name(each)) for each in moved))
    went = HistoryEntry(other.asset_id, at, by, "linked", (FieldChange("linked_to", None, asset.asset_id),))
    keys = _free(asset_keys(other), owners, other)
    return Joined(
        (asset_write(asset, taking, [came], keys, _places(moved)), asset_write(other, giving, [went])),
        moved,
        asset.asset_id,
    )


def part(
    asset: Asset, device: LinkedDevice, own: Asset | None, owners: Mapping[MatchKey, str], by: str, at: datetime
) -> Joined:
    """This device of the asset is another machine: it gets the asset of its own (again). `own`: what there is under
    that id. `owners`: of the device's keys, as far as anybody holds them. Raises ValueError, a sentence for the
    person."""
    rest = tuple(each for each in asset.devices if each != device)
    if not rest:
        raise ValueError("it is the asset's only device")
    own_id = asset_id_of(device.integration_id, device.external_id)
    if own_id == asset.asset_id:
        raise ValueError("it is the device that made the asset: unlink the others")
    if own is not None and own.devices:
        raise ValueError("the device's own asset has another device by now: link that one elsewhere first")
    moved = replace(device, linked_at=at, linked_by=_ITS_OWN)
    giving = replace(asset, devices=rest, updated_at=at, version=asset.version + 1)
    before = own or Asset(own_id, created_at=at)
    taking = replace(before, devices=(moved,), linked_to=None, updated_at=at, version=before.version + 1)
    went = _devices("unlinked", asset.asset_id, by, at, [(_name(moved), None)])
    came = _devices("unlinked", own_id, by, at, [(None, _name(moved))])
    # A key that both have stays where it is: it finds the machine that was there first.
    keys = _free(asset_keys(asset) - asset_keys(giving), owners, asset)
    return Joined(
        (asset_write(asset, giving, [went]), asset_write(own, taking, [came], keys, _places([moved]))),
        (moved,),
        own_id,
    )


def retire(asset: Asset, by: str, at: datetime) -> AssetWrite | None:
    """The machine is gone, whatever the RMM lists; None if it is retired already. It comes back by itself only when
    its RMM lost it and lists it again. Raises ValueError, a sentence for the person."""
    if not asset.devices:
        raise ValueError(_LINKED_AWAY)
    devices = tuple(replace(each, presence=Presence.RETIRED) for each in asset.devices)
    return _with_devices(asset, devices, HistoryEntry(asset.asset_id, at, by, "retired"))


def restore(asset: Asset, listed: Collection[DeviceKey], by: str, at: datetime) -> AssetWrite | None:
    """It was not gone after all. `listed`: those of its devices that the RMM lists. None if it is not retired. Raises
    ValueError, a sentence for the person."""
    if not any(each.presence is Presence.RETIRED for each in asset.devices):
        return None
    devices = tuple(
        replace(each, presence=Presence.LISTED, missing_since=None)
        if each.presence is Presence.RETIRED and (each.integration_id, each.external_id) in listed
        else each
        for each in asset.devices
    )
    if devices == asset.devices:
        raise ValueError("no RMM lists any of its devices; it comes back by itself when one does")
    return _with_devices(asset, devices, HistoryEntry(asset.asset_id, at, by, "returned"))


def _with_devices(asset: Asset, devices: tuple[LinkedDevice, ...], entry: HistoryEntry) -> AssetWrite | None:
    if devices == asset.devices:
        return None
    after = replace(asset, devices=devices, updated_at=entry.at, version=asset.version + 1)
    return asset_write(asset, after, [entry])


def _devices(
    what: str, asset_id: str, by: str, at: datetime, moves: Iterable[tuple[str | None, str | None]]
) -> HistoryEntry:
    return HistoryEntry(asset_id, at, by, what, tuple(FieldChange("device", old, new) for old, new in moves))


def _name(device: LinkedDevice) -> str:
    return f"{device.integration_id}/{device.external_id}"


def _free(keys: Iterable[MatchKey], owners: Mapping[MatchKey, str], giving: Asset) -> tuple[MatchKey, ...]:
    """Those that the asset which gives holds, or nobody."""
    return tuple(sorted(key for key in keys if owners.get(key, giving.asset_id) == giving.asset_id))


def _places(devices: Iterable[LinkedDevice]) -> tuple[DevicePlace, ...]:
    return tuple(
        DevicePlace(each.integration_id, each.external_id, each.facts.name, each.organization_id) for each in devices
    )
