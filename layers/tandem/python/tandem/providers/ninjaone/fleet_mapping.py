"""From NinjaOne's rows to what Tandem knows of a device, as tables: which field is read from where, and how.

Sources: the OpenAPI of 2026 (`Device` with its kinds AgentDevice, VMHost, VMGuest and MdmDevice; DeviceHealthSummary);
vendors.md 1.6, and 0.8: times are epoch seconds as floats. docs/assets-ninjaone.md shows the same tables to people.
A value of another type than it should have is as good as none; only a row without an id is no device.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tandem.assets.models import Facts, Seen
from tandem.connections.fleet import DevicePart, Unreadable
from tandem.providers.fleet_values import boolean, count, gib_of_bytes, public_address, said
from tandem.providers.moments import moment
from tandem.providers.ninjaone.fleet_readings import (
    agent_status,
    approval,
    cores,
    disks,
    free,
    identifier_of,
    lan_addresses,
    mac_addresses,
    maintenance,
    of_the_first,
    pending_reason,
    release,
    tags,
)
from tandem.providers.ninjaone.node_classes import asset_type_of
from tandem.providers.ninjaone.reports import reported_id


@dataclass(frozen=True, slots=True)
class From:
    """One place where a field is read. `path`: a member of the row, nested ones by dots. `how`: for the docs."""

    path: str
    read: Callable[[Any], Any] = said
    how: str = ""
    steps: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.path.split(".")))


@dataclass(frozen=True, slots=True)
class Mapped:
    """One field: what the first place says that says anything. `absent`: where none of them is there at all."""

    name: str
    places: tuple[From, ...]
    absent: Any = None

    def value(self, row: Mapping[str, Any]) -> Any:
        """What the row says of the field; None for nothing."""
        is_there = False
        for place in self.places:
            value: Any = row
            for step in place.steps:
                value = value.get(step) if isinstance(value, dict) else None
            if value is not None:
                is_there = True
                made = place.read(value)
                if made is not None:
                    return made
        return None if is_there else self.absent


FACTS: Final = (
    Mapped("name", (From("displayName"), From("systemName"), From("dnsName"), From("netbiosName"))),
    Mapped("asset_type", (From("nodeClass", asset_type_of, "by the table of node classes"),)),
    Mapped("hostname", (From("systemName"), From("netbiosName"), From("dnsName"))),
    Mapped("serial_number", (From("system.serialNumber"), From("system.biosSerialNumber"), From("serviceTag"))),
    Mapped("manufacturer", (From("system.manufacturer"), From("vendor"))),
    Mapped("model", (From("system.model"), From("model"))),
    Mapped("operating_system", (From("os.name"), From("releaseName"), From("guestOSFullName"))),
    Mapped(
        "os_version",
        (
            From("os", release("releaseId", "buildNumber"), "`releaseId (buildNumber)`"),
            From("version"),
            From("system.build"),
        ),
    ),
    Mapped("architecture", (From("os.architecture"), From("processors", of_the_first("architecture"), "the first"))),
    Mapped("cpu_model", (From("processors", of_the_first("name"), "the first `name`"), From("cpuModel"))),
    Mapped("cpu_cores", (From("processors", cores, "the sum of `numCores`"), From("cpuCores", count))),
    Mapped(
        "ram_gib",
        (
            From("memory.capacity", gib_of_bytes, "bytes"),
            From("system.totalPhysicalMemory", gib_of_bytes, "bytes"),
            From("memorySize", gib_of_bytes, "bytes"),
        ),
    ),
    Mapped("disks", (From("volumes", disks, "fixed ones, `capacity` in bytes, sorted by name"),)),
    Mapped("lan_addresses", (From("ipAddresses", lan_addresses, "IPv4, sorted"),)),
    Mapped("wan_address", (From("publicIP", public_address),)),
    Mapped("mac_addresses", (From("macAddresses", mac_addresses, "each once, sorted"),)),
    Mapped("agent_status", (From("offline", agent_status, "`unknown` if it is not there"),), agent_status(None)),
    Mapped("location", (From("references.location.name"),)),
    Mapped("tags", (From("tags", tags, "sorted"),)),
    Mapped(
        "maintenance_mode",
        (From("maintenance", maintenance, "whether `status` is `IN_MAINTENANCE`; false if it is not there"),),
        absent=False,
    ),
    Mapped("needs_reboot", (From("os.needsReboot", boolean),)),
    Mapped("provider_class", (From("nodeClass"),)),
)
"""Facts of a row of `/v2/devices-detailed`. A location that is not referenced is looked up by `locationId`."""

SEEN: Final = (
    Mapped("last_seen_at", (From("lastContact", moment, "epoch seconds"),)),
    Mapped(
        "booted_at", (From("os.lastBootTime", moment, "epoch seconds"), From("lastBootTime", moment, "epoch seconds"))
    ),
    Mapped("last_user", (From("lastLoggedInUser"),)),
    Mapped("free_gib", (From("volumes", free, "fixed ones, `freeSpace` in bytes"),), absent={}),
)

DEVICE: Final = (
    Mapped("organization_id", (From("organizationId", identifier_of),)),
    Mapped("organization_name", (From("references.organization.name"),)),
    Mapped("approval", (From("approvalStatus", approval, "in small letters; whatever is not `approved` is no asset"),)),
)

HEALTH: Final = (
    Mapped("needs_reboot", (From("pendingRebootReason", pending_reason, "true if there is one, else nothing said"),)),
)
PENDING: Final = ("pendingOSPatchesCount", "pendingSoftwarePatchesCount")
FAILED: Final = ("failedOSPatchesCount", "failedSoftwarePatchesCount")


def device_part(row: Any, location_name: Callable[[str], str | None]) -> DevicePart | Unreadable:
    """A row of `/v2/devices-detailed`, which `/v2/device/{id}` has, too. `location_name`: given a location's id."""
    if not isinstance(row, dict):
        return Unreadable(None, "a row is no object")
    external_id = identifier_of(row.get("id"))
    if external_id is None:
        return Unreadable(None, "id: expected an id of at most 255 bytes")
    facts = {each.name: value for each in FACTS if (value := each.value(row)) is not None}
    if "location" not in facts:
        location_id = identifier_of(row.get("locationId"))
        facts["location"] = None if location_id is None else location_name(location_id)
    return DevicePart(
        external_id,
        Facts(**facts),
        Seen(**{each.name: value for each in SEEN if (value := each.value(row)) is not None}),
        **{each.name: each.value(row) for each in DEVICE},
    )


def health_part(row: Any) -> DevicePart | Unreadable:
    """A row of `/v2/queries/device-health`: patches, of the system and of other software together, and a reboot."""
    external_id = reported_id(row)
    if external_id is None:
        return Unreadable(None, "deviceId: expected an id of at most 255 bytes")
    values = {each.name: each.value(row) for each in HEALTH}
    return DevicePart(
        external_id, Facts(**values, patches_pending=_sum(row, PENDING), patches_failed=_sum(row, FAILED))
    )


def _sum(row: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    counts = [number for name in names if (number := count(row.get(name))) is not None]
    return sum(counts) if counts else None
