"""What a sync and its devices tell the bus, off the real stream of a real table, and which of its records the publisher
is invoked for at all."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from infra import stream
from tandem.assets.deciding import decide_page
from tandem.assets.models import AgentStatus, Device, Facts, Seen
from tandem.assets.order import FIRST
from tandem.assets.pages import Known, Listing, Scope
from tandem.assets.placing import OrganizationNode, Placements
from tandem.assets.planning import more_assets, plan_page
from tandem.events.changes import events_of
from tandem.store.asset_apply import PageWriter
from tandem.store.assets import Assets
from tandem.store.fleets import Fleets
from tandem.store.lookups import Lookups
from tandem.store.stream import change_of
from tandem.store.sync_records import SyncRun, new_run_id
from tandem.store.sync_runs import SyncRuns
from tests.emulator import EmulatedAws
from tests.integration.test_event_publisher import records_of
from tests.unit.alerts.world import START

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

PLACEMENTS = Placements([OrganizationNode("12", client_id="c1")])
SEEN_BY_THE_PUBLISHER = (
    stream.ALERTS_AND_WISHES, stream.TICKETS, stream.INTEGRATIONS, stream.ASSETS, stream.SYNC_RUNS,
)  # fmt: skip


class Syncs:
    """Whole syncs of one page, and what the stream tells of each."""

    def __init__(self, aws: EmulatedAws, client: "DynamoDBClient", table: str) -> None:
        self._aws, self._client, self._table = aws, client, table
        self._runs, self._fleets, self._assets = SyncRuns(client, table), Fleets(client, table), Assets(client, table)
        self._lookups, self._pages = Lookups(client, table), PageWriter(client, table)
        self._hours = 0
        self._told = 0

    def sync(self, *devices: Device, fails: str | None = None) -> "Counter[str]":
        """The names of the events of one run."""
        self._hours += 1
        now = START + timedelta(hours=self._hours)
        run = SyncRun(new_run_id(now), "i1", "devices", "queued", now, "schedule")
        assert self._runs.begin(run, now, now + timedelta(minutes=30))
        run = self._runs.move(self._runs.move(run, "listing", now), "sorting", now)
        run = self._runs.move(run, "applying", now, pages_total=1)
        run = self._runs.heartbeat(run, now)
        if fails is None:
            page = self._fleets.page("i1", FIRST, consistent=True)
            plan = plan_page(page, Listing(Scope.FLEET, now, run.run_id, devices), PLACEMENTS)
            records = self._lookups.devices("i1", plan.new_devices)
            owners = self._assets.owners(plan.match_keys)
            assets = self._assets.several(plan.asset_ids | more_assets(plan, records, owners))
            decision = decide_page(plan, Known(records, assets, owners), now, timedelta(days=30))
            assert self._pages.apply(decision, run, now) is None
        assert self._runs.finish(run, "failed" if fails else "succeeded", now, error=fails)
        return self.told()

    def told(self) -> "Counter[str]":
        """What has come since the last time."""
        new = records_of(self._aws, self._client, self._table)[self._told :]
        self._told += len(new)
        self.handed_over = [record for record in new if any(_fits(record, each) for each in SEEN_BY_THE_PUBLISHER)]
        passed_over = [record for record in new if record not in self.handed_over]
        assert not any(events_of(change_of(record), "acme") for record in passed_over), "no event is filtered away"
        self.events = [event for record in self.handed_over for event in events_of(change_of(record), "acme")]
        return Counter(event.name for event in self.events)


def _fits(value: Any, pattern: Mapping[str, Any]) -> bool:
    """As Lambda compares a record with a filter."""
    for name, wanted in pattern.items():
        found = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(wanted, Mapping):
            if not _fits(found, wanted):
                return False
        elif not _is_one_of(found, wanted):
            return False
    return True


def _is_one_of(found: Any, wanted: Iterable[Any]) -> bool:
    return any(
        found == each if isinstance(each, str) else isinstance(found, str) and found.startswith(each["prefix"])
        for each in wanted
    )


def device(external_id: str, hours: int = 0, **facts: Any) -> Device:
    said = {"name": f"PC-{external_id}", "agent_status": AgentStatus.ONLINE, "serial_number": f"5CG{external_id}ABCD"}
    seen = Seen(START + timedelta(hours=hours), START, f"user {hours}")
    return Device(external_id, "12", facts=replace(Facts(), **said | facts), seen=seen)  # type: ignore[arg-type]


@pytest.fixture
def syncs(emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str) -> Syncs:
    return Syncs(emulated_aws, dynamodb, table_name)


def test_a_fleet_is_told_as_it_is_first_seen_changes_goes_and_is_left_alone(syncs: Syncs) -> None:
    fleet = [device(str(number)) for number in range(40)]
    assert syncs.sync(*fleet) == {"RMM_SYNC_STARTED": 1, "RMM_DEVICE_CREATED": 40, "RMM_SYNC_COMPLETED": 1}

    fleet = [device(str(number), hours=1) for number in range(40)]
    assert syncs.sync(*fleet) == {"RMM_SYNC_STARTED": 1, "RMM_SYNC_COMPLETED": 1}
    assert len(syncs.handed_over) == 2, "devices that only were seen again cost the publisher nothing"
    assert json.loads(syncs.events[-1].detail())["unchanged"] == 40

    fleet[0] = device("0", operating_system="Windows 11", agent_status=AgentStatus.OFFLINE)
    fleet[1] = device("1", patches_pending=7)
    assert syncs.sync(*fleet) == {
        "RMM_SYNC_STARTED": 1,
        "RMM_DEVICE_UPDATED": 1,
        "RMM_DEVICE_OFFLINE": 1,
        "RMM_SYNC_COMPLETED": 1,
    }
    told = [syncs.sync(*fleet[1:]) for _ in range(3)]
    assert [each["RMM_DEVICE_UPDATED"] for each in told] == [0, 0, 1], "it is missing after three listings without it"
    (missing,) = (event for event in syncs.events if event.name == "RMM_DEVICE_UPDATED")
    assert json.loads(missing.detail())["presence"] == "missing"


def test_a_run_that_fails_is_told_with_its_reason_and_tells_of_no_device(syncs: Syncs) -> None:
    assert syncs.sync(device("1"), fails="NinjaOne does not answer.") == {"RMM_SYNC_STARTED": 1, "RMM_SYNC_FAILED": 1}
    assert json.loads(syncs.events[-1].detail())["reason"] == "NinjaOne does not answer."
