"""How an integration's device syncs are shown."""

from datetime import datetime

from tandem.admin.schemas.integrations import DeviceSyncAnswer
from tandem.store.configuration.records import Integration
from tandem.store.sync_records import SyncState
from tandem.syncing.settings import synced_every


def device_sync_answer(integration: Integration, state: SyncState, now: datetime) -> DeviceSyncAnswer:
    """How the device syncs of an integration stand."""
    good_at, last = state.last_success_at.get("devices"), state.last.get("devices")
    next_at = last.finished_at + synced_every(integration) if last is not None and integration.is_synced else None
    is_at_work = state.lease_until is not None and state.lease_until > now
    return DeviceSyncAnswer(
        enabled=integration.is_synced,
        interval_minutes=integration.device_sync_interval_minutes if integration.has_credentials else None,
        retire_after_days=integration.retire_after_days,
        last_synced_at=good_at,
        last_error=state.last_error,
        consecutive_failures=state.consecutive_failures,
        next_sync_at=next_at,
        run_id=state.lease_run_id if is_at_work else None,
    )
