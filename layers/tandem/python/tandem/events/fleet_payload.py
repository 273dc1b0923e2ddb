"""The payloads of the events of device syncs and of the devices that they list (payload.py says how payloads are)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tandem.events.names import (
    RMM_DEVICE_CREATED,
    RMM_DEVICE_DELETED,
    RMM_DEVICE_OFFLINE,
    RMM_DEVICE_ONLINE,
    RMM_DEVICE_UPDATED,
    RMM_SYNC_COMPLETED,
    RMM_SYNC_FAILED,
    RMM_SYNC_STARTED,
)
from tandem.events.payload import Event, Time

KindName = Literal["devices", "patches", "software", "organizations"]
AgentStatusName = Literal["online", "offline", "overdue", "unknown"]
PresenceName = Literal["listed", "missing", "retired"]


class SyncEvent(Event):
    """What every event of a sync says."""

    subject = "integration_id"

    integration_id: str
    run_id: str
    kind: KindName = Field(description="What was asked of the RMM")
    requested_by: str = Field(description="A user's id, or `schedule`")
    requested_at: Time


class SyncStarted(SyncEvent):
    """A sync of an RMM's devices, patches, software or organizations has begun, by the schedule or by hand."""

    name = RMM_SYNC_STARTED


class SyncEnded(SyncEvent):
    """What a sync did until it ended."""

    started_at: Time | None = None
    finished_at: Time | None = None
    listed: int = Field(description="Devices that the RMM listed")
    created: int = Field(description="Of these, those that became new assets")
    linked: int = Field(description="Those that were found to be a machine that has an asset")
    updated: int
    unchanged: int
    skipped: dict[str, int] = Field(description="How many got no asset, by the reason")
    failed_devices: int = Field(description="Those that could not be read or written; the run names them")
    missing: int = Field(description="Devices that turned missing: several listings in a row lack them")
    returned: int = Field(description="Devices that were missing or retired, and are listed again")
    retired: int = Field(description="Devices that were missing for too long")
    warnings: list[str] = Field(description="What went wrong beside that, in sentences")


class SyncCompleted(SyncEnded):
    """A sync has come to its end."""

    name = RMM_SYNC_COMPLETED


class SyncFailed(SyncEnded):
    """A sync was given up, or cancelled by a person. What it had written until then stays."""

    name = RMM_SYNC_FAILED

    state: Literal["failed", "cancelled"]
    reason: str = Field(description="A sentence")


class DeviceEvent(Event):
    """What every event of a device says; the device as it was right after the event."""

    subject = "asset_id"

    integration_id: str
    external_device_id: str
    asset_id: str = Field(description="The asset that it is; several devices may be one")
    client_id: str | None = Field(None, description="The asset's, a person's choice included")
    device_name: str | None = Field(None, description="What the RMM calls it")
    external_organization_id: str | None = None
    agent_status: AgentStatusName | None = Field(None, description="None is known of a device without an agent")


class DeviceCreated(DeviceEvent):
    """A device of an RMM has become an asset, or part of one; also one that was told as deleted and is back."""

    name = RMM_DEVICE_CREATED

    linked_by: Literal["device", "serial_number", "mac_address", "person"] = Field(
        description="`device`: it made the asset; else how it was found to be a machine that has one"
    )


class DeviceChange(BaseModel):
    """One field of a device before and after; absent where it had or has no value, or one that is too long."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="As `GET /assets/{id}` calls it, and `external_organization_id`, `presence`")
    before: str | int | float | bool | None = None
    after: str | int | float | bool | None = None


class DeviceUpdated(DeviceEvent):
    """What an RMM says of a device has changed, but for its agent's status, its patches and what moves all the time."""

    name = RMM_DEVICE_UPDATED

    presence: PresenceName = Field(description="`missing`: several of the RMM's listings in a row lack it")
    changes: list[DeviceChange] = Field(min_length=1)


class DeviceDeleted(DeviceEvent):
    """A device was retired: it was missing from its RMM for too long, or a person said that it is gone."""

    name = RMM_DEVICE_DELETED


class DeviceOnline(DeviceEvent):
    """The agent of a device reports again."""

    name = RMM_DEVICE_ONLINE


class DeviceOffline(DeviceEvent):
    """The agent of a device does not report any more."""

    name = RMM_DEVICE_OFFLINE
