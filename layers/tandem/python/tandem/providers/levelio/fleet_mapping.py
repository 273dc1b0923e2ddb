"""From Level's rows to the facts of a device. docs/assets-levelio.md is the table of it.

Sources: openapi/level-v2-openapi.json; vendors.md 3; for what neither says (`security`, `public_ip_address`, what is
inside of `cpus`, `disk_partitions` and `network_interfaces`) other programs that use the API.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tandem.assets.models import AgentStatus, AssetType, Disk, Facts, Seen
from tandem.connections.fleet import DevicePart, Unreadable
from tandem.providers.api_alerts import identifier
from tandem.providers.fields import Fields
from tandem.providers.fleet_values import (
    MOST,
    boolean,
    count,
    each_once,
    free_gib_of_bytes,
    gib_of_bytes,
    ip_v4,
    is_private,
    is_virtual_adapter,
    mac,
    named_apart,
    number,
    objects,
    public_address,
    said,
)
from tandem.providers.moments import moment

INCLUDES: Final = (
    "operating_system",
    "cpus",
    "memory",
    "disks",
    "disk_partitions",
    "network_interfaces",
    "security",
)
"""What a device shows only when asked, by `include_<name>=true`."""

_TYPES = {
    None: AssetType.WORKSTATION,
    "workstation": AssetType.WORKSTATION,
    "server": AssetType.SERVER,
    "domain_controller": AssetType.SERVER,
}
_PROTECTED = frozenset({"enabled", "on", "active", "running", "protected", "up_to_date"})
_UNPROTECTED = frozenset(
    {"disabled", "off", "inactive", "stopped", "unprotected", "not_installed", "not_protected", "missing", "expired"}
)
_UNNAMED = "unnamed"
_MOST_CORES = 100_000


def part(row: Any) -> DevicePart | Unreadable:
    """Of a row of `/v2/devices` or the answer of `/v2/devices/<id>`, which are the same."""
    if not isinstance(row, dict):
        return Unreadable(None, "a row is no object")
    device = Fields(row)
    device_id = identifier(device, "id")
    if device_id is None:
        return Unreadable(None, "id: an id of at most 255 bytes")
    group = identifier(device, "group_id")
    return DevicePart(
        device_id,
        facts(row),
        seen(row),
        organization_id=group,
        organization_name=None if group is None else device.name("group_name"),
    )


def facts(told: Mapping[str, Any]) -> Facts:
    """What it says of the machine."""
    system, security = _object(told, "operating_system"), _object(told, "security")
    processors, interfaces = objects(told.get("cpus")), _of_hardware(told)
    online = boolean(told.get("online"))
    return Facts(
        name=said(told.get("nickname")) or said(told.get("hostname")),
        asset_type=_type(told),
        hostname=said(told.get("hostname")),
        serial_number=said(told.get("serial_number")),
        manufacturer=said(told.get("manufacturer")),
        model=said(told.get("model")),
        operating_system=said(system.get("full_operating_system")) or said(told.get("platform")),
        os_version=_version(system),
        architecture=said(told.get("architecture")) or said(system.get("architecture")),
        cpu_model=next((model for each in processors if (model := said(each.get("model"))) is not None), None),
        cpu_cores=_cores(told.get("cpu_cores"), processors),
        ram_gib=gib_of_bytes(told.get("total_memory")),
        disks=tuple(Disk(name, gib_of_bytes(each.get("size"))) for name, each in _volumes(told)),
        lan_addresses=_lan_address(interfaces),
        wan_address=public_address(told.get("public_ip_address")),
        mac_addresses=each_once(mac(each.get("mac_address")) for each in interfaces),
        antivirus_product=said(security.get("antivirus_provider")),
        antivirus_status=_protection(security),
        agent_status=None if online is None else AgentStatus.ONLINE if online else AgentStatus.OFFLINE,
        location=", ".join(each for name in ("city", "country") if (each := said(told.get(name))) is not None) or None,
        tags=tuple(sorted(each_once(map(_tag, _array(told, "tags"))))),
        maintenance_mode=boolean(told.get("maintenance_mode")),
        security_score=_score(security.get("score"), told.get("security_score")),
        security_risk=said(security.get("risk")),
        flag="flagged" if told.get("flag") is True else said(told.get("flag")),
        provider_class=said(told.get("role")),
    )


def seen(told: Mapping[str, Any]) -> Seen:
    """What changes all the time."""
    left = ((name, free_gib_of_bytes(each.get("free_space"))) for name, each in _volumes(told))
    return Seen(
        last_seen_at=moment(told.get("last_seen_at")),
        booted_at=moment(told.get("last_reboot_time")),
        last_user=said(told.get("last_logged_in_user")),
        free_gib={name: gib for name, gib in left if gib is not None},
    )


def waiting_updates(rows: Iterable[Any]) -> Iterable[DevicePart | Unreadable]:
    """Of rows of `/v2/updates?status=available`: a part for each device among them, with how many of them are its."""
    counted: dict[str, int] = {}
    for row in rows:
        device_id = identifier(Fields(row), "device_id") if isinstance(row, dict) else None
        if device_id is None:
            yield Unreadable(None, "device_id: the id of the device")
        elif row.get("is_available") is not False:
            counted[device_id] = counted.get(device_id, 0) + 1
    for device_id, waiting in counted.items():
        yield DevicePart(device_id, Facts(patches_pending=waiting))


def _object(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = told.get(name)
    return value if isinstance(value, dict) else {}


def _array(told: Mapping[str, Any], name: str) -> list[Any]:
    value = told.get(name)
    return value if isinstance(value, list) else []


def _type(told: Mapping[str, Any]) -> AssetType | None:
    """By Level's role. `null` is a role, too: that of what is no server."""
    if "role" not in told:
        return None
    role = told["role"]
    return _TYPES.get(role, AssetType.OTHER) if role is None or isinstance(role, str) else AssetType.OTHER


