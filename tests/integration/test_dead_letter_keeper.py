"""dead_letter_keeper on a real table, queue and bucket."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from tandem import telemetry
from tandem.dead_letters.bucket import BucketObjects
from tandem.dead_letters.keeper import Keeper, Queue
from tandem.dead_letters.letters import DeadLetters, ParkedLetter, Wanted
from tests.emulator import EmulatedAws
from tests.integration.admin_calls import function

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.emulator

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
DEAD = "arn:aws:sqs:eu-central-1:123456789012:tandem-local-alert-events-dead.fifo"
NOTICES = "arn:aws:sqs:eu-central-1:123456789012:tandem-local-stream-failures"
PUBLISHER = "arn:aws:lambda:eu-central-1:123456789012:function:Tandem-local-Publisher-1"
KEY = "aws/lambda/0e8-a/shardId-00-1/2026/11/21/2026-11-21T08.00.00-a 1"


@pytest.fixture
def bucket(emulated_aws: EmulatedAws) -> Iterator[str]:
    """A bucket of the test's own."""
    s3: S3Client = emulated_aws.client("s3")
    name = f"test-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    yield name
    for each in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=each["Key"])
    s3.delete_bucket(Bucket=name)


@pytest.fixture
def keeper(dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws, table_name: str) -> Keeper:
    return keeper_with(dynamodb, table_name, emulated_aws)


def keeper_with(client: "DynamoDBClient", table: str, aws: EmulatedAws) -> Keeper:
    return Keeper(
        DeadLetters(client, table),
        BucketObjects(lambda: cast("S3Client", aws.client("s3"))),
        {DEAD: Queue("alert-events", 10)},
        NOTICES,
        {PUBLISHER: "event-publisher"},
        lambda: NOW,
    )


def message(body: str, queue: str = DEAD, message_id: str = "m1", sent_at: datetime = NOW) -> dict[str, Any]:
    """A record of an SQS event."""
    attributes = {"SentTimestamp": str(int(sent_at.timestamp() * 1000)), "ApproximateReceiveCount": "11"}
    if queue.endswith(".fifo"):
        attributes["MessageGroupId"] = "group-1"
    return {"messageId": message_id, "body": body, "eventSourceARN": queue, "attributes": attributes}


