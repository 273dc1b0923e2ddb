"""The bucket: private, encrypted, and nothing in it is kept for ever."""

import json

from infra.bucket import ALERT_EVENTS, POLLS, SOFTWARE, STREAM_FAILURES, SYNCS
from tests.infra.template import Template


def test_the_bucket_is_private_and_encrypted(template: Template) -> None:
    (bucket,) = template.properties("AWS::S3::Bucket")

    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert "AES256" in json.dumps(bucket["BucketEncryption"])
    assert "VersioningConfiguration" not in bucket


def test_the_bucket_refuses_requests_without_tls(template: Template) -> None:
    (policy,) = template.properties("AWS::S3::BucketPolicy")
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_alert_events_are_kept_as_long_as_alerts_failures_for_a_month_and_listings_for_days(template: Template) -> None:
    (bucket,) = template.properties("AWS::S3::Bucket")
    rules = bucket["LifecycleConfiguration"]["Rules"]

    assert {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule} == {
        ALERT_EVENTS: 400,
        POLLS: 3,
        SYNCS: 3,
        SOFTWARE: 400,
        STREAM_FAILURES: 30,
    }
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
