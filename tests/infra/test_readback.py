"""From ingest to the RMM's API and on: an alert waits for it, but not for long, and is never lost on the way."""

from typing import Any

from infra.readback import ATTEMPTS, TIMEOUT
from tandem.readback.bootstrap import BATCH_SECONDS
from tests.infra.template import Template


def queue(template: Template, name: str) -> tuple[str, dict[str, Any]]:
    """Logical id and properties of a queue of the local tenant."""
    (found,) = [
        (identifier, resource["Properties"])
        for identifier, resource in template.resources("AWS::SQS::Queue").items()
        if resource["Properties"].get("QueueName") == f"tandem-local-{name}"
    ]
    return found


def test_ingest_may_send_there_and_is_told_where(template: Template) -> None:
    identifier, _ = queue(template, "read-back")
    variables = template.function("webhook_ingest")["Environment"]["Variables"]
    assert variables["READ_BACK_QUEUE_URL"] == {"Ref": identifier}
    assert {"Fn::GetAtt": [identifier, "Arn"]} in [
        each["Resource"] for each in template.statements("webhook_ingest") if each["Action"] == "sqs:SendMessage"
    ] + [
        resource
        for each in template.statements("webhook_ingest")
        if each["Action"] == "sqs:SendMessage" and isinstance(each["Resource"], list)
        for resource in each["Resource"]
    ]


def test_what_fails_is_a_dead_letter_long_after_the_two_minutes(template: Template) -> None:
    _, properties = queue(template, "read-back")
    assert properties["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [queue(template, "read-back-dead")[0], "Arn"]},
        "maxReceiveCount": ATTEMPTS,
    }
    assert properties["VisibilityTimeout"] == TIMEOUT.to_seconds() * 6


def test_a_batch_ends_before_its_function_does(template: Template) -> None:
    assert template.function("read_back")["Timeout"] == TIMEOUT.to_seconds()
    assert TIMEOUT.to_seconds() - 5 >= BATCH_SECONDS


def test_the_function_answers_for_each_message(template: Template) -> None:
    identifier, _ = queue(template, "read-back")
    (mapping,) = [
        each
        for each in template.properties("AWS::Lambda::EventSourceMapping")
        if each["EventSourceArn"] == {"Fn::GetAtt": [identifier, "Arn"]}
    ]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
