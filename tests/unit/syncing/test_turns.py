"""What begins by itself, in an integration's turn and behind a run."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tandem.alerts.models import Provider
from tandem.store.configuration.records import Integration, Status
from tandem.store.sync_records import RunKind, SyncRun, SyncState
from tandem.syncing.starting import Start
from tandem.syncing.turns import Turn, Turns
from tests.unit.alerts.world import START
from tests.unit.polling.world import MemoryIntegrations, MemorySchedules

INTEGRATION = Integration("i1", Provider.TACTICALRMM, "Tactical", Status.CONNECTED, START)
NOW = START + timedelta(days=2)


@dataclass
class Office:
    """Runs in memory, as the starter sees them."""

    state_now: SyncState = field(default_factory=lambda: SyncState("i1"))
    at_work: SyncRun | None = None
    wanted: RunKind | None = None
    begun: list[tuple[str, str]] = field(default_factory=list)

    def state(self, integration_id: str) -> SyncState:
        return self.state_now

    def start(self, integration_id: str, kind: RunKind, by: str, now: datetime) -> Start:
        if self.at_work is not None:
            return Start(at_work=self.at_work)
        self.begun.append((kind, by))
        self.at_work = SyncRun(kind, integration_id, kind, "queued", now, by)
        return Start(self.at_work)

    def start_wanted(self, integration_id: str, now: datetime) -> Start:
        if self.wanted is None:
            return Start()
        kind, self.wanted = self.wanted, None
        return self.start(integration_id, kind, "user", now)


def turns(office: Office, integration: Integration = INTEGRATION, schedules: MemorySchedules | None = None) -> Turns:
    kept = {integration.integration_id: integration}
    return Turns(MemoryIntegrations(kept), office, office, schedules or MemorySchedules())


def synced(hours: float) -> SyncState:
    return SyncState("i1", last_success_at={"devices": NOW - timedelta(hours=hours)})


def test_a_turn_begins_what_is_due_and_tells_how_old_the_last_good_sync_is() -> None:
    office = Office(synced(1))
    assert turns(office).turn("i1", NOW) == Turn("i1", "started", "devices", timedelta(hours=1))
    assert office.begun == [("devices", "schedule")]


def test_a_turn_begins_nothing_beside_a_run_that_is_at_work() -> None:
    office = Office(at_work=SyncRun("r", "i1", "software", "listing", NOW, "u"))
    assert turns(office).turn("i1", NOW) == Turn("i1", "at work", "devices")
    assert office.begun == []


def test_an_integration_that_is_not_synced_any_more_loses_its_schedule() -> None:
    for gone in (replace(INTEGRATION, device_sync_enabled=False), replace(INTEGRATION, integration_id="other")):
        office, schedules = Office(), MemorySchedules({"i1": 60})
        assert turns(office, gone, schedules).turn("i1", NOW).outcome == "not synced"
        assert (schedules.intervals(), office.begun) == ({}, [])


def test_one_whose_credentials_are_refused_keeps_its_schedule_and_waits_for_a_person() -> None:
    office, schedules = Office(synced(1)), MemorySchedules({"i1": 60})
    waiting = replace(INTEGRATION, status=Status.RECONNECT_REQUIRED)
    assert turns(office, waiting, schedules).turn("i1", NOW).outcome == "not synced"
    assert turns(office, waiting, schedules).run_ended("i1", NOW) == Start()
    assert (schedules.intervals(), office.begun) == ({"i1": 60}, [])


def test_behind_a_run_begins_what_somebody_wanted_and_only_then_what_is_due() -> None:
    office = Office(synced(0), wanted="organizations")
    turns(office).run_ended("i1", NOW)
    assert office.begun == [("organizations", "user")]
    office.at_work = None
    turns(office).run_ended("i1", NOW)
    assert office.begun[1:] == [("patches", "schedule")]


def test_behind_a_first_run_that_failed_nothing_begins() -> None:
    office = Office()
    assert turns(office).run_ended("i1", NOW) == Start()
    assert office.begun == []