def _version(system: Mapping[str, Any]) -> str | None:
    """`11` and `23H2` are `11 23H2`; `14` and `4.1` are `14.4.1`."""
    major, minor = said(system.get("major_version")), said(system.get("minor_version"))
    if major is None or minor is None:
        return major or minor
    return f"{major}.{minor}" if minor.replace(".", "").isdigit() else f"{major} {minor}"


def _cores(told: Any, processors: Iterable[Mapping[str, Any]]) -> int | None:
    found = count(told, _MOST_CORES) or sum(count(each.get("cores"), _MOST_CORES) or 0 for each in processors)
    return found or None


def _volumes(told: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The partitions with a size, by their mount points."""
    known = [each for each in objects(told.get("disk_partitions")) if gib_of_bytes(each.get("size")) is not None]
    names = (said(each.get("mount_point")) or said(each.get("label")) or _UNNAMED for each in known)
    return list(zip(named_apart(names), known, strict=True))[:MOST]


def _of_hardware(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The network interfaces that no software makes."""
    return [
        each
        for each in objects(told.get("network_interfaces"))
        if not is_virtual_adapter(each.get("description"), each.get("interface"), each.get("label"))
    ]


def _lan_address(interfaces: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The first private IPv4 address."""
    for each in interfaces:
        for told in _array(each, "ip_addresses"):
            address = ip_v4(told)
            if address is not None and is_private(address):
                return (str(address),)
    return ()


def _protection(security: Mapping[str, Any]) -> str | None:
    """What Level's words are is not documented: those not known here are `unknown`."""
    if "antivirus_status" not in security:
        return None
    word = (said(security["antivirus_status"]) or "").lower().replace(" ", "_").replace("-", "_")
    return "protected" if word in _PROTECTED else "unprotected" if word in _UNPROTECTED else "unknown"


def _score(*told: Any) -> int | None:
    for each in told:
        score = number(each)
        if score is not None and 0 <= score <= 100:
            return round(score)
    return None


def _tag(value: Any) -> str | None:
    return said(value.get("name")) if isinstance(value, dict) else said(value)
