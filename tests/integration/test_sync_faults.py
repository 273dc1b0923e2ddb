"""What RMMs do in the middle of a sync: it goes on, or ends with the reason; nothing is taken for missing by it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tandem.assets.models import Presence
from tandem.store.configuration.records import Status
from tandem.syncing.attempts import ATTEMPTS
from tandem.syncing.sorting import NOTHING_LISTED
from tandem.syncing.work import CONNECTED_ANEW, NOT_CONNECTED
from tests.emulator import EmulatedAws
from tests.integration.syncing import INTEGRATION, SyncedTenant
from tests.simulators import world
from tests.simulators.faults import Kind
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm.simulator import TacticalRmm

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from tests.integration.polling import Simulated

pytestmark = pytest.mark.emulator

DEVICES = 290
LISTING_OF_DEVICES = {NinjaOne: "/v2/devices-detailed", TacticalRmm: "/agents/$", Level: "/v2/devices$"}
PASSING: list[dict[str, Any]] = [
    {"kind": Kind.STATUS, "status": 429},
    {"kind": Kind.STATUS, "status": 500},
    {"kind": Kind.STATUS, "status": 502},
    {"kind": Kind.HTML},
    {"kind": Kind.TRUNCATED},
    {"kind": Kind.CUT_OFF},
    {"kind": Kind.RESET},
    {"kind": Kind.EMPTY_BODY},
]


@pytest.fixture(params=[NinjaOne, TacticalRmm, Level], ids=lambda each: each.__name__)
def rmm(request: pytest.FixtureRequest) -> "Iterator[Simulated]":
    with request.param(seed=1) as simulator:
        match simulator:
            case NinjaOne():
                world.ninjaone(simulator, organizations=2, devices=6)
            case TacticalRmm():
                world.tacticalrmm(simulator, clients=2, agents=6)
            case _:
                world.level(simulator, groups=1, devices=101)
        yield simulator


@pytest.fixture
def tenant(dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws, table_name: str, rmm: "Simulated") -> SyncedTenant:
    s3: S3Client = emulated_aws.client("s3")
    tenant = SyncedTenant(dynamodb, s3, table=table_name, simulator=rmm)
    tenant.map_all()
    return tenant


def path(tenant: SyncedTenant) -> str:
    return LISTING_OF_DEVICES[type(tenant.simulator)]


def test_faults_that_pass_cost_a_sync_nothing_but_time(tenant: SyncedTenant) -> None:
    # Behind the first page where there are several.
    after = 1 if isinstance(tenant.simulator, Level) else 0
    for fault in PASSING:
        tenant.simulator.faults.add(path=path(tenant), after=after, **fault)

    run = tenant.sync()

    assert (run.state, run.error, run.trouble) == ("succeeded", None, None)
    assert run.created == len(tenant.listed()) > 0
    assert tenant.simulator.faults.as_json()["faults"] == []


def test_a_fault_that_stays_ends_the_sync_with_its_reason_and_nothing_is_missing(tenant: SyncedTenant) -> None:
    tenant.sync()
    before = tenant.listed()
    tenant.simulator.faults.add(Kind.STATUS, status=500, times=None, path=path(tenant))

    for _ in range(4):
        run = tenant.sync()

    assert run.state == "failed"
    assert run.error is not None
    assert "500" in run.error or "failed" in run.error
    assert (run.listed, run.missing) == (0, 0)
    assert tenant.listed() == before
    state = tenant.runs.state(INTEGRATION)
    assert (state.lease_run_id, state.consecutive_failures, state.last_error) == (None, 4, run.error)


def test_while_a_step_is_tried_again_the_run_says_why(tenant: SyncedTenant) -> None:
    tenant.simulator.faults.add(Kind.STATUS, status=500, times=None, path=path(tenant))
    run = tenant.begin()
    assert run is not None

    tenant.drain(until=lambda: tenant.run(run).trouble is not None)

    assert tenant.run(run).state == "listing"
    tenant.simulator.faults.clear()
    tenant.drain()
    assert (tenant.run(run).state, tenant.run(run).trouble) == ("succeeded", None)


def test_an_empty_listing_is_a_failure_while_there_are_devices(tenant: SyncedTenant) -> None:
    tenant.sync()
    for _ in range(4):
        tenant.simulator.faults.add(Kind.EMPTY_LISTING, times=1, path=path(tenant))
        run = tenant.sync()
        assert (run.state, run.error) == ("failed", NOTHING_LISTED)

    assert {each.devices[0].presence for each in tenant.listed().values()} == {Presence.LISTED}


def test_credentials_that_are_refused_end_the_sync_at_once(tenant: SyncedTenant) -> None:
    tenant.simulator.faults.add(Kind.EXPIRED_TOKEN, times=None)

    run = tenant.sync()

    assert run.state == "failed"
    assert len([each for each in tenant.queue.sent if each.run_id == run.run_id]) == 2, "start and organizations"


def test_an_integration_that_is_disconnected_or_connected_anew_ends_its_sync(tenant: SyncedTenant) -> None:
    run = tenant.begin()
    tenant.deliver()
    tenant.pass_time(seconds=1)
    tenant.integrations.put(replace(tenant.integration, connection_since=tenant.now))
    tenant.drain()
    assert run is not None
    assert (tenant.run(run).state, tenant.run(run).error) == ("failed", CONNECTED_ANEW)

    run = tenant.begin()
    tenant.integrations.put(replace(tenant.integration, status=Status.DISCONNECTED))
    tenant.drain()
    assert run is not None
    assert (tenant.run(run).state, tenant.run(run).error) == ("failed", NOT_CONNECTED)


# ---- listings that go wrong in their own ways


@pytest.fixture
def level(dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws, table_name: str) -> Iterator[SyncedTenant]:
    with Level(seed=1) as simulator:
        world.level(simulator, groups=1, devices=DEVICES)
        tenant = SyncedTenant(dynamodb, emulated_aws.client("s3"), table=table_name, simulator=simulator)
        tenant.map_all()
        yield tenant


def test_a_page_that_comes_again_once_loses_and_doubles_no_device(level: SyncedTenant) -> None:
    level.simulator.faults.add(Kind.REPEATED_PAGE, times=1, after=2, path="/v2/devices$")

    run = level.sync()

    assert (run.state, run.created, run.listed) == ("succeeded", DEVICES, DEVICES)


def test_a_listing_that_goes_in_circles_for_ever_fails(level: SyncedTenant) -> None:
    level.simulator.faults.add(Kind.REPEATED_PAGE, times=None, path="/v2/devices$")

    run = level.sync()

    assert run.state == "failed"
    assert run.error is not None
    assert "circles" in run.error
    assert run.pages_listed < 10


def test_a_page_that_comes_again_once_counts_no_patch_twice(level: SyncedTenant) -> None:
    level.sync()
    counted = {each: asset.devices[0].facts.patches_pending for each, asset in level.listed().items()}
    assert sum(count or 0 for count in counted.values()) > 200, "three pages"
    level.simulator.faults.add(Kind.REPEATED_PAGE, times=1, after=2, path="/v2/updates")

    run = level.sync("patches")

    assert (run.state, run.updated) == ("succeeded", 0)
    assert run.pages_listed == 5, "one, two, one again, two again, three"


@pytest.mark.parametrize("status", [403, 500])
def test_an_optional_listing_that_cannot_be_read_is_left_out_with_a_warning(level: SyncedTenant, status: int) -> None:
    level.simulator.faults.add(Kind.STATUS, status=status, times=None, path="/v2/updates")

    run = level.sync()

    assert (run.state, run.created, len(run.warnings)) == ("succeeded", DEVICES, 1)
    assert run.warnings[0].startswith("updates was left out: ")
    assert {each.devices[0].facts.patches_pending for each in level.listed().values()} == {None}
    tries = [each for each in level.simulator.requests.all() if each.path.startswith("/v2/updates")]
    assert len(tries) == 1 if status == 403 else len(tries) >= ATTEMPTS


def test_a_function_without_time_puts_its_step_off(level: SyncedTenant) -> None:
    run = level.begin()
    assert run is not None

    level.deliver()
    handled = level.deliver(seconds=0)

    assert handled.outcome == "again"
    level.drain()
    assert level.run(run).state == "succeeded"
