"""What an operator sees when something went wrong: refused webhooks, dead letters from every side, replay."""

import json
import uuid
from typing import Any

import pytest

from tests.e2e.bodies import tactical, unique
from tests.e2e.conftest import Stack, eventually

pytestmark = pytest.mark.emulator


def letters(stack: Stack, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.ok("GET", "/dead-letters", limit=200, **query)["items"]
    return found


def output(stack: Stack, name: str) -> str:
    """An output of the deployed stack."""
    (found,) = stack.aws.client("cloudformation").describe_stacks(StackName="Tandem-local")["Stacks"]
    return next(str(each["OutputValue"]) for each in found["Outputs"] if each["OutputKey"] == name)


def test_a_refused_webhook_is_shown_with_its_reason(stack: Stack) -> None:
    rmm = stack.connect("tacticalrmm")
    another = stack.connect("tacticalrmm")
    stack.accepted(rmm, tactical(unique("ops")))
    assert stack.post(rmm, tactical(unique("ops")), **{rmm.header: "wrong"}).status_code == 401
    assert stack.post(rmm, b'{"event": "trigger"}').status_code == 400
    assert stack.post(another, b'{"event": "trigger"}').status_code == 400
    eventually(
        lambda: len(stack.ok("GET", f"/integrations/{rmm.id}/deliveries")["items"]) == 2, "both refusals are shown"
    )
    newest, oldest = stack.ok("GET", f"/integrations/{rmm.id}/deliveries")["items"]
    assert (newest["status"], newest["reason"], newest["field"]) == (400, "invalid body", "alert_id")
    assert (oldest["status"], oldest["reason"], oldest["outcome"]) == (401, "unauthorized", "refused")


def test_a_message_that_failed_for_good_is_replayed_and_becomes_a_ticket(stack: Stack) -> None:
    rmm = stack.connect("tacticalrmm", default_client_id=stack.new_client())
    name = unique("ops")
    stack.settled(rmm, name, stack.accepted(rmm, tactical(name)))
    # The processor never fails ten times here, so the message is laid where it would have ended.
    fresh = unique("ops")
    event = {
        "v": 1,
        "event_id": uuid.uuid4().hex,
        "integration_id": rmm.id,
        "provider": "tacticalrmm",
        "kind": "triggered",
        "identity": fresh,
        "severity": "critical",
        "message": "It failed",
        "external_alert_id": fresh,
        "occurred_at": "2026-11-21T08:00:00Z",
        "received_at": "2026-11-21T08:00:00Z",
        "origin": "webhook",
    }
    dead = {"QueueUrl": output(stack, "DeadLetterQueueUrl"), "MessageGroupId": fresh}
    for number, body in enumerate((json.dumps(event), f"not json {fresh}")):
        stack.aws.client("sqs").send_message(**dead, MessageBody=body, MessageDeduplicationId=f"{fresh}-{number}")

    def mine() -> list[dict[str, Any]]:
        return [each for each in letters(stack, source="alert-events") if fresh in each["payload"]]

    eventually(lambda: len(mine()) == 2, "the keeper has both")
    assert {(each["attempts"], each["replayed_at"]) for each in mine()} == {(10, None)}
    answer = stack.ok("POST", "/dead-letters/replay", {"ids": [each["id"] for each in mine()], "force": True})
    assert (answer["replayed"], answer["left"]) == (1, 0)
    (refused,) = answer["not_replayed"]
    assert refused["reason"] == "it is not an alert event: body: expected JSON"
    eventually(lambda: bool((stack.alert(rmm, fresh) or {}).get("ticket_id")), "the replayed alert has a ticket")
    stack.ok("DELETE", f"/dead-letters/{refused['id']}")
    assert [each["replayed_by"] for each in mine()] == ["first-admin"]


def given_up(stack: Stack, function_arn: str, record: dict[str, Any]) -> None:
    """Lay a record into the bucket as Lambda does after the last attempt; the emulator never gives up."""
    name = uuid.uuid4().hex
    failure = {
        "requestContext": {
            "functionArn": function_arn,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "timestamp": "2026-11-21T08:00:00.000Z",
        "payload": json.dumps({"Records": [record]}),
    }
    key = f"aws/lambda/{name}/shardId-1/2026/11/21/2026-11-21T08.00.00-{name}"
    stack.aws.client("s3").put_object(Bucket=output(stack, "BucketName"), Key=key, Body=json.dumps(failure).encode())


def stream_record(number: str, **images: Any) -> dict[str, Any]:
    change = {
        "ApproximateCreationDateTime": 1795248000,
        "SequenceNumber": number,
        "Keys": {"pk": {"S": f"A#{number}"}, "sk": {"S": "ALERT"}},
        **images,
    }
    return {"eventID": number, "eventName": "MODIFY", "dynamodb": change}


def test_records_that_lambda_gave_up_on_become_letters(stack: Stack) -> None:
    record = stream_record(unique("of-nobody"))
    given_up(stack, "arn:aws:lambda:us-east-1:000000000000:function:a-reader", record)
    eventually(lambda: bool(letters(stack, source="a-reader")), "the keeper has the record")
    (letter,) = letters(stack, source="a-reader")
    assert (json.loads(letter["payload"]), letter["attempts"]) == (record, 3)
    assert letter["not_replayable"] == "there is no way to replay what was for 'a-reader'"


def test_a_record_is_replayed_by_the_function_that_gave_it_up_and_fails_again_for_its_own_reason(stack: Stack) -> None:
    functions = stack.aws.client("lambda").list_functions()["Functions"]
    (arn,) = [each["FunctionArn"] for each in functions if "EventPublisher" in each["FunctionName"]]
    sound, broken = unique("sound"), unique("broken")
    given_up(stack, arn, stream_record(sound))
    given_up(stack, arn, stream_record(broken, NewImage={"pk": {"S": f"A#{broken}"}}))

    def letter_of(number: str) -> dict[str, Any]:
        (found,) = [each for each in letters(stack, source="event-publisher") if number in each["payload"]] or [{}]
        return found

    eventually(lambda: bool(letter_of(sound) and letter_of(broken)), "the keeper has both records")
    ids = {number: letter_of(number)["id"] for number in (sound, broken)}
    answer = stack.ok("POST", "/dead-letters/replay", {"ids": list(ids.values())})
    assert answer["replayed"] == 1
    (failed,) = answer["not_replayed"]
    assert (failed["id"], failed["reason"].partition(",")[0]) == (ids[broken], "it failed again")
    assert letter_of(sound)["replayed_at"] is not None
    assert letter_of(broken)["replayed_at"] is None
    assert letter_of(broken)["reason"].startswith("no event could be made: ")
