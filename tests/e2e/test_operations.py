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
    assert refused["reason"] == "it is not an alert event: body: JSON"
    eventually(lambda: bool((stack.alert(rmm, fresh) or {}).get("ticket_id")), "the replayed alert has a ticket")
    stack.ok("DELETE", f"/dead-letters/{refused['id']}")
    assert [each["replayed_by"] for each in mine()] == ["first-admin"]


def test_records_that_lambda_gave_up_on_become_letters(stack: Stack) -> None:
    name = uuid.uuid4().hex
    record = {
        "eventID": name,
        "eventName": "MODIFY",
        "dynamodb": {"ApproximateCreationDateTime": 1795248000, "Keys": {"pk": {"S": name}, "sk": {"S": "ALERT"}}},
    }
    failure = {
        "requestContext": {
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:a-reader",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "timestamp": "2026-11-21T08:00:00.000Z",
        "payload": json.dumps({"Records": [record]}),
    }
    key = f"aws/lambda/{name}/shardId-1/2026/11/21/2026-11-21T08.00.00-{name}"
    bucket = output(stack, "BucketName")
    stack.aws.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(failure).encode())
    eventually(lambda: bool(letters(stack, source="a-reader", reason=name)), "the keeper has the record")
    (letter,) = letters(stack, source="a-reader", reason=name)
    assert (json.loads(letter["payload"]), letter["attempts"]) == (record, 3)
    assert letter["not_replayable"] == "there is no way to replay what was for 'a-reader'"
