"""What scheduled_poll does: one poll, or one import of alerts, with all that belongs around it.

not connected           its schedule is taken away; nothing else happens
another poll has it     nothing happens; by hand, the run says so
the RMM, or we, fail    recorded with a sentence; nothing is resolved. Our own failures are raised, too
it goes well            what it came to and the listings that count are recorded
its import fails        the poll went well all the same; the run of who asked for the import says what failed
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from tandem import telemetry
from tandem.alert_queue import QueueError
from tandem.assets.news import News
from tandem.connections.errors import VendorError
from tandem.connections.limits import Deadline
from tandem.connections.rmm import Rmm
from tandem.polling.backfill import TakenOver, take_over
from tandem.polling.listings import ListingsUnavailableError
from tandem.polling.poller import AlertBeliefs, EventQueue, Polled, Poller, StoppedError
from tandem.polling.report import Report
from tandem.scheduling.schedules import Schedules
from tandem.store.configuration.records import Integration, Status
from tandem.store.errors import ConflictError, StoreError
from tandem.store.polls import PollState, Run, RunState
from tandem.syncing.refresh_message import RefreshMessage

OWN_SHARE = 0.25
"""Of the time, for the table and the queue; the RMM has the rest."""

LEASE_BEYOND = timedelta(seconds=30)
"""How long a lease outlives the time of who took it: clocks differ."""

_OWN_FAILURE = (
    "Tandem itself could not finish the poll ({what}). Nothing is lost: the next poll finds the same again. If this "
    "stays so, see the log of scheduled_poll."
)
_HISTORY_BROKE_OFF = (
    "The alerts that fire were taken over, and {count} that had ended; then it broke off: {why} It may be asked for "
    "again."
)
_NOTHING = TakenOver()
_NAMED = 10
_LOOKED_AT = 50
_BUSY = "Another poll of this integration was running; what it came to stands with the integration."
_NOT_CONNECTED = "The integration is not connected, so there is nothing to poll. Connect it, and try again."


class Opening(Protocol):
    """Who opens an integration's RMM."""

    def open(self, integration: Integration, deadline: Deadline) -> Rmm:
        """The RMM, for one piece of work. Raises VendorError."""
        ...


class IntegrationRecords(Protocol):
    """Where integrations stand."""

    def get(self, integration_id: str) -> Integration | None:
        """One integration, as it is now."""
        ...


class Statuses(Protocol):
    """Where it stands whether an RMM takes the credentials."""

    def works(self, integration_id: str) -> None:
        """It does."""
        ...


class Refreshes(Protocol):
    """Where devices are handed over that are to be looked at."""

    def send(self, messages: Sequence[RefreshMessage], now: datetime) -> None:
        """Hand over these. Raises QueueError."""
        ...


class PollRecords(Protocol):
    """Where the states of polls and runs stand."""

    def begin(self, integration_id: str, lease_id: str, now: datetime, until: datetime) -> PollState | None:
        """Take the lease until then and give the state; None while another poll has it."""
        ...

    def end(self, state: PollState, lease_id: str, now: datetime) -> None:
        """Write what came of it and give the lease back. Raises ConflictError if it is another's by now."""
        ...

    def run(self, integration_id: str, run_id: str, now: datetime) -> Run | None:
        """One run."""
        ...

    def put_run(self, run: Run, now: datetime) -> None:
        """Write how the run stands."""
        ...


@dataclass(frozen=True, slots=True)
class Around:
    """What the work uses of the world. `monotonic` as time.monotonic; `fresh_id` names leases."""

    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    fresh_id: Callable[[], str]


