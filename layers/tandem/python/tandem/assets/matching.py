"""Whether a device is the same machine as an asset: one that was enrolled anew, or that two RMMs manage.

By serial number, or by a MAC address where the hostname is the same too. Makers leave serial numbers at words such as
`To be filled by O.E.M.`, and docking stations, VPNs and hypervisors put the same MAC addresses into many machines:
those say nothing (junk.py). In doubt nothing is linked, and the asset says what it is like.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tandem.assets.junk import is_junk_hostname, is_junk_serial, is_shared_mac
from tandem.assets.models import AgentStatus, Asset, Facts, Likeness, LinkedDevice, Presence
from tandem.assets.shown import shown

MACS = 8
"""So many addresses of one device count, in the order of text: servers with virtual switches have hundreds."""


@dataclass(frozen=True, slots=True, order=True)
class MatchKey:
    """What two RMMs would both say of the same machine. `value`: normalized."""

    kind: Literal["serial", "mac"]
    value: str


@dataclass(frozen=True, slots=True)
class Match:
    """`asset_id`: the asset that the device belongs to, found by `linked_by` (as LinkedDevice's); None: it makes its
    own, which is `like` these."""

    asset_id: str | None = None
    linked_by: str | None = None
    like: tuple[Likeness, ...] = ()


def normal_serial(serial: str | None) -> str | None:
    """Its letters and digits, capital; None for one that says nothing."""
    if serial is None:
        return None
    normal = "".join(character for character in serial.upper() if character.isascii() and character.isalnum())
    return None if is_junk_serial(normal) else normal


def normal_mac(mac: str) -> str | None:
    """Its twelve hexadecimal digits in small letters; None for one that is none, or that machines share."""
    digits = "".join(character for character in mac.lower() if character not in ":-. ")
    if len(digits) != 12 or any(character not in "0123456789abcdef" for character in digits):
        return None
    return None if is_shared_mac(digits) else digits


def normal_hostname(hostname: str | None) -> str | None:
    """Without its domain, in small letters; None for one that many machines have."""
    if hostname is None:
        return None
    normal = hostname.strip().casefold().split(".")[0]
    return None if is_junk_hostname(normal) else normal


def match_keys(facts: Facts) -> tuple[MatchKey, ...]:
    """What other devices of the same machine are found by."""
    serial = normal_serial(facts.serial_number)
    macs = sorted({normal for mac in facts.mac_addresses if (normal := normal_mac(mac)) is not None})
    serials = (MatchKey("serial", serial),) if serial is not None else ()
    return (*serials, *(MatchKey("mac", mac) for mac in macs[:MACS]))


def match(
    integration_id: str,
    facts: Facts,
    client_id: str | None,
    owners: Mapping[MatchKey, str],
    assets: Mapping[str, Asset],
) -> Match:
    """The asset of a device that has none. `client_id`: whom its organization is mapped to."""
    hostname = normal_hostname(facts.hostname)
    found: dict[str, str] = {}
    for key in match_keys(facts):
        asset = assets.get(owners.get(key, ""))
        if asset is None:
            continue
        if key.kind == "serial":
            found[asset.asset_id] = "serial_number"
        elif hostname is not None and hostname in _hostnames(asset):
            found.setdefault(asset.asset_id, "mac_address")
    if len(found) > 1:
        return Match(
            like=tuple(Likeness(each, "Its serial number and MAC addresses fit several assets") for each in found)
        )
    for asset_id, linked_by in found.items():
        doubt = _doubt(integration_id, facts, client_id, assets[asset_id])
        return Match(like=(Likeness(asset_id, doubt),)) if doubt is not None else Match(asset_id, linked_by)
    return Match()


def _doubt(integration_id: str, facts: Facts, client_id: str | None, asset: Asset) -> str | None:
    """Why the asset with the same key may be another machine all the same, as a sentence."""
    clients = {shown(asset).client_id, *(device.client_id for device in asset.devices)} - {None}
    if client_id is not None and clients and client_id not in clients:
        return "It has the same serial number or MAC address, but is another client's"
    # An agent that was installed anew leaves its old one behind, offline. Two that are online at once are two machines
    # that share a serial number, as the servers in one chassis do; the same name says that they are one all the same.
    hostname = normal_hostname(facts.hostname)
    # Of two with different names that are both offline nobody can tell.
    for device in asset.devices:
        if (
            device.integration_id == integration_id
            and device.presence is Presence.LISTED
            and _hostname(device) != hostname
            and _is_online(device.facts) is _is_online(facts)
        ):
            state = "online" if _is_online(facts) else "offline"
            return f"It has the same serial number, but the RMM shows both {state} under different names"
    return None


def _is_online(facts: Facts) -> bool:
    return facts.agent_status is AgentStatus.ONLINE


def _hostname(device: LinkedDevice) -> str | None:
    return normal_hostname(device.facts.hostname)


def _hostnames(asset: Asset) -> set[str]:
    return {hostname for device in asset.devices if (hostname := _hostname(device)) is not None}
