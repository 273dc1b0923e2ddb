"""What is fed to dead_letter_keeper, and how what it keeps gets back."""

import json
from typing import Any

from infra.bucket import STREAM_FAILURES
from tests.infra.template import Template


def refers_to(value: Any) -> list[str]:
    """The logical ids that a value of the template is made of, in their order."""
    if isinstance(value, dict):
        if "Ref" in value:
            return [value["Ref"]]
        if "Fn::GetAtt" in value:
            return [value["Fn::GetAtt"][0]]
        return [each for part in value.values() for each in refers_to(part)]
    if isinstance(value, list):
        return [each for part in value for each in refers_to(part)]
    return []


def resolved(value: Any) -> dict[str, Any]:
    """A JSON text of the template, each reference in it as the logical id that it means."""
    if isinstance(value, str):
        found: dict[str, Any] = json.loads(value)
        return found
    parts = value["Fn::Join"][1]
    found = json.loads("".join(part if isinstance(part, str) else refers_to(part)[0] for part in parts))
    return found


def last_queues(template: Template) -> dict[str, dict[str, Any]]:
    """The queues where messages end."""
    queues = template.resources("AWS::SQS::Queue")
    return {name: queue["Properties"] for name, queue in queues.items() if "RedrivePolicy" not in queue["Properties"]}


def test_every_dead_letter_queue_is_emptied_by_the_keeper(template: Template) -> None:
    fed = {mapping["EventSourceArn"]["Fn::GetAtt"][0] for mapping in template.mappings("dead_letter_keeper")}

    assert fed == set(last_queues(template))
    for mapping in template.mappings("dead_letter_keeper"):
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_what_cannot_be_kept_waits_longer_than_the_keeper_runs_and_for_two_weeks(template: Template) -> None:
    for queue in last_queues(template).values():
        assert queue["VisibilityTimeout"] >= 6 * template.function("dead_letter_keeper")["Timeout"]
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_keeper_is_told_each_queues_source_and_how_often_its_messages_were_tried(template: Template) -> None:
    told = resolved(template.function("dead_letter_keeper")["Environment"]["Variables"]["DEAD_LETTER_QUEUES"])
    queues = {name: queue["Properties"] for name, queue in template.resources("AWS::SQS::Queue").items()}
    policies = [queue["RedrivePolicy"] for queue in queues.values() if "RedrivePolicy" in queue]

    assert "alert-events" in told
    assert sorted((each["arn"], each["attempts"]) for each in told.values()) == sorted(
        (policy["deadLetterTargetArn"]["Fn::GetAtt"][0], policy["maxReceiveCount"]) for policy in policies
    )


def test_records_that_lambda_gives_up_on_are_named_to_the_keeper(template: Template) -> None:
    (bucket,) = template.resources("AWS::S3::Bucket").values()
    (notified,) = bucket["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    told = template.function("dead_letter_keeper")["Environment"]["Variables"]["NOTICES_QUEUE_ARN"]

    assert notified["Event"] == "s3:ObjectCreated:*"
    assert notified["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": STREAM_FAILURES}]
    assert notified["Queue"] == told


def test_the_bucket_may_name_them_and_is_told_of_the_queue_only_then(template: Template) -> None:
    (bucket,) = template.resources("AWS::S3::Bucket").values()
    (notified,) = bucket["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    (policy_name,) = [name for name in bucket["DependsOn"] if "Policy" in name]
    statements = template.content["Resources"][policy_name]["Properties"]["PolicyDocument"]["Statement"]
    (allowed,) = [statement for statement in statements if statement["Effect"] == "Allow"]

    assert allowed["Principal"] == {"Service": "s3.amazonaws.com"}
    assert allowed["Resource"] == notified["Queue"]
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_each_reader_of_the_stream_leaves_what_it_gives_up_on_in_the_bucket_and_is_known_to_both(
    template: Template,
) -> None:
    (bucket,) = template.resources("AWS::S3::Bucket")
    mappings = [each for each in template.properties("AWS::Lambda::EventSourceMapping") if "StartingPosition" in each]
    readers = {mapping["FunctionName"]["Ref"] for mapping in mappings}

    for mapping in mappings:
        assert refers_to(mapping["DestinationConfig"]["OnFailure"]["Destination"]) == [bucket]
    for name in ("dead_letter_keeper", "admin_api"):
        told = resolved(template.function(name)["Environment"]["Variables"]["STREAM_CONSUMERS"])
        assert set(told.values()) == readers


def test_what_is_replayed_goes_to_the_queue_that_it_came_from(template: Template) -> None:
    told = resolved(template.function("admin_api")["Environment"]["Variables"]["REPLAY_QUEUES"])
    dead = resolved(template.function("dead_letter_keeper")["Environment"]["Variables"]["DEAD_LETTER_QUEUES"])
    queues = {name: queue["Properties"] for name, queue in template.resources("AWS::SQS::Queue").items()}

    assert told.keys() == dead.keys()
    for source, queue in told.items():
        assert queues[queue]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] == dead[source]["arn"]
