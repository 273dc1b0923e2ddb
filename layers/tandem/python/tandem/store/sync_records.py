"""Syncs of an integration's devices as they are kept: one run, and how the integration's syncs stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Literal

from tandem.alerts.limits import cut_bytes, sound_text
from tandem.assets.pages import Failure
from tandem.ids import new_id
from tandem.store import keys
from tandem.store.codec import Item, decode_item, encode_item
from tandem.times import from_text, optional_text, optional_time, to_text

RUN_KEPT = timedelta(days=30)

MOST_FAILURES = 20
"""Devices that a run names with what was wrong with them; the rest is only counted."""

RunKind = Literal["devices", "patches", "software", "organizations"]
RunState = Literal[
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

ENDED: tuple[RunState, ...] = ("succeeded", "failed", "cancelled")

NEXT: Mapping[RunState, tuple[RunState, ...]] = {
    "queued": ("listing",),
    "listing": ("sorting",),
    "sorting": ("applying",),
    "applying": ("finishing",),
    "finishing": ("retiring", "needs_confirmation"),
    "needs_confirmation": ("retiring",),
    "retiring": (),
}
"""Where a run goes from each state; from each of them it may end, too."""

_REASON_BYTES = 300
_ID_BYTES = 255
_SKIPPED = "skipped:"

COUNTERS = (
    "pages_listed",
    "rows_seen",
    "pages_done",
    "listed",
    "created",
    "linked",
    "updated",
    "unchanged",
    "failed_devices",
    "missing",
    "returned",
    "retired",
)
"""The fields of a run that only ever grow, by what its steps add."""


@dataclass(frozen=True, slots=True)
class Retiring:
    """An organization of which a run would retire more than it may on its own: so many of its devices."""

    organization_id: str
    name: str | None
    retiring: int
    of: int


@dataclass(frozen=True, slots=True)
class SyncRun:
    """One sync. `requested_by`: a user's id, or `schedule`.

    `heartbeat_at`: when a step last gave a sign of life. `step`: the current step's message, to send it again; None
    where there are many at once (`applying`, `retiring`). `step_number`: counts the steps, so that each is done once.

    `pages_listed`, `rows_seen`: of the RMM's listings. `pages_total`, `pages_done`: of the fleet. `listed`: devices.
    From `created` on as in assets.pages.Counts. `skipped`: by the reason. `failures`: the first of the
    `failed_devices`. `error`: a sentence, of one that failed; `trouble`: one of what is just being tried again.
    `confirm`: what a person is asked about.
    """

    run_id: str
    integration_id: str
    kind: RunKind
    state: RunState
    requested_at: datetime
    requested_by: str
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    finished_at: datetime | None = None
    step: str | None = None
    step_number: int = 0
    pages_listed: int = 0
    rows_seen: int = 0
    pages_total: int = 0
    pages_done: int = 0
    listed: int = 0
    created: int = 0
    linked: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    failed_devices: int = 0
    failures: tuple[Failure, ...] = ()
    missing: int = 0
    returned: int = 0
    retired: int = 0
    warnings: tuple[str, ...] = ()
    error: str | None = None
    trouble: str | None = None
    confirm: tuple[Retiring, ...] = ()
    confirmed_by: str | None = None
    cancel_requested: bool = False

    @property
    def has_ended(self) -> bool:
        """Nothing becomes of it any more."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class LastRun:
    """How the last run of a kind ended."""

    run_id: str
    state: RunState
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class SyncState:
    """How the syncs of an integration stand. `lease_run_id`: the run that is at work until `lease_until`, or was when
    its function died. `last`, `last_success_at`: by the kind of run. `last_error`: a sentence for the admin, None when
    the last one went well; `consecutive_failures`: how many since one did. A cancelled run is neither. `wanted`: kinds
    of runs that are to begin when the present one ends, and who asked for each."""

    integration_id: str
    lease_run_id: str | None = None
    lease_until: datetime | None = None
    last: Mapping[RunKind, LastRun] = field(default_factory=dict)
    last_success_at: Mapping[RunKind, datetime] = field(default_factory=dict)
    last_error: str | None = None
    consecutive_failures: int = 0
    wanted: Mapping[RunKind, str] = field(default_factory=dict)


KINDS: tuple[RunKind, ...] = ("devices", "patches", "software", "organizations")


