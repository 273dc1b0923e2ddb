"""Devices as RMMs tell of them, and the assets that they become.

Units are the same for every provider: sizes in GiB, times in UTC. Nothing that an RMM does not say is None or empty,
and an RMM that says nothing takes back nothing (assets/merging.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

FieldValue = str | int | float | bool | None
"""What a person may write into a field of an asset."""


class AssetType(Enum):
    """What kind of machine it is."""

    WORKSTATION = "workstation"
    SERVER = "server"
    VM_HOST = "vm_host"
    VM_GUEST = "vm_guest"
    MOBILE_DEVICE = "mobile_device"
    NETWORK_DEVICE = "network_device"
    PRINTER = "printer"
    CLOUD_MONITOR = "cloud_monitor"
    OTHER = "other"


class AgentStatus(Enum):
    """What the RMM's agent on the device does. `overdue`: it is offline for longer than the RMM was told to bear."""

    ONLINE = "online"
    OFFLINE = "offline"
    OVERDUE = "overdue"
    UNKNOWN = "unknown"


class Presence(Enum):
    """Whether the RMM still lists the device. `missing`: several complete listings in a row lacked it; `retired`: it
    was missing for long, or a person said so."""

    LISTED = "listed"
    MISSING = "missing"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Disk:
    """A volume. Its free space changes all the time, so that is not here but in Seen."""

    name: str
    total_gib: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a provider says of a device and what rarely changes: each change of it is written to the asset and, but for
    the status and the patches (merging.SILENT), to the asset's history.

    `patches_pending`, `patches_failed`: counts that the RMM itself gives. `has_patches_pending`: where it says only
    that. `antivirus_status`: `protected`, `unprotected` or `unknown`. `security_score`: 0 to 100. `location`: for
    people. `uid`: what the RMM calls it besides its id.
    """

    name: str | None = None
    asset_type: AssetType | None = None
    hostname: str | None = None
    serial_number: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    operating_system: str | None = None
    os_version: str | None = None
    architecture: str | None = None
    cpu_model: str | None = None
    cpu_cores: int | None = None
    ram_gib: float | None = None
    disks: tuple[Disk, ...] = ()
    lan_addresses: tuple[str, ...] = ()
    wan_address: str | None = None
    mac_addresses: tuple[str, ...] = ()
    antivirus_product: str | None = None
    antivirus_status: str | None = None
    agent_status: AgentStatus | None = None
    agent_version: str | None = None
    location: str | None = None
    tags: tuple[str, ...] = ()
    maintenance_mode: bool | None = None
    needs_reboot: bool | None = None
    security_score: int | None = None
    security_risk: str | None = None
    flag: str | None = None
    patches_pending: int | None = None
    patches_failed: int | None = None
    has_patches_pending: bool | None = None
    last_patch_scan_at: datetime | None = None
    provider_class: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What changes all the time. It is kept for hundreds of devices in one item, so that a change costs no write of an
    asset. `free_gib`: of the disks, by their names. Uptime is `booted_at` seen from now."""

    last_seen_at: datetime | None = None
    booted_at: datetime | None = None
    last_user: str | None = None
    free_gib: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Device:
    """A device as a whole listing of the RMM shows it. `organization_id`: the RMM's customer; where organizations nest,
    the one that the device is in itself. `approval`: whether it was taken in, of an RMM where somebody decides that:
    `approved`, or its own word in small letters for what is not (yet), such as `pending`; None if it does not say."""

    external_id: str
    organization_id: str | None = None
    organization_name: str | None = None
    facts: Facts = Facts()
    seen: Seen = Seen()
    approval: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """Software as an RMM lists it. `installed_on`: a date, where it is known."""

    name: str
    version: str | None = None
    publisher: str | None = None
    installed_on: str | None = None


@dataclass(frozen=True, slots=True)
class LinkedDevice:
    """A device that an asset is the record of. `organization_id`: as the RMM says; `client_id`: whom that is mapped to.
    `missing_since`: the first of the complete listings that lack it. `linked_by`: why it is this asset's (`device`: it
    made the asset; else `serial_number`, `mac_address`, `person`)."""

    integration_id: str
    external_id: str
    facts: Facts = Facts()
    organization_id: str | None = None
    client_id: str | None = None
    presence: Presence = Presence.LISTED
    missing_since: datetime | None = None
    linked_at: datetime | None = None
    linked_by: str = "device"


@dataclass(frozen=True, slots=True)
class Likeness:
    """Another asset that may be the same machine, which only a person can say. `reason`: a sentence."""

    asset_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asset:
    """The desk's record of a machine: the provider's fields stand in `devices`, the persons' in `edited`, and neither
    touches the other's.

    `devices`: the first is the asset's own; others were found to be the same machine. `edited`: what a person wrote, by
    the field's name (shown.EDITABLE), never overwritten by a sync. `notes`: a person's alone. `maybe_same`: assets that
    were found to be like it when it was made. `linked_to`: the asset that took its devices over, of one that has none
    any more. `version`: counts writes.
    """

    asset_id: str
    created_at: datetime
    devices: tuple[LinkedDevice, ...] = ()
    edited: Mapping[str, FieldValue] = field(default_factory=dict)
    notes: str | None = None
    maybe_same: tuple[Likeness, ...] = ()
    linked_to: str | None = None
    updated_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an asset's history."""

    field: str
    old: FieldValue
    new: FieldValue


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A meaningful change of an asset. `by`: `run:<id>` of a sync, `user:<id>` of a person, or `system`. `what`:
    `created`, `changed`, `linked`, `unlinked`, `missing`, `returned`, `retired`, `software`."""

    asset_id: str
    at: datetime
    by: str
    what: str
    changes: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class FleetEntry:
    """What the fleet's page holds of one device between syncs.

    `fingerprint`: of all of the device that an asset is written for, but its patches; `patches`: of those, because runs
    of their own list them. The same ones mean that nothing is to be written; an empty one is like no other.
    `asset_id`: None of one that is skipped. `absent`: how many complete listings in a row lack it, `absent_since`: the
    first of them. `organization_id`: where it was when it was listed last. `refreshed_at`: when the RMM was asked for
    it alone, if that was after the last listing began.
    """

    external_id: str
    fingerprint: str
    asset_id: str | None = None
    patches: str = ""
    organization_id: str | None = None
    seen: Seen = Seen()
    absent: int = 0
    absent_since: datetime | None = None
    presence: Presence = Presence.LISTED
    refreshed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FleetPage:
    """Some hundred devices of an integration: those whose sort key (assets/order.py) is at least `begins` and below the
    next page's. `run_id`: the sync that wrote it last, whole: that one does not work on it again."""

    integration_id: str
    begins: str
    entries: Mapping[str, FleetEntry] = field(default_factory=dict)
    run_id: str | None = None
    version: int = 0
