"""The assets of a page while it is decided: a device sees what the ones before it did."""

from collections.abc import Iterable
from dataclasses import replace

from tandem.assets.matching import MatchKey
from tandem.assets.models import Asset, HistoryEntry, LinkedDevice
from tandem.assets.pages import AssetWrite, DevicePlace, Known
from tandem.assets.writing import asset_write


class Drafts:
    """What was read, and what was decided over it."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._writes: dict[str, AssetWrite] = {}
        self.assets: dict[str, Asset] = dict(known.assets)
        self.owners: dict[MatchKey, str] = dict(known.owners)

    @property
    def writes(self) -> tuple[AssetWrite, ...]:
        """One an asset that was put."""
        return tuple(self._writes.values())

    def put(
        self,
        asset: Asset,
        history: Iterable[HistoryEntry],
        claims: Iterable[MatchKey] = (),
        devices: Iterable[DevicePlace] = (),
    ) -> None:
        """The asset as it is from now on. Nothing is changed here if it raises."""
        before = self._known.assets.get(asset.asset_id)
        asset = replace(asset, version=before.version + 1 if before is not None else 1)
        write = asset_write(before, asset, history, claims, devices)
        earlier = self._writes.get(asset.asset_id)
        if earlier is not None:
            write = replace(
                write,
                history=(*earlier.history, *write.history),
                claims=(*earlier.claims, *write.claims),
                devices=_last_of_each((*earlier.devices, *write.devices)),
            )
        self._writes[asset.asset_id] = write
        self.assets[asset.asset_id] = asset
        self.owners.update(dict.fromkeys(write.claims, asset.asset_id))


def _last_of_each(places: Iterable[DevicePlace]) -> tuple[DevicePlace, ...]:
    """One a device: what was decided last."""
    return tuple({(each.integration_id, each.external_id): each for each in places}.values())


def linked_device(asset: Asset, integration_id: str, external_id: str) -> LinkedDevice | None:
    """The asset's record of the device."""
    return next((each for each in asset.devices if _is(each, integration_id, external_id)), None)


def with_device(asset: Asset, device: LinkedDevice) -> tuple[LinkedDevice, ...]:
    """The asset's devices with this one in its place, or behind the others if it is new."""
    if linked_device(asset, device.integration_id, device.external_id) is None:
        return (*asset.devices, device)
    return tuple(device if _is(each, device.integration_id, device.external_id) else each for each in asset.devices)


def _is(device: LinkedDevice, integration_id: str, external_id: str) -> bool:
    return device.external_id == external_id and device.integration_id == integration_id