def notice(bucket: str, key: str = KEY) -> dict[str, Any]:
    """S3's notice, which writes keys as in a query string."""
    named = {"bucket": {"name": bucket}, "object": {"key": key.replace(" ", "+")}}
    return message(json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": named}]}), NOTICES, "n1")


def failure(*records: dict[str, Any], function_arn: str = PUBLISHER, condition: str = "RetryAttemptsExhausted") -> str:
    """Lambda's invocation record."""
    return json.dumps(
        {
            "requestContext": {
                "requestId": "r1",
                "functionArn": function_arn,
                "condition": condition,
                "approximateInvokeCount": 4,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": "2026-11-21T08:00:00.000Z",
            "DDBStreamBatchInfo": {"shardId": "shardId-00-1", "batchSize": len(records)},
            "payload": json.dumps({"Records": records}),
        }
    )


def record(number: int, **image: Any) -> dict[str, Any]:
    """A record of the table's stream."""
    created = (NOW - timedelta(minutes=number)).timestamp()
    change = {
        "ApproximateCreationDateTime": created,
        "SequenceNumber": str(number),
        "Keys": {"pk": {"S": f"A#{number}"}, "sk": {"S": "ALERT"}},
        "NewImage": image,
    }
    return {"eventID": f"event-{number}", "eventName": "MODIFY", "dynamodb": change}


def kept(client: "DynamoDBClient", table: str) -> list[ParkedLetter]:
    return list(DeadLetters(client, table).oldest_first(Wanted(), NOW))


def test_a_message_of_a_dead_letter_queue_is_kept_with_its_reason_time_and_attempts(
    keeper: Keeper, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    sent_at = NOW - timedelta(hours=2)
    (result,) = keeper.keep([message("a body", sent_at=sent_at)])
    assert result.failed is None
    (parked,) = kept(dynamodb, table_name)
    letter = parked.letter
    assert (letter.source, letter.message_id, letter.payload) == ("alert-events", "m1", "a body")
    assert (letter.sent_at, letter.attempts, letter.group_id) == (sent_at, 10, "group-1")
    assert letter.reason == "tried 10 times without success; the function's log has the reasons under message_id m1"
    assert parked.expires_at == (NOW + timedelta(days=30)).timestamp()


def test_a_letter_that_comes_twice_is_kept_once_and_one_that_failed_again_counts_as_not_replayed(
    keeper: Keeper, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    keeper.keep([message("a body"), message("a body")])
    (parked,) = kept(dynamodb, table_name)
    letters = DeadLetters(dynamodb, table_name)
    assert letters.mark_replayed(parked, "u1", NOW)
    assert kept(dynamodb, table_name)[0].replayed_at == NOW

    letters.park(parked.letter, NOW + timedelta(minutes=1))
    (again,) = kept(dynamodb, table_name)
    assert again.replayed_at is None
    assert not letters.mark_replayed(parked, "u1", NOW)
    assert kept(dynamodb, table_name) == [again]


def test_what_the_event_bus_could_not_hand_over_is_kept_with_what_it_says(
    keeper: Keeper, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    said = {"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "no resource-based policy", "RULE_ARN": "arn:aws:events:x"}
    attributes = {name: {"stringValue": value, "dataType": "String"} for name, value in said.items()}
    keeper.keep([message("an event") | {"messageAttributes": attributes}])
    (parked,) = kept(dynamodb, table_name)
    assert parked.letter.reason == ("the event bus could not hand it over: NO_PERMISSIONS: no resource-based policy")


def test_messages_of_a_queue_that_nobody_named_are_kept_under_its_name(
    keeper: Keeper, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    keeper.keep([message("a body", "arn:aws:sqs:eu-central-1:123456789012:tandem-local-new-dead")])
    assert [each.letter.source for each in kept(dynamodb, table_name)] == ["tandem-local-new-dead"]


@pytest.mark.parametrize("moment", ["before-send", "after-call"])
def test_a_letter_that_cannot_be_written_stays_in_its_queue_and_is_kept_once_when_it_comes_again(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str, moment: str
) -> None:
    failing = emulated_aws.client("dynamodb")
    broken = True

    def fail(**_: Any) -> None:
        if broken:
            raise EndpointConnectionError(endpoint_url="the table")

    failing.meta.events.register(f"{moment}.dynamodb.PutItem", fail)
    keeper = keeper_with(failing, table_name, emulated_aws)
    batch = [message(str(number), message_id=f"m{number}") for number in range(2)]
    results = keeper.keep(batch)
    assert [result.failed for result in results] == ["no answer from the table: EndpointConnectionError"] * 2

    broken = False
    keeper.keep(batch)
    assert sorted(each.letter.payload for each in kept(dynamodb, table_name)) == ["0", "1"]


def test_each_record_that_lambda_gave_up_on_is_a_letter_of_its_own(
    keeper: Keeper, dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws, table_name: str, bucket: str
) -> None:
    records = [record(number, message={"S": "ü"}) for number in range(3)]
    emulated_aws.client("s3").put_object(Bucket=bucket, Key=KEY, Body=failure(*records).encode())
    for _ in range(2):
        (result,) = keeper.keep([notice(bucket)])
        assert result.failed is None
    letters = [each.letter for each in kept(dynamodb, table_name)]
    assert [json.loads(each.payload) for each in letters] == records[::-1]
    assert {(each.source, each.attempts) for each in letters} == {("event-publisher", 4)}
    assert {each.reason for each in letters} == {f"event-publisher did not process it: failed each time; see {KEY}"}
    assert letters[0].sent_at == NOW - timedelta(minutes=2)


@pytest.mark.parametrize(
    "body", ["not json", "[]", "{}", '{"requestContext": 1}', failure({"eventID": 1}), '{"requestContext": {}}']
)
def test_an_object_that_is_no_invocation_record_is_kept_as_it_is(
    keeper: Keeper, dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws, table_name: str, bucket: str, body: str
) -> None:
    emulated_aws.client("s3").put_object(Bucket=bucket, Key=KEY, Body=body.encode())
    keeper.keep([notice(bucket)])
    (parked,) = kept(dynamodb, table_name)
    assert (parked.letter.source, parked.letter.payload) == ("stream-failures", body)
    assert parked.letter.reason.startswith(f"{KEY} is no invocation record: ")


def test_a_function_that_nobody_named_and_an_unknown_condition_are_told_as_lambda_tells_them(
    keeper: Keeper, dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws, table_name: str, bucket: str
) -> None:
    text = failure(record(1), function_arn="arn:aws:lambda:eu:1:function:new:$LATEST", condition="NewWord")
    emulated_aws.client("s3").put_object(Bucket=bucket, Key=KEY, Body=text.encode())
    keeper.keep([notice(bucket)])
    (parked,) = kept(dynamodb, table_name)
    assert parked.letter.source == "new"
    assert parked.letter.reason == f"new did not process it: Lambda says NewWord; see {KEY}"


def test_a_notice_whose_object_cannot_be_read_stays_in_its_queue(keeper: Keeper, bucket: str) -> None:
    (result,) = keeper.keep([notice(bucket)])
    assert result.failed == "the bucket could not be read: NoSuchKey"


def test_the_test_that_s3_sends_once_is_no_letter(keeper: Keeper, dynamodb: "DynamoDBClient", table_name: str) -> None:
    (result,) = keeper.keep([message('{"Service": "Amazon S3", "Event": "s3:TestEvent"}', NOTICES)])
    assert (result.failed, result.letters) == (None, [])
    assert kept(dynamodb, table_name) == []


def test_a_record_of_any_length_is_kept_as_far_as_an_item_holds(
    keeper: Keeper, dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws, table_name: str, bucket: str
) -> None:
    text = failure(record(1, raw={"S": "€" * 300_000}))
    emulated_aws.client("s3").put_object(Bucket=bucket, Key=KEY, Body=text.encode())
    (result,) = keeper.keep([notice(bucket)])
    assert result.failed is None
    (parked,) = kept(dynamodb, table_name)
    assert not parked.is_whole


def test_the_function_empties_a_real_dead_letter_queue(
    emulator_environment: EmulatedAws,
    monkeypatch: pytest.MonkeyPatch,
    sqs: "SQSClient",
    dynamodb: "DynamoDBClient",
    table_name: str,
    new_queue: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    dead = new_queue()
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    queue = new_queue(RedrivePolicy=policy, VisibilityTimeout="0")
    sent = sqs.send_message(QueueUrl=queue, MessageBody="poison", MessageGroupId="g", MessageDeduplicationId="d")
    while not (found := sqs.receive_message(QueueUrl=dead, MessageSystemAttributeNames=["All"]).get("Messages")):
        sqs.receive_message(QueueUrl=queue)
    record = {
        "messageId": found[0]["MessageId"],
        "body": found[0]["Body"],
        "attributes": found[0]["Attributes"],
        "eventSourceARN": arn,
    }
    environment = {
        "TABLE_NAME": table_name,
        "DEAD_LETTER_QUEUES": json.dumps({"alert-events": {"arn": arn, "attempts": 1}}),
        "STREAM_CONSUMERS": "{}",
        "NOTICES_QUEUE_ARN": NOTICES,
        "TENANT": "local",
    }
    for name in environment:
        monkeypatch.setenv(name, "")
    answer = function("dead_letter_keeper", environment).handler({"Records": [record]}, None)
    assert answer == {"batchItemFailures": []}
    (parked,) = kept(dynamodb, table_name)
    assert (parked.letter.message_id, parked.letter.payload) == (sent["MessageId"], "poison")
    line, metric = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert (line["message"], line["source"]) == ("dead letter kept", "alert-events")
    assert "poison" not in str(line)
    assert (metric["kept"], metric["tenant"], metric["function"]) == (1, "local", "dead_letter_keeper")
    telemetry.configure("test").handlers.clear()
