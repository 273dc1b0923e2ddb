"""From decisions through the real stream of a real table and the handler to a real bus, whose rule fills a queue.

The emulator's stream and bus are as AWS's here. What its mapping makes of a batch that is given back in part is another
matter (docs/events.md); the answer itself is tested.
"""

import base64
import importlib.util
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from local.emulator import ROOT
from tests.emulator import EmulatedAws
from tests.integration.deployment import close_ticket, configure, messages, of_kind, processor
from tests.unit.alerts.world import acknowledged, reset, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.emulator

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
Record = dict[str, Any]


class Context:
    """Lambda's, as far as it is asked."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class Bus:
    """A bus, and a queue that a rule fills with all that is put on it."""

    def __init__(self, aws: EmulatedAws) -> None:
        self.name = f"test-{uuid.uuid4().hex}"
        self._aws = aws
        self._events = aws.client("events")
        self._sqs: SQSClient = aws.client("sqs")
        self._events.create_event_bus(Name=self.name)
        self._queue = self._sqs.create_queue(QueueName=self.name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]
        pattern = json.dumps({"source": [{"prefix": "tandem."}]})
        self._events.put_rule(Name="all", EventBusName=self.name, EventPattern=pattern)
        target = {"Id": "queue", "Arn": arn["QueueArn"]}
        self._events.put_targets(Rule="all", EventBusName=self.name, Targets=[target])

    def take(self, count: int) -> list[dict[str, Any]]:
        """So many events, in the order in which they came."""
        taken: list[dict[str, Any]] = []
        deadline = time.monotonic() + 10
        while len(taken) < count and time.monotonic() < deadline:
            found = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in found.get("Messages", []):
                taken.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return taken

    def remove(self) -> None:
        self._events.remove_targets(Rule="all", EventBusName=self.name, Ids=["queue"])
        self._events.delete_rule(Name="all", EventBusName=self.name)
        self._events.delete_event_bus(Name=self.name)
        self._sqs.delete_queue(QueueUrl=self._queue)


@pytest.fixture
def bus(emulated_aws: EmulatedAws) -> Iterator[Bus]:
    made = Bus(emulated_aws)
    yield made
    made.remove()


@pytest.fixture
def handler(emulator_environment: EmulatedAws, monkeypatch: pytest.MonkeyPatch, table_name: str, bus: Bus) -> Handler:
    """A cold event_publisher."""
    for name, value in (("TABLE_NAME", table_name), ("EVENT_BUS_NAME", bus.name), ("TENANT", "local")):
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("publisher", ROOT / "functions/event_publisher/handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Handler = module.handler
    return found


def records_of(aws: EmulatedAws, dynamodb: "DynamoDBClient", table: str) -> list[Record]:
    """All that the table's stream holds, as Lambda hands it over."""
    streams = aws.client("dynamodbstreams")
    arn = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    found: list[Record] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator, Limit=1000)
            found += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    as_lambda_has_them: list[Record] = json.loads(json.dumps(found, default=_as_lambda))
    return as_lambda_has_them


def _as_lambda(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    assert isinstance(value, bytes)
    return base64.b64encode(value).decode()


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["detail-type"] for event in events]


def test_a_life_of_an_alert_is_told_to_whoever_listens_to_the_bus(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str, bus: Bus, handler: Handler
) -> None:
    configure(dynamodb, table_name)
    worker = processor(dynamodb, table_name)
    worker.process(messages([triggered(), triggered(), triggered(1), replace(acknowledged(2), acted_by="ann")]))
    close_ticket(dynamodb, table_name)
    worker.process(messages([reset(5)]))

    assert handler({"Records": records_of(emulated_aws, dynamodb, table_name)}, Context()) == {"batchItemFailures": []}

    events = bus.take(6)
    alert = [event for event in events if event["detail-type"].startswith("RMM_")]
    ticket = [event for event in events if event["detail-type"].startswith("TICKET_")]
    assert sorted(names(alert)) == sorted(
        ["RMM_ALERT_TRIGGERED", "RMM_ALERT_TRIGGERED", "RMM_ALERT_ACKNOWLEDGED", "RMM_ALERT_RESOLVED"]
    )
    assert sorted(names(ticket)) == ["TICKET_CLOSED", "TICKET_CREATED"]
    assert {event["source"] for event in events} == {"tandem.local"}
    (item,) = of_kind(dynamodb, table_name, "ALERT")
    assert {event["detail"]["alert_id"] for event in alert} == {item["pk"].removeprefix("A#")}
    assert {event["detail"]["ticket_id"] for event in ticket} == {item["ticket_id"]}


def test_the_same_records_handed_over_again_are_told_under_the_same_ids(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str, bus: Bus, handler: Handler
) -> None:
    configure(dynamodb, table_name)
    processor(dynamodb, table_name).process(messages([triggered(), triggered(1, "a2", device="d2")]))
    batch = {"Records": records_of(emulated_aws, dynamodb, table_name)}
    handler(batch, Context())
    first = {event["detail"]["event_id"]: event["detail"] for event in bus.take(4)}
    handler(batch, Context())
    second = {event["detail"]["event_id"]: event["detail"] for event in bus.take(4)}
    assert len(first) == 4
    assert first == second


def test_a_poison_record_ends_among_the_dead_letters_and_can_be_replayed(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str, bus: Bus, handler: Handler
) -> None:
    configure(dynamodb, table_name)
    processor(dynamodb, table_name).process(messages([triggered()]))
    records = records_of(emulated_aws, dynamodb, table_name)
    (written,) = [record for record in records if record["dynamodb"]["Keys"]["sk"]["S"] == "ALERT"]
    broken = json.loads(json.dumps(written))
    del broken["dynamodb"]["NewImage"]["status"]

    others = [record for record in records if record is not written]
    assert handler({"Records": [broken, *others]}, Context()) == {"batchItemFailures": []}
    assert names(bus.take(1)) == ["TICKET_CREATED"]
    (letter,) = [item for item in of_kind(dynamodb, table_name, "2") if "payload" in item]
    assert letter["source"] == "event-publisher"
    assert json.loads(letter["payload"]) == broken

    mended = json.loads(letter["payload"])
    mended["dynamodb"]["NewImage"]["status"] = {"S": "active"}
    handler({"Records": [mended]}, Context())
    assert names(bus.take(1)) == ["RMM_ALERT_TRIGGERED"]


def test_a_bus_that_is_gone_gives_the_stream_back_and_parks_nothing(
    emulated_aws: EmulatedAws,
    dynamodb: "DynamoDBClient",
    table_name: str,
    bus: Bus,
    handler: Handler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(dynamodb, table_name)
    processor(dynamodb, table_name).process(messages([triggered()]))
    records = records_of(emulated_aws, dynamodb, table_name)
    first = next(record for record in records if record["dynamodb"]["Keys"]["pk"]["S"].startswith(("A#", "T#")))
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://127.0.0.1:9")

    answer = handler({"Records": records}, Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": first["dynamodb"]["SequenceNumber"]}]}
    assert not [item for item in of_kind(dynamodb, table_name, "2") if "payload" in item]
