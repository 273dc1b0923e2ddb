"""What the record of a device says by its asset: whose it is, and the facts that its alerts' tickets tell.

An alert is decided by the device record, never by the asset, which is another read. So the record is written when, and
only when, what it is to say changes: no fact is among these that moves at each sync.
"""

from collections.abc import Iterable

from tandem.alerts.limits import cut_bytes
from tandem.assets.models import Asset, Facts, LinkedDevice
from tandem.assets.pages import DevicePlace
from tandem.assets.shown import Shown, shown

_LONGEST_FACT_BYTES = 120
_MOST_ADDRESSES = 3


def places(before: Asset | None, after: Asset, also: Iterable[DevicePlace] = ()) -> tuple[DevicePlace, ...]:
    """What the records of the asset's devices are to say from now on: those that said something else by the asset
    `before`, and those that `also` names."""
    said = dict(_said(before)) if before is not None else {}
    forced = {_key(each) for each in also}
    return tuple(place for key, place in _said(after) if key in forced or said.get(key) != place)


def ticket_facts(facts: Facts) -> dict[str, str]:
    """What a ticket tells of the machine, labelled as alerts label what they tell."""
    told = {
        "Device type": facts.asset_type.value.replace("_", " ") if facts.asset_type is not None else None,
        "Operating system": _system(facts),
        "Model": _model(facts),
        "Serial number": facts.serial_number,
        "Location": facts.location,
        "Address": ", ".join(facts.lan_addresses[:_MOST_ADDRESSES]),
    }
    return {label: cut_bytes(fact, _LONGEST_FACT_BYTES) for label, fact in told.items() if fact}


def _said(asset: Asset) -> Iterable[tuple[tuple[str, str], DevicePlace]]:
    view = shown(asset)
    facts = ticket_facts(view.facts)
    return [(_key(device), _place(device, asset, view, facts)) for device in asset.devices]


def _place(device: LinkedDevice, asset: Asset, view: Shown, facts: dict[str, str]) -> DevicePlace:
    return DevicePlace(
        device.integration_id,
        device.external_id,
        device.facts.name,
        device.organization_id,
        view.client_id,
        asset.edited.get("client_id") is not None,
        facts,
    )


def _key(device: LinkedDevice | DevicePlace) -> tuple[str, str]:
    return device.integration_id, device.external_id


def _system(facts: Facts) -> str:
    name, version = facts.operating_system or "", facts.os_version or ""
    return name if version in name else f"{name} {version}".strip()


def _model(facts: Facts) -> str:
    maker, model = facts.manufacturer or "", facts.model or ""
    return model if model.casefold().startswith(maker.casefold()) else f"{maker} {model}".strip()