class PollWork:
    """Polls and imports, one integration at a time."""

    def __init__(
        self,
        *,
        integrations: IntegrationRecords,
        statuses: Statuses,
        polls: PollRecords,
        opening: Opening,
        poller: Poller,
        beliefs: AlertBeliefs,
        queue: EventQueue,
        schedules: Schedules,
        around: Around,
        refreshes: Refreshes | None = None,
    ) -> None:
        self._integrations = integrations
        self._statuses = statuses
        self._polls = polls
        self._opening = opening
        self._poller = poller
        self._beliefs = beliefs
        self._queue = queue
        self._schedules = schedules
        self._around = around
        self._refreshes = refreshes

    def poll(self, integration_id: str, seconds: float, run_id: str | None = None) -> Report:
        """One poll within so many seconds; of a run, with its import. What fails on our side (the table, the queue, the
        bucket, the schedules) is raised, after it was recorded as far as it can be."""
        now = self._around.clock()
        run = self._polls.run(integration_id, run_id, now) if run_id is not None else None
        if run is not None and run.state != "queued":
            return Report(integration_id, "busy")  # Lambda may deliver an invocation twice
        integration = self._integrations.get(integration_id)
        if integration is None or not _may_be_polled(integration, run):
            if integration is None or not integration.is_polled:
                self._schedules.remove(integration_id)
            self._note(run, state="failed", error=_NOT_CONNECTED)
            return Report(integration_id, "not connected")
        lease_id = self._around.fresh_id()
        state = self._polls.begin(integration_id, lease_id, now, now + timedelta(seconds=seconds) + LEASE_BEYOND)
        if state is None:
            self._note(run, state="failed", error=_BUSY)
            return Report(integration_id, "busy")
        running = self._note(run, state="running", started_at=now)
        return self._leased(integration, state, lease_id, seconds, running)

    def _leased(
        self, integration: Integration, state: PollState, lease_id: str, seconds: float, run: Run | None
    ) -> Report:
        integration_id = integration.integration_id
        began_at, began = self._around.clock(), self._around.monotonic()
        failures = state.failures_since(integration.connected_at)
        state = replace(state, last_polled_at=began_at, consecutive_failures=failures)

        def took() -> int:
            return int((self._around.monotonic() - began) * 1000)

        try:
            rmm = self._opening.open(integration, Deadline(seconds * (1 - OWN_SHARE), self._around.monotonic))
            since = integration.connection_since
            polled = self._poller.poll(integration_id, rmm, state, since, lambda: self._may_go_on(integration, run))
        except StoppedError:
            self._end(state, lease_id)
            self._note(run, state="failed", error=_NOT_CONNECTED)
            return Report(integration_id, "not connected", took())
        except VendorError as error:
            failed = self._fail(state, lease_id, run, str(error))
            telemetry.log(
                30, "poll failed", integration_id=integration_id, error=type(error).__name__, reason=str(error)
            )
            good_at = failed.last_success_at
            age = int((began_at - good_at).total_seconds()) if good_at is not None else None
            return Report(
                integration_id,
                "failed",
                took(),
                failures_in_a_row=failed.consecutive_failures,
                seconds_since_good=age,
            )
        except Exception as error:
            self._fail(state, lease_id, run, _own_failure(error))
            raise
        try:
            history = self._import(integration_id, rmm, polled, run)
        except Exception as error:
            self._end(_succeeded(state, polled), lease_id)
            self._note(run, polled, TakenOver(error=_own_failure(error)), state="failed")
            raise
        self._end(_succeeded(state, polled), lease_id)
        self._look_at(integration, polled)
        if integration.status == Status.RECONNECT_REQUIRED:
            self._statuses.works(integration_id)
        self._note(run, polled, history, state="failed" if history.error else "succeeded")
        return Report(integration_id, "succeeded", took(), polled, history.count, seconds_since_good=0)

    def _look_at(self, integration: Integration, polled: Polled) -> None:
        """Have the devices of new alerts looked at, of which some may be as new. Of very many, some: where so much
        fires at once, the next sync shows them all."""
        if self._refreshes is None or not integration.is_synced or not polled.fired_on:
            return
        devices = sorted(polled.fired_on)[:_LOOKED_AT]
        messages = [RefreshMessage(integration.integration_id, each, News.ALERTED) for each in devices]
        try:
            self._refreshes.send(messages, self._around.clock())
        except QueueError as error:
            telemetry.log(
                logging.WARNING, "devices not looked at", integration_id=integration.integration_id, reason=str(error)
            )

    def _may_go_on(self, integration: Integration, run: Run | None) -> bool:
        """It is still connected, and by the same connection."""
        present = self._integrations.get(integration.integration_id)
        is_the_same = present is not None and present.connection_since == integration.connection_since
        return is_the_same and _may_be_polled(present, run)

    def _import(self, integration_id: str, rmm: Rmm, polled: Polled, run: Run | None) -> TakenOver:
        if run is None or run.days is None:
            return TakenOver()
        history = rmm.resolved_alerts(self._around.clock() - timedelta(days=run.days))
        return take_over(integration_id, history, polled.listed_ids, self._beliefs, self._queue, self._around.clock)

    def _fail(self, state: PollState, lease_id: str, run: Run | None, sentence: str) -> PollState:
        failed = replace(state, last_error=sentence, consecutive_failures=state.consecutive_failures + 1)
        self._end(failed, lease_id)
        self._note(run, state="failed", error=sentence)
        return failed

    def _end(self, state: PollState, lease_id: str) -> None:
        try:
            self._polls.end(state, lease_id, self._around.clock())
        except ConflictError:
            # It took longer than its lease, and another poll has begun since: that one's word counts.
            telemetry.log(logging.WARNING, "poll outlived its lease", integration_id=state.integration_id)

    def _note(
        self,
        run: Run | None,
        polled: Polled | None = None,
        history: TakenOver = _NOTHING,
        *,
        state: RunState,
        error: str | None = None,
        started_at: datetime | None = None,
    ) -> Run | None:
        """Write how the run of a person stands, if there is one."""
        if run is None:
            return None
        now = self._around.clock()
        if history.error is not None:
            error = _HISTORY_BROKE_OFF.format(count=history.count, why=history.error)
        noted = replace(
            run,
            state=state,
            error=error,
            started_at=started_at or run.started_at,
            finished_at=None if state == "running" else now,
            listed=polled.listed if polled else 0,
            unreadable=(polled.unreadable if polled else 0) + history.unreadable,
            unreadable_alerts=((polled.unreadable_alerts if polled else ()) + history.unreadable_alerts)[:_NAMED],
            fired=polled.fired if polled else 0,
            cleared=polled.cleared if polled else 0,
            history=history.count,
        )
        self._polls.put_run(noted, now)
        return noted


def _own_failure(error: Exception) -> str:
    known = isinstance(error, StoreError | QueueError | ListingsUnavailableError)
    return _OWN_FAILURE.format(what=error if known else type(error).__name__)


def _may_be_polled(integration: Integration | None, run: Run | None) -> bool:
    """By hand, whatever has credentials is polled."""
    if integration is None or not integration.has_credentials:
        return False
    return run is not None or (integration.is_polled and integration.status != Status.RECONNECT_REQUIRED)


def _succeeded(state: PollState, polled: Polled) -> PollState:
    return replace(
        state,
        last_success_at=state.last_polled_at,
        last_error=None,
        warning=polled.warning,
        consecutive_failures=0,
        listed=polled.listed,
        unreadable=polled.unreadable,
        unreadable_alerts=polled.unreadable_alerts,
        fired=polled.fired,
        cleared=polled.cleared,
        held_back=polled.held_back,
        listings=polled.listings,
        devices_sought_at=polled.began_at if polled.sought else state.devices_sought_at,
    )
