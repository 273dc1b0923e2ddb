"""How device syncs are shown: those of an integration, and one of them."""

from datetime import datetime
from typing import Any

from tandem.admin.calls import Call
from tandem.admin.schemas.integrations import (
    DeviceSyncAnswer,
    LastRunAnswer,
    SyncAtWorkAnswer,
    SyncToConfirmAnswer,
)
from tandem.admin.schemas.sync_runs import RetiringAnswer, SyncRunAnswer
from tandem.store.configuration.records import Integration
from tandem.store.sync_records import KINDS, SyncRun, SyncState
from tandem.syncing.leases import STALE_AFTER
from tandem.syncing.settings import synced_every

_LOOKED_AT = 20
"""Runs: one that waits for a person is ended by the next sync of its kind that succeeds."""

_STALE = "It gives no sign of life. The next sync that is begun makes it go on."


def device_sync_answer(call: Call[Any, Any], integration: Integration) -> DeviceSyncAnswer:
    """How the device syncs of an integration stand."""
    runs, integration_id, now = call.services.sync_runs, integration.integration_id, call.now
    state = runs.state(integration_id)
    last = state.last.get("devices")
    next_at = last.finished_at + synced_every(integration) if last is not None and integration.is_synced else None
    newest = runs.runs(integration_id, None, _LOOKED_AT, now).records
    at_work = state.lease_run_id if state.lease_until is not None and state.lease_until > now else None
    waiting = next((each for each in newest if each.state == "needs_confirmation"), None)
    working = next((each for each in newest if each.run_id == at_work and not each.has_ended), None)
    return DeviceSyncAnswer(
        enabled=integration.is_synced,
        interval_minutes=integration.device_sync_interval_minutes if integration.has_credentials else None,
        retire_after_days=integration.retire_after_days,
        last_synced_at=state.last_success_at.get("devices"),
        last_error=state.last_error,
        consecutive_failures=state.consecutive_failures,
        next_sync_at=next_at,
        last_runs=_last_runs(state),
        run=_at_work(working, now) if working is not None else None,
        needs_confirmation=_to_confirm(waiting) if waiting is not None else None,
    )


def sync_run_answer(run: SyncRun, now: datetime) -> SyncRunAnswer:
    """The run as it is shown."""
    names = SyncRunAnswer.model_fields.keys() - {"id", "skipped", "failures", "confirm", "warnings", "trouble"}
    return SyncRunAnswer.model_validate(
        {
            **{name: getattr(run, name) for name in names},
            "id": run.run_id,
            "skipped": dict(run.skipped),
            "failures": [{"external_id": each.external_id, "reason": each.reason} for each in run.failures],
            "warnings": list(run.warnings),
            "trouble": _trouble(run, now),
            "confirm": _retiring(run),
        }
    )


def _at_work(run: SyncRun, now: datetime) -> SyncAtWorkAnswer:
    return SyncAtWorkAnswer(
        id=run.run_id,
        kind=run.kind,
        state=run.state,
        requested_at=run.requested_at,
        rows_seen=run.rows_seen,
        pages_total=run.pages_total,
        pages_done=run.pages_done,
        trouble=_trouble(run, now),
    )


def _to_confirm(run: SyncRun) -> SyncToConfirmAnswer:
    return SyncToConfirmAnswer(id=run.run_id, requested_at=run.requested_at, organizations=_retiring(run))


def _trouble(run: SyncRun, now: datetime) -> str | None:
    is_at_work = not run.has_ended and run.state != "needs_confirmation"
    is_stale = is_at_work and now - (run.heartbeat_at or run.requested_at) >= STALE_AFTER
    return _STALE if is_stale else run.trouble


def _retiring(run: SyncRun) -> list[RetiringAnswer]:
    return [
        RetiringAnswer(organization_id=each.organization_id, name=each.name, retiring=each.retiring, of=each.of)
        for each in run.confirm
    ]


def _last_runs(state: SyncState) -> list[LastRunAnswer]:
    return [
        LastRunAnswer.model_validate(
            {
                "kind": kind,
                "run_id": state.last[kind].run_id,
                "state": state.last[kind].state,
                "finished_at": state.last[kind].finished_at,
                "last_success_at": state.last_success_at.get(kind),
            }
        )
        for kind in KINDS
        if kind in state.last
    ]
