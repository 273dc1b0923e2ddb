"""What the steps of a run work with, and what all of them do: give signs of life, and send what comes next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from tandem.assets.placing import Placements
from tandem.connections.fleet import Fleet
from tandem.connections.limits import Deadline
from tandem.store.asset_apply import PageWriter
from tandem.store.assets import Assets
from tandem.store.configuration.clients import Clients
from tandem.store.configuration.organizations import Organizations
from tandem.store.configuration.records import Integration
from tandem.store.fleets import Fleets
from tandem.store.lookups import Lookups
from tandem.store.sync_records import SyncRun
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.arrivals import Arrivals
from tandem.syncing.documents import Documents
from tandem.syncing.errors import RunCancelledError, RunReplacedError
from tandem.syncing.leases import LEASE, RENEWED_AFTER
from tandem.syncing.message import Step, SyncMessage
from tandem.syncing.resuming import Queue
from tandem.syncing.staging import Staging

RMM_SHARE = 0.8
"""Of the time of a message; the table and the bucket have the rest."""


class Opening(Protocol):
    """Who opens an integration's RMM."""

    def open_fleet(self, place: Integration, deadline: Deadline) -> Fleet:
        """Its devices, for one piece of work. Raises VendorError."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """`clock`: the time of day; `monotonic`: as time.monotonic. `renewed`: when this instance renewed the lease of
    which run. `placements`: whose the organizations' devices are, by run, and when that was read.
    `auto_map_organizations`: the tenant file lets organizations be mapped to clients of the same name."""

    runs: SyncRuns
    fleets: Fleets
    assets: Assets
    lookups: Lookups
    pages: PageWriter
    organizations: Organizations
    clients: Clients
    staging: Staging
    documents: Documents
    queue: Queue
    arrivals: Arrivals
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    opening: Opening
    auto_map_organizations: bool = False
    renewed: dict[str, float] = field(default_factory=dict)
    placements: dict[str, tuple[float, Placements]] = field(default_factory=dict)

    def beat(self, run: SyncRun) -> SyncRun:
        """A sign of life of a step that takes long; gives the run as it is now. Raises RunCancelledError,
        RunReplacedError, MovedOnError."""
        present = self.runs.heartbeat(run, self.clock())
        if present.cancel_requested:
            raise RunCancelledError
        self.renew(present)
        return present

    def fleet(self, task: "Task") -> Fleet:
        """The integration's devices, for most of the time that the task has. Raises VendorError."""
        return self.opening.open_fleet(
            task.integration, Deadline(task.deadline.remaining() * RMM_SHARE, self.monotonic)
        )

    def renew(self, run: SyncRun) -> None:
        """Keep the lease, if it was not renewed just before. Raises RunReplacedError."""
        last = self.renewed.get(run.run_id)
        if last is not None and self.monotonic() - last < RENEWED_AFTER.total_seconds():
            return
        now = self.clock()
        if not self.runs.take(run, now, now + LEASE):
            raise RunReplacedError
        self.renewed.clear()  # an instance has few runs at once, and those that end are not told to it
        self.renewed[run.run_id] = self.monotonic()


@dataclass(frozen=True, slots=True)
class Task:
    """One message at work, with its run and integration as they were when it began. `is_last_attempt`: what fails now
    fails for good."""

    message: SyncMessage
    run: SyncRun
    integration: Integration
    deadline: Deadline
    is_last_attempt: bool = False

    @property
    def integration_id(self) -> str:
        """Of the run."""
        return self.run.integration_id

    def next(self, step: Step, **values: Any) -> SyncMessage:
        """The message of the step that comes when this one is done."""
        return message_behind(self.run, step, **values)


def message_behind(run: SyncRun, step: Step, **values: Any) -> SyncMessage:
    """The message of the step that comes when the run's present one is done."""
    return SyncMessage(step, run.integration_id, run.run_id, run.step_number + 1, **values)
