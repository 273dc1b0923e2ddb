"""What is started by itself: when an integration's turn has come, and when one of its syncs has ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from tandem.scheduling.schedules import Schedules
from tandem.store.configuration.records import Integration, Status
from tandem.store.sync_records import RunKind, SyncState
from tandem.syncing.due import due_beside_devices, due_in_turn
from tandem.syncing.starting import Start

BY_SCHEDULE = "schedule"
"""Who asked for a run that begins by itself (SyncRun.requested_by)."""


class IntegrationRecords(Protocol):
    """Where integrations stand."""

    def get(self, integration_id: str) -> Integration | None:
        """One integration, as it is now."""
        ...


class States(Protocol):
    """Where it stands how syncs went."""

    def state(self, integration_id: str) -> SyncState:
        """Of one integration."""
        ...


class Starter(Protocol):
    """Who begins syncs (starting.py)."""

    def start(self, integration_id: str, kind: RunKind, by: str, now: datetime) -> Start:
        """Begin a run, unless one is at work."""
        ...

    def start_wanted(self, integration_id: str, now: datetime) -> Start:
        """Begin what somebody asked for while another run was at work."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of an integration's turn. `since_good`: how old its last good sync of devices is; None before the
    first, and of an integration that is not synced."""

    integration_id: str
    outcome: Literal["started", "at work", "nothing due", "not synced"]
    kind: RunKind | None = None
    since_good: timedelta | None = None


class Turns:
    """Starts what is due. Methods raise QueueError, SchedulesUnavailableError and the errors of store/errors.py."""

    def __init__(
        self, integrations: IntegrationRecords, states: States, starter: Starter, schedules: Schedules
    ) -> None:
        self._integrations = integrations
        self._states = states
        self._starter = starter
        self._schedules = schedules

    def turn(self, integration_id: str, now: datetime) -> Turn:
        """The integration's schedule says that its turn has come. One that is not synced any more loses its
        schedule."""
        integration = self._integrations.get(integration_id)
        if integration is None or not integration.is_synced:
            self._schedules.remove(integration_id)
            return Turn(integration_id, "not synced")
        if integration.status == Status.RECONNECT_REQUIRED:
            return Turn(integration_id, "not synced")
        state = self._states.state(integration_id)
        good_at = state.last_success_at.get("devices")
        since_good = now - good_at if good_at is not None else None
        kind = due_in_turn(integration, state, now)
        if kind is None:
            return Turn(integration_id, "nothing due", since_good=since_good)
        started = self._starter.start(integration_id, kind, BY_SCHEDULE, now)
        outcome: Literal["started", "at work"] = "started" if started.run is not None else "at work"
        return Turn(integration_id, outcome, kind, since_good)

    def run_ended(self, integration_id: str, now: datetime) -> Start:
        """A run of the integration has ended, however: what somebody wanted meanwhile begins, or what else is due. Told
        twice, the second finds the first's run at work."""
        started = self._starter.start_wanted(integration_id, now)
        if started.run is not None or started.at_work is not None:
            return started
        integration = self._integrations.get(integration_id)
        if integration is None or integration.status == Status.RECONNECT_REQUIRED:
            return started
        kind = due_beside_devices(integration, self._states.state(integration_id), now)
        return self._starter.start(integration_id, kind, BY_SCHEDULE, now) if kind is not None else started
