"""The archive's function in the template."""

import json

from infra.bucket import ALERT_EVENTS
from tandem.archive.objects import PREFIX
from tandem.store import keys
from tests.infra.template import Template


def test_the_archiver_gathers_before_it_writes(template: Template, acme_template: Template) -> None:
    (local,), (acme,) = (each.mappings("event_archiver") for each in (template, acme_template))
    assert (local["MaximumBatchingWindowInSeconds"], acme["MaximumBatchingWindowInSeconds"]) == (2, 300)
    assert acme["BatchSize"] == 10_000
    assert acme["StartingPosition"] == "TRIM_HORIZON"


def test_no_record_blocks_the_archive_for_ever_and_none_is_lost(template: Template) -> None:
    (mapping,) = template.mappings("event_archiver")
    (bucket,) = template.resources("AWS::S3::Bucket")
    assert mapping["BisectBatchOnFunctionError"] is True
    assert 60 < mapping["MaximumRecordAgeInSeconds"] < 24 * 60 * 60, "before the stream itself forgets"
    assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": [bucket, "Arn"]}}}


def test_alerts_and_their_long_messages_are_handed_over_and_nothing_else(template: Template) -> None:
    (mapping,) = template.mappings("event_archiver")
    patterns = [json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"]]
    handed_over = {
        (pattern["dynamodb"]["Keys"]["pk"]["S"][0]["prefix"], *pattern["dynamodb"]["Keys"]["sk"]["S"])
        for pattern in patterns
    }
    assert handed_over == {(key["pk"], key["sk"]) for key in (keys.alert_key(""), keys.message_key(""))}


def test_the_archiver_writes_below_its_own_prefix_only(template: Template) -> None:
    assert PREFIX == ALERT_EVENTS
    (written,) = [
        statement["Resource"]
        for statement in template.statements("event_archiver")
        if "s3:PutObject" in statement["Action"] and "aws/lambda" not in json.dumps(statement["Resource"])
    ]
    (bucket,) = template.resources("AWS::S3::Bucket")
    assert written == {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, "/alert-events/*"]]}


def test_the_archiver_is_told_the_bucket(template: Template) -> None:
    (bucket,) = template.resources("AWS::S3::Bucket")
    environment = template.function("event_archiver")["Environment"]["Variables"]
    assert environment["BUCKET_NAME"] == {"Ref": bucket}


def test_the_archive_is_compacted_every_hour(template: Template) -> None:
    (schedule,) = [
        each
        for each in template.properties("AWS::Scheduler::Schedule")
        if each["Name"] == "tandem-local-archive-compaction"
    ]
    function = schedule["Target"]["Arn"]["Fn::GetAtt"][0]
    assert schedule["ScheduleExpression"] == "rate(60 minutes)"
    assert template.content["Resources"][function]["Properties"] == template.function("event_archiver")
    removed = [each for each in template.statements("event_archiver") if "s3:DeleteObject" in str(each["Action"])]
    assert [json.dumps(each["Resource"]).count("/alert-events/*") for each in removed] == [1]
