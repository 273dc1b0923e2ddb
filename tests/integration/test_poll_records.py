"""Poll states, leases and runs in the table; what a poll asks of it; and schedules at EventBridge Scheduler."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tandem.alerts.models import DeviceRecord
from tandem.polling.listings import BucketListings, ListingsUnavailableError
from tandem.polling.reconcile import Difference
from tandem.scheduling.schedules import POLLS, EventBridgeSchedules, SchedulesUnavailableError
from tandem.store.beliefs import Beliefs
from tandem.store.errors import ConflictError
from tandem.store.polls import STATE_KEPT, Polls, PollState, Run
from tests.emulator import EmulatedAws
from tests.integration.deployment import Calls, configure, messages, of_kind, processor
from tests.unit.alerts.world import START, at, reset, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

STATE = PollState(
    "i1",
    last_polled_at=at(15),
    last_success_at=at(0),
    last_error="The server does not answer.",
    consecutive_failures=1,
    listed=20,
    listings=("polls/i1/b", "polls/i1/a"),
    devices_sought_at=at(1),
)
RUN = Run("r1", "i1", "alerts", "queued", at(0), "u1", days=7)


@pytest.fixture
def polls(dynamodb: "DynamoDBClient", table_name: str) -> Polls:
    return Polls(dynamodb, table_name)


def test_an_integration_that_was_never_polled_has_an_empty_state(polls: Polls) -> None:
    assert polls.state("i1", START) == PollState("i1")
    assert polls.begin("i1", "mine", START, at(10)) == PollState("i1")


def test_a_state_comes_back_as_it_was_written(polls: Polls) -> None:
    polls.begin("i1", "mine", START, at(10))
    polls.end(STATE, "mine", at(1))
    assert polls.state("i1", at(2)) == STATE
    assert polls.begin("i1", "next", at(2), at(12)) == STATE
    assert polls.state("i1", at(2) + STATE_KEPT) == PollState("i1"), "TTL removes late"


def test_a_lease_is_one_polls_until_it_gives_it_back_or_it_ends(polls: Polls) -> None:
    assert polls.begin("i1", "mine", START, at(10)) is not None
    assert polls.begin("i1", "other", at(9), at(19)) is None
    assert polls.begin("i2", "other", at(9), at(19)) is not None, "another integration's"
    assert polls.begin("i1", "other", at(20), at(30)) is not None, "whoever had it has died"
    with pytest.raises(ConflictError):
        polls.end(STATE, "mine", at(21))
    polls.end(STATE, "other", at(21))
    assert polls.begin("i1", "third", at(22), at(30)) == STATE


def test_of_many_polls_at_once_one_gets_the_lease(polls: Polls) -> None:
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda number: polls.begin("i1", f"lease-{number}", START, at(10)), range(16)))
    assert sum(state is not None for state in given) == 1


def test_a_run_comes_back_as_it_was_written(polls: Polls) -> None:
    assert polls.run("i1", "r1", START) is None
    polls.put_run(RUN, START)
    done = replace(RUN, state="failed", started_at=at(1), finished_at=at(2), error="No answer.")
    polls.put_run(done, START)
    assert polls.run("i1", "r1", at(3)) == done
    assert polls.run("i2", "r1", at(3)) is None
    assert polls.run("i1", "r1", START + timedelta(days=40)) is None


# ---- what Tandem believes


def test_live_ids_are_read_by_the_index_and_tombstones_by_their_ids(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    fired = [triggered(0, f"a{number}", device=f"d{number}") for number in range(12)]
    processor(dynamodb, table_name, lambda: at(5)).process(messages([*fired, reset(1, "a0", device="d0")]))
    processor(dynamodb, table_name, lambda: at(5)).process(messages([reset(1, "never", device="d99")]))
    beliefs = Beliefs(dynamodb, table_name)
    assert beliefs.live_ids("i1") == {event.alert_id for event in fired[1:]}
    assert beliefs.live_ids("i2") == frozenset()
    tombstone = reset(1, "never", device="d99").alert_id
    known = beliefs.alerts([tombstone, fired[0].alert_id, "nothing"], at(6))
    assert {alert_id: alert.is_live for alert_id, alert in known.items()} == {
        tombstone: False,
        fired[0].alert_id: False,
    }
    assert beliefs.organization_names("i1", ["o1", "o2"]) == {"o1": "Acme Corp"}


def test_two_hundred_records_are_asked_for_in_two_calls(emulated_aws: EmulatedAws, table_name: str) -> None:
    client = emulated_aws.client("dynamodb")
    calls = Calls(client)
    Beliefs(client, table_name).alerts([f"alert-{number}" for number in range(200)], START)
    assert calls.take() == {"BatchGetItem": 2}


def test_a_device_is_taught_once_and_never_over_what_somebody_else_wrote(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    beliefs = Beliefs(dynamodb, table_name)
    first = DeviceRecord("i1", "d1", "SRV-1", "o1", learnt_at=START, version=1)
    assert beliefs.teach(first)
    assert not beliefs.teach(replace(first, organization_id="o2"))
    assert beliefs.teach(replace(first, organization_id="o3", version=2))
    assert beliefs.devices("i1", ["d1"])["d1"].organization_id == "o3"
    assert not beliefs.teach(replace(first, version=2))
    assert len(of_kind(dynamodb, table_name, "DEVICE")) == 1


# ---- listings


def test_listings_are_read_back_up_to_the_first_that_is_gone(emulated_aws: EmulatedAws) -> None:
    s3 = emulated_aws.client("s3")
    bucket = f"test-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket)
    listings = BucketListings(lambda: s3, bucket)
    made = [Difference(at(minutes), {f"a{minutes}": at(-1)}) for minutes in (30, 15, 0)]
    newest, middle, oldest = [listings.write("i1", each) for each in made]
    assert listings.read([newest, middle, oldest]) == made
    s3.delete_object(Bucket=bucket, Key=middle)
    assert listings.read([newest, middle, oldest]) == made[:1]
    with pytest.raises(ListingsUnavailableError, match="NoSuchBucket"):
        BucketListings(lambda: s3, "no-such-bucket").write("i1", made[0])


# ---- schedules

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:poll"
ROLE = "arn:aws:iam::000000000000:role/schedule"


@pytest.fixture
def group(emulated_aws: EmulatedAws) -> Iterator[str]:
    client = emulated_aws.client("scheduler")
    name = f"test-{uuid.uuid4().hex[:12]}"
    client.create_schedule_group(Name=name)
    yield name
    client.delete_schedule_group(Name=name)


def test_a_schedule_is_made_changed_read_and_removed(emulated_aws: EmulatedAws, group: str) -> None:
    client: Any = emulated_aws.client("scheduler")
    schedules = EventBridgeSchedules(lambda: client, group=group, function=FUNCTION, role=ROLE, prefix=POLLS)
    assert schedules.intervals() == {}
    schedules.put("one", 15)
    schedules.put("two", 5)
    assert schedules.intervals() == {"one": 15, "two": 5}
    made = client.get_schedule(GroupName=group, Name="poll-one")
    assert made["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}
    assert (made["Target"]["Arn"], made["Target"]["RoleArn"]) == (FUNCTION, ROLE)
    assert json.loads(made["Target"]["Input"]) == {"integration_id": "one"}
    schedules.put("one", 60)
    assert schedules.intervals() == {"one": 60, "two": 5}
    schedules.remove("one")
    schedules.remove("one")
    assert schedules.intervals() == {"two": 5}


def test_a_schedule_that_somebody_changed_says_nothing_right(emulated_aws: EmulatedAws, group: str) -> None:
    client: Any = emulated_aws.client("scheduler")
    EventBridgeSchedules(lambda: client, group=group, function="arn:of-a-function-before", role=ROLE, prefix=POLLS).put(
        "one", 15
    )
    schedules = EventBridgeSchedules(lambda: client, group=group, function=FUNCTION, role=ROLE, prefix=POLLS)
    assert schedules.intervals() == {"one": None}
    schedules.put("one", 15)
    assert schedules.intervals() == {"one": 15}


def test_a_group_that_is_not_there_is_told(emulated_aws: EmulatedAws) -> None:
    client: Any = emulated_aws.client("scheduler")
    nowhere = EventBridgeSchedules(lambda: client, group="no-such-group", function=FUNCTION, role=ROLE, prefix=POLLS)
    with pytest.raises(SchedulesUnavailableError, match="ResourceNotFoundException"):
        nowhere.put("one", 15)
