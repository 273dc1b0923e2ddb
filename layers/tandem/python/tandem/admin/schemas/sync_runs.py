"""Runs: polls and imports of alerts, and syncs of devices."""

from typing import Literal

from pydantic import Field, RootModel

from tandem.admin.schemas.base import Given, Taken, Time, example
from tandem.admin.schemas.polls import MOST_DAYS, RunAnswer

SyncKind = Literal["devices", "patches", "software", "organizations"]

SyncStateName = Literal[
    "queued",
    "listing",
    "sorting",
    "applying",
    "finishing",
    "retiring",
    "needs_confirmation",
    "succeeded",
    "failed",
    "cancelled",
]


class SyncRequest(Taken):
    """What to take over from the RMM."""

    model_config = example(kind="devices")

    kind: Literal["alerts", "devices", "patches", "software", "organizations"] = Field(
        description="Alerts: active ones through the rules, ended ones as history. Devices: organizations, devices and "
        "patches. The others: these alone"
    )
    days: int = Field(7, ge=1, le=MOST_DAYS, description="How far back ended alerts are taken over")


class SyncFailureAnswer(Given):
    """A device that could not be read or written. It stopped no other."""

    external_id: str | None = Field(examples=["17"])
    reason: str = Field(examples=["hostname is no text"])


class RetiringAnswer(Given):
    """An organization of which a run would retire more than it may on its own."""

    organization_id: str
    name: str | None = Field(examples=["Northwind Dental"])
    retiring: int = Field(examples=[14])
    of: int = Field(examples=[61])


class SyncRunAnswer(Given):
    """A sync of devices. Kept for 30 days."""

    id: str
    kind: SyncKind
    state: SyncStateName = Field(
        description="`listing`: the RMM is read; `applying`: assets are written, page by page; `needs_confirmation`: "
        "confirm or cancel it"
    )
    requested_at: Time
    requested_by: str = Field(description="The user's id, or `schedule`", examples=["schedule"])
    started_at: Time | None
    finished_at: Time | None = Field(examples=[None])
    heartbeat_at: Time | None = Field(description="When a step last gave a sign of life")
    cancel_requested: bool
    pages_listed: int = Field(description="Pages of the RMM's lists that were read", examples=[12])
    rows_seen: int = Field(description="Their rows", examples=[11_200])
    pages_total: int = Field(description="Pages of the fleet; 0 until all is listed", examples=[41])
    pages_done: int = Field(examples=[17])
    listed: int = Field(description="Devices that were looked at so far", examples=[4_250])
    created: int = Field(examples=[3])
    linked: int = Field(description="Found to be a machine that has an asset", examples=[1])
    updated: int = Field(examples=[40])
    unchanged: int = Field(examples=[4_190])
    skipped: dict[str, int] = Field(
        description="Devices that get no asset, by the reason", examples=[{"organization_not_mapped": 14}]
    )
    failed_devices: int = Field(examples=[2])
    failures: list[SyncFailureAnswer] = Field(description="The first 20 of them, and why")
    missing: int = Field(description="Devices that are missing from now on", examples=[0])
    returned: int = Field(description="Devices that were missing or retired, and are listed again", examples=[0])
    retired: int = Field(examples=[0])
    warnings: list[str] = Field(description="What the run had to do without", examples=[[]])
    trouble: str | None = Field(description="What is just being tried again", examples=[None])
    error: str | None = Field(description="Why it failed, and what to do", examples=[None])
    confirm: list[RetiringAnswer] = Field(description="What a person is asked about", examples=[[]])
    confirmed_by: str | None = Field(examples=[None])


class AnyRunAnswer(RootModel[SyncRunAnswer | RunAnswer]):
    """A sync of devices, or a poll or an import of alerts; `kind` tells."""
