"""Going on with a run whose messages were lost or whose function died: its current step's messages are sent again.

Every step is done once however often its message comes, so sending one too many costs a look at the table.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from tandem.store.errors import MovedOnError
from tandem.store.sync_records import SyncRun
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.leases import LEASE
from tandem.syncing.message import Step, SyncMessage, decode


class Queue(Protocol):
    """Where the messages of steps are sent."""

    def send(self, messages: Sequence[SyncMessage], delay_seconds: int = 0) -> None:
        """Hand over these messages. Raises QueueError; then some may be handed over."""
        ...


def messages_of(run: SyncRun) -> list[SyncMessage]:
    """The messages of the run's current step; none of one that has ended or waits for a person."""
    if run.has_ended or run.state == "needs_confirmation":
        return []
    if run.state == "applying":
        return pages_of(run)
    return [decode(run.step)] if run.step is not None else []


def pages_of(run: SyncRun) -> list[SyncMessage]:
    """One message a page; those of pages that are done find that out."""
    if run.pages_done >= run.pages_total:
        return [SyncMessage(Step.FINISH, run.integration_id, run.run_id, run.step_number)]
    return [
        SyncMessage(Step.PAGE, run.integration_id, run.run_id, run.step_number, number=number)
        for number in range(run.pages_total)
    ]


def resume(runs: SyncRuns, queue: Queue, run: SyncRun, now: datetime) -> bool:
    """Take the lease for a run that seems dead and send its current step again. False if another run has the lease, or
    this one has moved on by itself. Raises a StoreError or QueueError."""
    if not runs.take(run, now, now + LEASE):
        return False
    try:
        present = runs.heartbeat(run, now)
    except MovedOnError:
        return False
    queue.send(messages_of(present))
    return True
