"""What device_sync tells of its work: a log line a message, and counters when a run has ended."""

import logging

from tandem import telemetry
from tandem.alerts.models import Provider
from tandem.store.sync_records import SyncRun
from tandem.syncing.message import SyncMessage

FUNCTION = "device_sync"


def step_done(message: SyncMessage, outcome: str, milliseconds: int, reason: str | None = None) -> None:
    """One message. `outcome`: a word of work.Handled."""
    level = logging.INFO if reason is None else logging.WARNING
    fields = {"reason": reason} if reason is not None else {}
    telemetry.log(
        level,
        "sync step",
        step=message.step.value,
        integration_id=message.integration_id,
        run_id=message.run_id,
        number=message.number,
        source=message.source,
        outcome=outcome,
        milliseconds=milliseconds,
        **fields,
    )


def run_ended(run: SyncRun, state: str, provider: Provider | None, seconds: float) -> None:
    """One run that has ended just now; the numbers are its record's. Kind, outcome and RMM are written beside the
    metrics, not among their dimensions: each combination would be metrics of its own."""
    telemetry.counts(
        {
            "sync_runs": 1,
            "sync_runs_failed": int(state == "failed"),
            "sync_devices_seen": run.listed,
            "sync_devices_failed": run.failed_devices,
            "sync_assets_created": run.created,
            "sync_assets_updated": run.updated,
            "sync_assets_retired": run.retired,
        },
        {"function": FUNCTION},
        {"sync_milliseconds": [int(seconds * 1000)]},
        integration_id=run.integration_id,
        run_id=run.run_id,
        kind=run.kind,
        outcome=state,
        provider=provider.value if provider is not None else None,
    )