def new_run_id(at: datetime) -> str:
    """A random id; ids sort by time, to the millisecond."""
    return f"{int(at.timestamp() * 1000):012x}{new_id()[:12]}"


def run_item(run: SyncRun) -> Item:
    """The run; it is kept for 30 days."""
    plain = {each.name: getattr(run, each.name) for each in fields(SyncRun)}
    values: dict[str, Any] = plain | {
        "requested_at": to_text(run.requested_at),
        "started_at": optional_text(run.started_at),
        "heartbeat_at": optional_text(run.heartbeat_at),
        "finished_at": optional_text(run.finished_at),
        "skipped": None,
        **{f"{_SKIPPED}{reason}": count for reason, count in run.skipped.items()},
        "failures": [failure_values(each) for each in run.failures] or None,
        "warnings": list(run.warnings) or None,
        "confirm": confirm_values(run.confirm) or None,
        "cancel_requested": True if run.cancel_requested else None,
        "expires_at": int((run.requested_at + RUN_KEPT).timestamp()),
    }
    return encode_item({**keys.sync_run_key(run.integration_id, run.run_id), **values})


def run_from(item: Mapping[str, Any]) -> SyncRun:
    """The run of an item."""
    values = decode_item(item)
    names = {each.name for each in fields(SyncRun)}
    plain = {name: value for name, value in values.items() if name in names}
    return SyncRun(
        **plain
        | {
            "requested_at": from_text(values["requested_at"]),
            "started_at": optional_time(values.get("started_at")),
            "heartbeat_at": optional_time(values.get("heartbeat_at")),
            "finished_at": optional_time(values.get("finished_at")),
            "skipped": {
                name.removeprefix(_SKIPPED): count for name, count in values.items() if name.startswith(_SKIPPED)
            },
            "failures": tuple(
                Failure(each.get("external_id"), each["reason"]) for each in values.get("failures", [])[:MOST_FAILURES]
            ),
            "warnings": tuple(dict.fromkeys(values.get("warnings", ()))),
            "confirm": tuple(
                Retiring(each["organization_id"], each.get("name"), each["retiring"], each["of"])
                for each in values.get("confirm", ())
            ),
        }
    )


def state_from(item: Mapping[str, Any]) -> SyncState:
    """The state of an item."""
    values = decode_item(item)
    last = {kind: values[last_attribute(kind)] for kind in KINDS if last_attribute(kind) in values}
    success = {kind: values[success_attribute(kind)] for kind in KINDS if success_attribute(kind) in values}
    return SyncState(
        integration_id=values["integration_id"],
        lease_run_id=values.get("lease_run_id"),
        lease_until=optional_time(values.get("lease_until")),
        last={
            kind: LastRun(each["run_id"], each["state"], from_text(each["finished_at"])) for kind, each in last.items()
        },
        last_success_at={kind: from_text(each) for kind, each in success.items()},
        last_error=values.get("last_error"),
        consecutive_failures=values.get("consecutive_failures", 0),
        wanted={kind: values[wanted_attribute(kind)] for kind in KINDS if wanted_attribute(kind) in values},
    )


def failure_values(failure: Failure) -> dict[str, str]:
    """A failure as a map, its texts cut to what a person reads."""
    reason = cut_bytes(sound_text(failure.reason), _REASON_BYTES)
    if failure.external_id is None:
        return {"reason": reason}
    return {"external_id": cut_bytes(sound_text(failure.external_id), _ID_BYTES), "reason": reason}


def confirm_values(confirm: tuple[Retiring, ...]) -> list[dict[str, Any]]:
    """What a person is asked about, as maps."""
    return [
        {
            "organization_id": each.organization_id,
            **({"name": each.name} if each.name is not None else {}),
            "retiring": each.retiring,
            "of": each.of,
        }
        for each in confirm
    ]


def skipped_attribute(reason: str) -> str:
    """The attribute that counts devices skipped for this reason. One each: DynamoDB adds to no number in a map."""
    return f"{_SKIPPED}{reason}"


def last_attribute(kind: RunKind) -> str:
    """The attribute of a state that tells of the last run of this kind."""
    return f"last:{kind}"


def success_attribute(kind: RunKind) -> str:
    """The attribute of a state that tells when a run of this kind last went well."""
    return f"succeeded:{kind}"


def wanted_attribute(kind: RunKind) -> str:
    """The attribute of a state that tells who wants a run of this kind after the present one."""
    return f"wanted:{kind}"
