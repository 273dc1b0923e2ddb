"""Beginning a sync: at once, or after the one that is at work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tandem.alert_queue import QueueError
from tandem.store.sync_records import KINDS, RunKind, SyncRun, new_run_id
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.leases import LEASE, STALE_AFTER
from tandem.syncing.message import Step, SyncMessage, encode
from tandem.syncing.resuming import Queue, resume

_DIED = (
    "It gave no sign of life for half an hour, so another sync has taken its place. What it has written is right. If "
    "this stays so, see the log of device_sync."
)
_NOT_BEGUN = "It could not be begun, because the queue did not answer. It may be asked for again."


@dataclass(frozen=True, slots=True)
class Start:
    """What came of asking for a run. `run`: the new one; None while another one, `at_work`, goes on, which was resumed
    if it had died. Both are None where the other one has just ended and its record is gone."""

    run: SyncRun | None = None
    at_work: SyncRun | None = None


class Starter(Protocol):
    """Who begins syncs. Each method raises QueueError and the errors of store/errors.py."""

    def start(self, integration_id: str, kind: RunKind, by: str, now: datetime) -> Start:
        """Begin a run, unless one of the integration is at work. `by`: as SyncRun.requested_by."""
        ...

    def want(self, integration_id: str, kind: RunKind, by: str, now: datetime) -> Start:
        """Begin a run, now or when the one that is at work ends; of several that are wanted then one begins."""
        ...


class SyncStarter:
    """Begins runs of one table on one queue."""

    def __init__(self, runs: SyncRuns, queue: Queue) -> None:
        self._runs = runs
        self._queue = queue

    def start(self, integration_id: str, kind: RunKind, by: str, now: datetime) -> Start:
        """As Starter. A run that cannot be handed over is ended as failed, so that it keeps nobody away."""
        run_id = new_run_id(now)
        message = SyncMessage(Step.START, integration_id, run_id)
        run = SyncRun(run_id, integration_id, kind, "queued", now, by, heartbeat_at=now, step=encode(message))
        self._end_dead_one(integration_id, now)
        if not self._runs.begin(run, now, now + LEASE):
            return Start(at_work=self._at_work(integration_id, now))
        try:
            self._queue.send([message])
        except QueueError:
            self._runs.finish(run, "failed", now, _NOT_BEGUN)
            raise
        return Start(run)

    def want(self, integration_id: str, kind: RunKind, by: str, now: datetime) -> Start:
        """As Starter."""
        started = self.start(integration_id, kind, by, now)
        if started.run is not None:
            return started
        self._runs.note_wanted(integration_id, kind, by)
        # The one at work may have ended between both, and so have looked for the note too early.
        return self.start(integration_id, kind, by, now)

    def start_wanted(self, integration_id: str, now: datetime) -> Start:
        """Begin what was wanted after the run that has just ended, if anything was: one run, which looks again when it
        ends."""
        wanted = self._runs.state(integration_id).wanted
        for kind in KINDS:
            if kind in wanted:
                return self.start(integration_id, kind, wanted[kind], now)
        return Start()

    def _end_dead_one(self, integration_id: str, now: datetime) -> None:
        """A run whose lease has run out keeps nobody away, and nobody would ever end it."""
        state = self._runs.state(integration_id)
        if state.lease_run_id is None or state.lease_until is None or state.lease_until >= now:
            return
        run = self._runs.run(integration_id, state.lease_run_id, now)
        if run is not None:
            self._runs.finish(run, "failed", now, _DIED)

    def _at_work(self, integration_id: str, now: datetime) -> SyncRun | None:
        """The run that keeps others away. One that gave no sign of life for long goes on."""
        run_id = self._runs.state(integration_id).lease_run_id
        run = self._runs.run(integration_id, run_id, now) if run_id is not None else None
        if run is None or run.has_ended:
            return None
        if now - (run.heartbeat_at or run.requested_at) >= STALE_AFTER:
            resume(self._runs, self._queue, run, now)
        return run
