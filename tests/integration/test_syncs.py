"""Whole syncs of devices: the steps on a real table and bucket, the RMMs' simulators behind their real clients."""

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.emulator import EmulatedAws
from tests.integration.syncing import SyncedTenant
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
