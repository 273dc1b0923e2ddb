"""A change of a sync's run as the event that it means. Pure: the same change gives the same event.

RMM_SYNC_STARTED     none               a run
RMM_SYNC_COMPLETED   not ended          succeeded
RMM_SYNC_FAILED      not ended          failed, or cancelled

A run that waits for a person to confirm has not ended.
"""

from datetime import datetime
from typing import Any

from tandem.alerts.limits import cut_bytes
from tandem.events.fleet_payload import SyncCompleted, SyncEnded, SyncEvent, SyncFailed, SyncStarted
from tandem.events.names import SCHEMA_VERSION
from tandem.events.payload import Event
from tandem.ids import derived_id
from tandem.store.sync_records import SyncRun

_REASON_BYTES = 1024
_CANCELLED = "It was cancelled."
_UNKNOWN = "It failed, and gave no reason."
_COUNTED = tuple(name for name in SyncEnded.model_fields if name not in SyncEvent.model_fields)


def sync_events(before: SyncRun | None, after: SyncRun, tenant: str, at: datetime) -> list[Event]:
    """What the change of a run means, in order. `at`: when it was written."""
    events = [_event(SyncStarted, after, tenant, at)] if before is None else []
    if not after.has_ended or (before is not None and before.has_ended):
        return events
    counts = {name: getattr(after, name) for name in _COUNTED} | {"warnings": list(after.warnings)}
    if after.state == "succeeded":
        return [*events, _event(SyncCompleted, after, tenant, at, **counts)]
    reason = after.error or (_CANCELLED if after.state == "cancelled" else _UNKNOWN)
    counts |= {"state": after.state, "reason": cut_bytes(reason, _REASON_BYTES)}
    return [*events, _event(SyncFailed, after, tenant, at, **counts)]


def _event(event: type[SyncEvent], run: SyncRun, tenant: str, at: datetime, **more: Any) -> Event:
    return event.model_validate(
        {
            "schema_version": SCHEMA_VERSION,
            # A run begins once and ends once.
            "event_id": derived_id(event.name, run.integration_id, run.run_id),
            "occurred_at": at,
            "tenant_id": tenant,
            "integration_id": run.integration_id,
            "run_id": run.run_id,
            "kind": run.kind,
            "requested_by": run.requested_by,
            "requested_at": run.requested_at,
            **more,
        }
    )
