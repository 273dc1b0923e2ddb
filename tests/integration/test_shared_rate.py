"""What function instances that open RMMs have in common: one rate, in the real table of the emulator, and where they
may connect to."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tandem.alerts.models import Provider
from tandem.connections.bootstrap import connections
from tandem.connections.credentials import Credentials, Kind
from tandem.connections.errors import Paced, WrongAddress
from tandem.connections.limits import RateLimit
from tandem.store.rates import Rates
from tests.emulator import EmulatedAws
from tests.simulators.tacticalrmm.simulator import API_KEY, TacticalRmm
from tests.unit.connections.sharing import MINUTE, instance, most_in_a_window, run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

pytestmark = pytest.mark.emulator


@dataclass(frozen=True)
class Place:
    """An integration that may be asked once a minute."""

    integration_id: str
    provider: Provider = Provider.TACTICALRMM
    instance_url: str | None = None
    allow_private_address: bool = True
    requests_per_minute: int | None = 1
    connected_at: datetime | None = None


@pytest.fixture
def rates(dynamodb: "DynamoDBClient", table_name: str) -> Rates:
    return Rates(dynamodb, table_name)


def test_stretches_follow_on_each_other_and_begin_anew_after_a_quiet_time(rates: Rates) -> None:
    first = rates.reserve("i1", earliest=100, latest=200, length=50)
    second = rates.reserve("i1", earliest=100, latest=200, length=50)
    later = rates.reserve("i1", earliest=1000, latest=1100, length=50)
    assert (first.begins, second.begins, later.begins) == (100, 150, 1000)
    assert rates.reserve("i2", earliest=100, latest=200, length=50).begins == 100, "each integration has its own"


def test_who_saw_nothing_of_the_others_is_told_where_they_are(
    dynamodb: "DynamoDBClient", table_name: str, rates: Rates
) -> None:
    rates.reserve("i1", earliest=100, latest=200, length=50)
    other = Rates(dynamodb, table_name)
    assert other.reserve("i1", earliest=110, latest=200, length=50).begins == 150
    assert rates.reserve("i1", earliest=120, latest=250, length=50).begins == 200


def test_what_would_begin_too_late_is_not_reserved(dynamodb: "DynamoDBClient", table_name: str, rates: Rates) -> None:
    rates.reserve("i1", earliest=100, latest=200, length=500)
    for each in (rates, Rates(dynamodb, table_name)):
        refused = each.reserve("i1", earliest=150, latest=300, length=50)
        assert (refused.begins, refused.is_made) == (600, False)
    assert rates.reserve("i1", earliest=150, latest=600, length=50).begins == 600


def test_what_a_wrong_clock_left_behind_is_not_waited_for(
    dynamodb: "DynamoDBClient", table_name: str, rates: Rates
) -> None:
    rates.reserve("i1", earliest=10**15, latest=10**15, length=50)
    assert Rates(dynamodb, table_name).reserve("i1", earliest=100, latest=200, length=50).begins == 100
    assert rates.reserve("i1", earliest=100, latest=200, length=50).begins == 150


def test_polls_and_resets_of_one_integration_keep_its_rate_together(
    dynamodb: "DynamoDBClient", table_name: str, secretsmanager: "SecretsManagerClient"
) -> None:
    environment = {"TABLE_NAME": table_name, "SECRET_PREFIX": table_name, "ALLOW_PRIVATE_ADDRESSES": "1"}
    functions = [connections(dynamodb, lambda: secretsmanager, environment) for _ in range(2)]
    credentials = Credentials(Kind.API_KEY, {"api_key": API_KEY})
    with TacticalRmm(seed=1) as rmm:
        place = Place("i1", instance_url=rmm.url)
        functions[0].try_out(place, credentials, None, functions[0].deadline(20))
        with pytest.raises(Paced):
            functions[1].try_out(place, credentials, None, functions[1].deadline(20))
        assert len(rmm.requests.all()) == 1


def test_inside_of_lambda_its_own_machine_is_not_connected_to_whatever_is_permitted(
    dynamodb: "DynamoDBClient", table_name: str, secretsmanager: "SecretsManagerClient"
) -> None:
    environment = {"TABLE_NAME": table_name, "SECRET_PREFIX": table_name, "ALLOW_PRIVATE_ADDRESSES": "1"}
    opening = connections(
        dynamodb, lambda: secretsmanager, {**environment, "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"}
    )
    credentials = Credentials(Kind.API_KEY, {"api_key": API_KEY})
    with TacticalRmm(seed=1) as rmm:
        with pytest.raises(WrongAddress, match="itself runs on"):
            opening.try_out(Place("i1", instance_url=rmm.url), credentials, None, opening.deadline(20))
        assert rmm.requests.all() == []


def test_sixty_a_minute_hold_exactly_for_two_limiters_on_one_table(
    emulated_aws: EmulatedAws, table_name: str, record_property: Any
) -> None:
    """Ten minutes of two workers that are always busy and one that asks now and then, by clocks that jump."""
    calls = 0

    def count(**_: Any) -> None:
        nonlocal calls
        calls += 1

    instances = []
    for begins_at in (0.0, 0.3, 31.0):
        client = emulated_aws.client("dynamodb")
        client.meta.events.register("before-send.dynamodb", count)
        instances.append(instance(RateLimit(60, MINUTE), Rates(client, table_name), begins_at))
    sent_at = run(instances, 600.0, lambda: 0.2)
    assert most_in_a_window(sent_at, 60.0) <= 60
    assert len(sent_at) >= 530
    record_property("calls of the table per 100 requests", calls * 100 / len(sent_at))
    assert calls <= 600 / 5


_WORKER = """
import json, sys, time
import boto3
from datetime import timedelta
from tandem.connections.calls import Around
from tandem.connections.errors import Paced
from tandem.connections.limits import Deadline, Pace, RateLimit
from tandem.connections.shared_pace import SharedPace
from tandem.store.rates import Rates
rate = RateLimit(60, timedelta(seconds=2))
around = Around(None)
rates, alone = Rates(boto3.client("dynamodb"), sys.argv[1]), Pace(rate, around.clock, around.sleep)
pace = SharedPace("i1", rate, rates, alone, around)
sys.stdin.readline()
deadline, sent = Deadline(3, around.clock), []
try:
    while deadline.remaining() > 0:
        pace.wait(deadline, "Acme RMM")
        sent.append(time.time())
except Paced:
    pass
print(json.dumps(sent))
"""


def test_two_processes_keep_one_rate(emulated_aws: EmulatedAws, table_name: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, table_name],
            env={**emulated_aws.environment, "PYTHONPATH": ":".join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        output, _ = process.communicate(timeout=30)
        outputs.append(json.loads(output))
    assert all(len(each) > 10 for each in outputs), "both have their share"
    assert 60 < len(outputs[0] + outputs[1]) <= 120
    assert most_in_a_window(sorted(outputs[0] + outputs[1]), 2.0) <= 60
