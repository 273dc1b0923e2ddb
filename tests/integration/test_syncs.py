"""Whole syncs of devices: the steps on a real table and bucket, the RMMs' simulators behind their real clients."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tandem.alerts.models import DeviceRecord
from tandem.assets.identity import asset_id_of
from tandem.assets.models import Program
from tandem.assets.order import FIRST
from tandem.assets.software import programs_of
from tandem.connections.limits import Deadline
from tandem.store.beliefs import Beliefs
from tandem.store.configuration.records import ClientRecord
from tandem.store.sync_records import Retiring
from tandem.syncing.finishing import REPLACED
from tandem.syncing.message import Step, SyncMessage
from tandem.syncing.resuming import resume
from tandem.syncing.work import NO_SOFTWARE
from tests.emulator import EmulatedAws
from tests.integration.syncing import INTEGRATION, SyncedTenant
from tests.simulators import world
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm.simulator import TacticalRmm

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from tests.integration.polling import Simulated

pytestmark = pytest.mark.emulator


@pytest.fixture
def s3(emulated_aws: EmulatedAws) -> "S3Client":
    client: S3Client = emulated_aws.client("s3")
    return client


@pytest.fixture(params=[NinjaOne, TacticalRmm, Level], ids=lambda each: each.__name__)
def rmm(request: pytest.FixtureRequest) -> "Iterator[Simulated]":
    with request.param(seed=1) as simulator:
        world.small(simulator)
        yield simulator


@pytest.fixture
def tenant(dynamodb: "DynamoDBClient", s3: "S3Client", table_name: str, rmm: "Simulated") -> SyncedTenant:
    tenant = SyncedTenant(dynamodb, s3, table=table_name, simulator=rmm)
    tenant.map_all()
    return tenant


def test_every_device_of_an_rmm_becomes_an_asset_of_its_client(tenant: SyncedTenant) -> None:
    run = tenant.sync()

    assert (run.state, run.error, run.warnings) == ("succeeded", None, ())
    assert (run.listed, run.created, run.unchanged) == (9, 9, 0)
    assert len(tenant.listed()) == 9


def test_a_sync_of_an_unchanged_fleet_writes_no_asset(tenant: SyncedTenant) -> None:
    tenant.sync()
    before = tenant.listed()

    run = tenant.sync()

    assert (run.state, run.created, run.updated, run.unchanged) == ("succeeded", 0, 0, 9)
    assert tenant.listed() == before


def test_messages_that_come_twice_and_in_any_order_change_nothing(tenant: SyncedTenant) -> None:
    run = tenant.sync(dice=random.Random(1))
    again = tenant.sync(dice=random.Random(2))

    assert (run.state, run.created) == ("succeeded", 9)
    assert (again.state, again.created, again.updated, again.unchanged) == ("succeeded", 0, 0, 9)


# ---- devices that are not listed any more


@pytest.fixture
def tactical(dynamodb: "DynamoDBClient", s3: "S3Client", table_name: str) -> Iterator[SyncedTenant]:
    """One client with twelve agents."""
    with TacticalRmm(seed=1) as simulator:
        world.tacticalrmm(simulator, clients=1, agents=12)
        tenant = SyncedTenant(dynamodb, s3, table=table_name, simulator=simulator)
        tenant.map_all()
        yield tenant


def agents(tenant: SyncedTenant) -> TacticalRmm:
    assert isinstance(tenant.simulator, TacticalRmm)
    return tenant.simulator


def presences(tenant: SyncedTenant) -> Counter[str]:
    return Counter(asset.devices[0].presence.value for asset in tenant.listed().values())


def test_a_device_is_missing_after_three_listings_without_it_and_retired_a_month_later(tactical: SyncedTenant) -> None:
    tactical.sync()
    agents(tactical).remove_device(3)

    for missing in (0, 0, 1):
        assert tactical.sync().missing == missing
    assert presences(tactical) == {"listed": 11, "missing": 1}
    tactical.pass_time(days=31)
    run = tactical.sync()

    assert (run.state, run.retired, run.confirm) == ("succeeded", 1, ())
    assert presences(tactical) == {"listed": 11, "retired": 1}
    assert tactical.sync().retired == 0


def lose_some(tenant: SyncedTenant, *numbers: int) -> None:
    """These agents are due to be retired."""
    tenant.sync()
    for number in numbers:
        agents(tenant).remove_device(number)
    for _ in range(3):
        tenant.sync()
    tenant.pass_time(days=31)


def test_a_sync_that_would_retire_much_of_an_organization_asks_and_keeps_nobody_away(tactical: SyncedTenant) -> None:
    lose_some(tactical, 1, 2, 3)

    run = tactical.sync()

    assert (run.state, run.retired) == ("needs_confirmation", 0)
    assert run.confirm == (Retiring("1", "Acme Corp", 3, 12),)
    assert tactical.runs.state(INTEGRATION).lease_run_id is None
    tactical.queue.send([SyncMessage(Step.CONFIRM, INTEGRATION, run.run_id, by="user-1")])
    tactical.drain()
    confirmed = tactical.run(run)
    assert (confirmed.state, confirmed.retired, confirmed.confirmed_by) == ("succeeded", 3, "user-1")
    assert presences(tactical) == {"listed": 9, "retired": 3}


def test_a_newer_sync_asks_in_place_of_an_older_one(tactical: SyncedTenant) -> None:
    lose_some(tactical, 1, 2, 3)

    first, second = tactical.sync(), tactical.sync()

    assert (tactical.run(first).state, second.state) == ("cancelled", "needs_confirmation")
    assert tactical.run(first).error == REPLACED


def test_a_confirmation_waits_until_another_sync_has_ended(tactical: SyncedTenant) -> None:
    lose_some(tactical, 1, 2, 3)
    asked = tactical.sync()
    patches = tactical.begin("patches")
    assert patches is not None
    waiting = tactical.queue.waiting.pop()

    tactical.queue.send([SyncMessage(Step.CONFIRM, INTEGRATION, asked.run_id, by="user-1")])
    tactical.deliver()
    assert tactical.run(asked).state == "needs_confirmation"
    tactical.queue.waiting.append(waiting)
    tactical.drain()

    assert (tactical.run(patches).state, tactical.run(asked).state) == ("succeeded", "succeeded")


def test_rows_that_do_not_say_which_device_they_are_let_nobody_go_missing(tactical: SyncedTenant) -> None:
    tactical.sync()
    agents(tactical).overlay_device(2, {"agent_id": None})
    agents(tactical).remove_device(5)

    for _ in range(4):
        run = tactical.sync()

    assert (run.state, run.missing, run.failed_devices, len(run.warnings)) == ("succeeded", 0, 1, 1)
    assert presences(tactical) == {"listed": 12}


# ---- one run at a time, which may be stopped


def test_of_two_syncs_that_are_started_at_once_one_runs(tactical: SyncedTenant) -> None:
    first, second = tactical.begin(), tactical.begin()
    tactical.drain()

    assert first is not None
    assert (tactical.run(first).state, second) == ("succeeded", None)


def test_a_run_that_lost_its_messages_is_resumed_where_it_stood(tactical: SyncedTenant) -> None:
    run = tactical.begin()
    assert run is not None
    for _ in range(20):
        tactical.deliver()
        if tactical.run(run).has_ended:
            break
        tactical.queue.waiting.clear()
        assert resume(tactical.runs, tactical.queue, tactical.run(run), tactical.now)

    assert (tactical.run(run).state, tactical.run(run).created) == ("succeeded", 12)


def test_a_run_whose_lease_another_one_took_ends(tactical: SyncedTenant) -> None:
    run = tactical.begin()
    assert run is not None
    waiting = tactical.queue.waiting.pop()
    tactical.pass_time(hours=1)
    other = tactical.begin()
    assert other is not None
    tactical.queue.waiting.insert(0, waiting)

    tactical.drain()

    assert (tactical.run(run).state, tactical.run(other).state) == ("failed", "succeeded")


def test_a_run_that_died_and_was_replaced_does_not_seem_to_be_at_work_for_ever(tactical: SyncedTenant) -> None:
    dead = tactical.begin()
    assert dead is not None
    tactical.deliver()
    tactical.queue.waiting.clear()
    tactical.pass_time(hours=1)

    assert tactical.sync().state == "succeeded"

    assert tactical.run(dead).state == "failed"
    state = tactical.runs.state(INTEGRATION)
    assert (state.lease_run_id, state.last_error, state.consecutive_failures) == (None, None, 0)


@pytest.mark.parametrize("steps", range(6))
def test_a_run_that_is_cancelled_stops_at_its_next_step(tactical: SyncedTenant, steps: int) -> None:
    run = tactical.begin()
    assert run is not None
    for _ in range(steps):
        tactical.deliver()
    tactical.runs.request_cancel(tactical.run(run))

    assert tactical.deliver().outcome == "cancelled"

    assert tactical.run(run).state == "cancelled"
    assert tactical.queue.waiting == []
    assert tactical.runs.state(INTEGRATION).lease_run_id is None
    assert tactical.wanted == [INTEGRATION]
    assert tactical.sync().state == "succeeded"
    assert presences(tactical) == {"listed": 12}


def test_a_run_that_waits_for_a_person_can_be_cancelled(tactical: SyncedTenant) -> None:
    lose_some(tactical, 1, 2, 3)
    run = tactical.sync()

    tactical.runs.request_cancel(run)
    tactical.queue.send([SyncMessage(Step.FINISH, INTEGRATION, run.run_id)])
    tactical.drain()

    assert tactical.run(run).state == "cancelled"


# ---- what is wrong with one is no other's matter


def test_one_device_that_cannot_be_read_is_named_and_stops_nobody(tactical: SyncedTenant) -> None:
    bad = agents(tactical).state.agents[4].agent_id
    agents(tactical).overlay_device(4, {"hostname": {"a": "name"}, "client_name": 7, "agent_id": bad})

    run = tactical.sync()

    assert (run.state, run.listed) == ("succeeded", 12)
    assert run.created + run.failed_devices + sum(run.skipped.values()) == 12
    assert run.created >= 11


def test_devices_of_organizations_that_are_not_mapped_are_counted_by_that(tactical: SyncedTenant) -> None:
    tactical.map("1", None)

    run = tactical.sync()

    assert (run.created, run.skipped) == (0, {"organization_not_mapped": 12})
    tactical.map_all()
    assert tactical.sync().created == 12


def test_alerts_hear_of_devices_that_were_known_before_they_were_assets(tactical: SyncedTenant) -> None:
    known = agents(tactical).state.agents[4].agent_id
    record = DeviceRecord(INTEGRATION, known, "SRV", version=1)
    assert Beliefs(tactical.dynamodb, tactical.table).teach(record)

    tactical.sync()

    assert [each.external_id for each in tactical.alerts.arrivals] == [known]
    assert tactical.alerts.caught_up == 1


# ---- organizations


def test_organizations_are_kept_as_the_rmm_lists_them(tenant: SyncedTenant) -> None:
    fleet = tenant.open_fleet(tenant.integration, Deadline(60, time.monotonic))
    run = tenant.sync("organizations")

    listed = {each.external_id: each for each in fleet.organizations()}
    known = {each.external_id: each for each in tenant.organizations.all(INTEGRATION)}
    assert (run.state, run.listed) == ("succeeded", len(listed))
    assert {each: (record.name, record.parent_id, record.path) for each, record in known.items()} == {
        each: (listing.name, listing.parent_id, listing.path or listing.name) for each, listing in listed.items()
    }
    assert {record.client_id for record in known.values() if not record.is_place} == {"c1"}, "a person's mapping"
    again = tenant.sync("organizations")
    assert (again.created, again.updated, again.unchanged) == (0, 0, len(listed))


def test_an_organization_that_is_listed_no_more_is_kept_and_marked(tactical: SyncedTenant) -> None:
    tactical.map("99", "c1")

    tactical.sync("organizations")

    assert (tactical.organization("99").is_listed, tactical.organization("99").client_id) == (False, "c1")
    assert tactical.organization("1").is_listed


@pytest.mark.parametrize("auto_map", [False, True])
def test_a_client_of_the_same_name_is_suggested_and_mapped_where_the_tenant_wants_that(
    dynamodb: "DynamoDBClient", s3: "S3Client", table_name: str, auto_map: bool
) -> None:
    with TacticalRmm(seed=1) as simulator:
        world.tacticalrmm(simulator, clients=2, agents=4)
        tenant = SyncedTenant(dynamodb, s3, table=table_name, simulator=simulator, auto_map=auto_map)
        tenant.clients.put(ClientRecord("c1", "ACME, Corp."))

        run = tenant.sync()

        mapped = tenant.organization("1")
        assert (mapped.suggested_client_id, mapped.client_id) == ("c1", "c1" if auto_map else None)
        assert run.created == (2 if auto_map else 0)
        # A person who takes it back is heeded.
        tenant.organizations.put(INTEGRATION, replace(mapped, client_id=None))
        tenant.sync()
        assert tenant.organization("1").client_id is None


# ---- software and patches


def test_software_is_kept_by_page_and_what_changes_is_in_the_assets_history(tactical: SyncedTenant) -> None:
    tactical.sync()
    agent_id = agents(tactical).state.agents[1].agent_id
    asset_id = asset_id_of(INTEGRATION, agent_id)
    agents(tactical).set_software(
        1, [{"name": "Acme Tool", "version": "23.01"}, {"name": "Acme Viewer", "version": "1"}]
    )
    first = tactical.sync("software")
    agents(tactical).set_software(1, [{"name": "Acme Tool", "version": "24.08"}])
    second = tactical.sync("software")
    agents(tactical).set_software(1, [])
    third = tactical.sync("software")

    assert [(each.state, each.updated) for each in (first, second, third)] == [
        ("succeeded", 0),
        ("succeeded", 1),
        ("succeeded", 0),
    ]
    document = tactical.documents.read(INTEGRATION, FIRST)
    assert document is not None
    assert programs_of(document, asset_id) == [Program("Acme Tool", "24.08")]
    (entry,) = [
        each for each in tactical.assets.history(asset_id, None, 10, tactical.now).records if each.what == "software"
    ]
    assert {(each.field, each.old, each.new) for each in entry.changes} == {
        ("Acme Tool", "23.01", "24.08"),
        ("Acme Viewer", "1", None),
    }


def test_an_rmm_without_software_says_so(dynamodb: "DynamoDBClient", s3: "S3Client", table_name: str) -> None:
    with Level(seed=1) as simulator:
        run = SyncedTenant(dynamodb, s3, table=table_name, simulator=simulator).sync("software")

    assert (run.state, run.warnings) == ("succeeded", (NO_SOFTWARE,))


def test_a_sync_of_patches_alone_learns_what_waits_and_touches_nothing_else(tenant: SyncedTenant) -> None:
    tenant.sync()
    before = tenant.listed()
    run = tenant.sync("patches")

    after = tenant.listed()
    assert (run.state, run.failed_devices, run.missing) == ("succeeded", 0, 0)
    counted = [each.devices[0].facts.patches_pending for each in after.values()]
    if not isinstance(tenant.simulator, TacticalRmm):  # which counts those of Windows alone
        assert None not in counted
    assert sum(each or 0 for each in counted) > 0
    assert {each: [device.facts.hostname for device in asset.devices] for each, asset in after.items()} == {
        each: [device.facts.hostname for device in asset.devices] for each, asset in before.items()
    }
    assert tenant.sync("patches").updated == 0


def test_a_device_whose_patches_cannot_be_read_is_named(tactical: SyncedTenant) -> None:
    tactical.sync()
    tactical.simulator.faults.add("status", status=500, times=4, path="/winupdate/")

    run = tactical.sync("patches")

    assert (run.state, run.failed_devices, len(run.failures)) == ("succeeded", 1, 1)


def test_an_rmm_that_tells_of_no_devices_patches_any_more_fails(tactical: SyncedTenant) -> None:
    for number in range(20):
        agents(tactical).add_device(1, f"PC-{number}")
    tactical.sync()
    tactical.simulator.faults.add("status", status=500, times=None, path="/winupdate/")

    run = tactical.sync("patches")

    assert run.state == "failed"


@pytest.fixture
def ninjaone(dynamodb: "DynamoDBClient", s3: "S3Client", table_name: str) -> Iterator[SyncedTenant]:
    with NinjaOne(seed=1) as simulator:
        world.small(simulator)
        tenant = SyncedTenant(dynamodb, s3, table=table_name, simulator=simulator)
        tenant.map_all()
        yield tenant


def test_a_machine_that_no_report_calls_protected_any_more_is_not_taken_for_protected(ninjaone: SyncedTenant) -> None:
    simulator = ninjaone.simulator
    assert isinstance(simulator, NinjaOne)
    device_id = min(each.id for each in simulator.state.devices)
    simulator.set_antivirus(device_id, [("Windows Defender", "ON", "Up-to-Date")])

    def protection() -> str | None:
        return ninjaone.listed()[str(device_id)].devices[0].facts.antivirus_status

    ninjaone.sync()
    assert protection() == "protected"
    simulator.set_antivirus(device_id, [])
    simulator.faults.add("status", status=403, times=None, path="/v2/queries/antivirus-status")
    ninjaone.sync()
    assert protection() == "protected", "a report that is refused says nothing"
    simulator.faults.clear()
    ninjaone.sync()
    assert protection() == "unknown"
