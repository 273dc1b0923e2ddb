"""What the synthesized stack is made of."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.table_schema import table_definition
from infra.tenant_stack import FIRST_ADMIN_KEY_LENGTH
from local.emulator import ROOT
from local.lint_template import findings
from tandem.admin.first_admin import SHORTEST_KEY
from tandem.alerts.event_message import encode
from tandem.alerts.limits import IDENTIFIER_BYTES, MESSAGE_BYTES, NAME_BYTES, RAW_GZIPPED_BYTES
from tandem.alerts.models import AlertEvent, Kind, Origin, Provider, Severity
from tests.emulator import EmulatedAws
from tests.infra.template import Template

NEW_ACCOUNTS_CONCURRENCY = 10
"""Executions at once, of all functions of an account and region together, that AWS gives many new accounts."""

ITEM_BYTES = 400 * 1024
"""What DynamoDB takes as one item."""

FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


def test_the_stack_has_every_function_there_is_and_no_other(template: Template) -> None:
    names = [template.function_name(properties) for properties in template.properties("AWS::Lambda::Function")]

    assert sorted(names) == FUNCTIONS


def test_the_table_has_the_shape_that_tests_and_benchmarks_use(template: Template) -> None:
    (table,) = template.properties("AWS::DynamoDB::Table")
    wanted = table_definition()

    assert table["KeySchema"] == wanted["KeySchema"]
    assert table["BillingMode"] == wanted["BillingMode"]
    assert table["GlobalSecondaryIndexes"] == wanted["GlobalSecondaryIndexes"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert _by_name(table["AttributeDefinitions"]) == _by_name(wanted["AttributeDefinitions"])


def test_the_table_outlives_the_stack_and_can_be_restored(template: Template) -> None:
    (table,) = template.resources("AWS::DynamoDB::Table").values()

    assert table["DeletionPolicy"] == "Retain"
    assert table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_nothing_but_the_table_and_the_bucket_is_left_behind(template: Template) -> None:
    kept = {
        found["Type"]
        for found in template.content["Resources"].values()
        if found.get("DeletionPolicy", "Delete") != "Delete"
    }

    assert kept == {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}


def test_the_queue_of_alert_events_and_its_dead_letters_are_fifo_in_high_throughput_mode(template: Template) -> None:
    for name in ("local-alert-events.fifo", "local-alert-events-dead.fifo"):
        queue = template.queue(name)
        assert queue["FifoQueue"] is True
        assert queue["DeduplicationScope"] == "messageGroup"
        assert queue["FifoThroughputLimit"] == "perMessageGroupId"
        assert queue["ContentBasedDeduplication"] is False


def test_every_queue_is_encrypted(template: Template) -> None:
    assert all(queue["SqsManagedSseEnabled"] is True for queue in template.properties("AWS::SQS::Queue"))


def test_a_queues_message_holds_the_largest_event_and_fits_into_one_item_of_the_table(template: Template) -> None:
    # The longest of everything that limits.py allows, of characters that JSON writes with six bytes each.
    name = "\x01" * max(IDENTIFIER_BYTES, NAME_BYTES)
    texts: dict[str, Any] = {
        field.name: name for field in dataclasses.fields(AlertEvent) if field.type in (str, str | None)
    }
    largest = AlertEvent(
        **{**texts, "message": "\x01" * MESSAGE_BYTES},
        provider=Provider.TACTICALRMM,
        kind=Kind.TRIGGERED,
        severity=Severity.CRITICAL,
        origin=Origin.WEBHOOK,
        occurred_at=datetime.max.replace(tzinfo=UTC),
        received_at=datetime.max.replace(tzinfo=UTC),
        facts={f"A label of the code {number}": name for number in range(10)},
        raw=b"\x00" * RAW_GZIPPED_BYTES,
    )
    assert {"identity", "external_alert_id", "device_name"} <= texts.keys()

    for queue in (template.queue("alert-events.fifo"), template.queue("alert-events-dead.fifo")):
        assert queue["MaximumMessageSize"] == 256 * 1024
        assert len(encode(largest)) < queue["MaximumMessageSize"] / 2
        assert queue["MaximumMessageSize"] + 10 * 1024 < ITEM_BYTES


def test_a_message_is_tried_ten_times_and_lives_longer_as_a_dead_letter(template: Template) -> None:
    dead_letters, alert_events = template.queue("alert-events-dead.fifo"), template.queue("alert-events.fifo")

    assert alert_events["RedrivePolicy"]["maxReceiveCount"] == 10
    assert dead_letters["MessageRetentionPeriod"] > alert_events["MessageRetentionPeriod"]


def test_the_processor_takes_batches_of_ten_and_returns_single_failures(template: Template) -> None:
    (mapping,) = template.mappings("alert_processor")
    alert_events = template.queue("alert-events.fifo")

    assert mapping["BatchSize"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert alert_events["VisibilityTimeout"] >= 6 * template.function("alert_processor")["Timeout"]


def test_a_storm_leaves_half_of_a_new_accounts_concurrency_to_webhooks(
    template: Template, acme_template: Template
) -> None:
    for each in (template, acme_template):
        (mapping,) = each.mappings("alert_processor")

        # SQS takes no less than 2 here.
        assert 2 <= mapping["ScalingConfig"]["MaximumConcurrency"] <= NEW_ACCOUNTS_CONCURRENCY / 2
        assert not any("ReservedConcurrentExecutions" in of for of in each.properties("AWS::Lambda::Function"))


def test_webhooks_are_throttled_generously_and_nothing_goes_unthrottled(template: Template) -> None:
    (stage,) = template.resources("AWS::ApiGatewayV2::Stage").values()
    routes = template.resources("AWS::ApiGatewayV2::Route")
    (webhook,) = [name for name, route in routes.items() if "webhooks" in route["Properties"]["RouteKey"]]
    settings = stage["Properties"]["RouteSettings"]

    assert {route["Properties"]["RouteKey"] for route in routes.values()} == {
        "POST /webhooks/{integration_id}",
        "ANY /api/v1/{proxy+}",
        "GET /oauth/ninjaone/{page}",
    }
    assert settings["POST /webhooks/{integration_id}"]["ThrottlingRateLimit"] >= 500
    assert stage["Properties"]["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert webhook in stage["DependsOn"], "API Gateway refuses settings of a route that is not there yet"


def test_the_access_log_holds_neither_query_strings_nor_headers(template: Template) -> None:
    (stage,) = template.properties("AWS::ApiGatewayV2::Stage")
    fields = json.loads(stage["AccessLogSettings"]["Format"])

    assert fields["status"] == "$context.status"
    for variable in fields.values():
        assert not any(word in variable.lower() for word in ("query", "header", "useragent", "authorizer"))


def test_every_log_group_has_a_retention_and_dies_with_the_stack(template: Template) -> None:
    groups = template.resources("AWS::Logs::LogGroup")
    names = {group["Properties"]["LogGroupName"] for group in groups.values()}

    assert names == {f"/aws/vendedlogs/tandem/local/{name}" for name in [*FUNCTIONS, "access"]}
    for group in groups.values():
        assert group["Properties"]["RetentionInDays"] == 30
        assert group["DeletionPolicy"] == "Delete"
    for function in template.properties("AWS::Lambda::Function"):
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in groups


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_run_on_the_runtime_that_the_layer_is_built_for(template: Template, name: str) -> None:
    function = template.function(name)
    layers = template.properties("AWS::Lambda::LayerVersion")

    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["Handler"] == "handler.handler"
    assert len(function["Layers"]) == 2
    assert all(layer["CompatibleRuntimes"] == ["python3.13"] for layer in layers)
    assert all(layer["CompatibleArchitectures"] == ["arm64"] for layer in layers)


def test_functions_are_told_what_the_contract_says(template: Template) -> None:
    shared = {"TABLE_NAME", "ALERT_QUEUE_URL", "LOG_LEVEL", "TENANT"}

    assert set(_environment(template, "alert_processor")) == shared
    assert set(_environment(template, "due_sweep")) == shared | {"NOTIFICATIONS_QUEUE_URL"}
    assert set(_environment(template, "webhook_ingest")) == shared | {
        "READ_BACK_QUEUE_URL",
        "DEVICE_REFRESH_QUEUE_URL",
        "SECRET_PREFIX",
    }
    assert set(_environment(template, "admin_api")) == shared | {
        "BUCKET_NAME",
        "SECRET_PREFIX",
        "FIRST_ADMIN_KEY_SECRET_ARN",
        "PUBLIC_URL",
        "ALLOW_PRIVATE_ADDRESSES",
        "REPLAY_QUEUES",
        "STREAM_CONSUMERS",
        "INGEST_LOG_GROUP",
        "POLL_FUNCTION_ARN",
        "DEVICE_SYNC_FUNCTION_ARN",
        "DEVICE_SYNC_QUEUE_URL",
        "DEVICE_REFRESH_QUEUE_URL",
        "SCHEDULE_GROUP",
        "SCHEDULE_ROLE_ARN",
    }
    assert {"DEAD_LETTER_QUEUES", "STREAM_CONSUMERS", "NOTICES_QUEUE_ARN"} <= set(
        _environment(template, "dead_letter_keeper")
    )
    assert {_environment(template, name)["TENANT"] for name in FUNCTIONS} == {"local"}
    assert _environment(template, "admin_api")["SECRET_PREFIX"] == "tandem/local/integrations"


def test_ingest_can_read_an_integration_and_send_a_message_and_nothing_else(template: Template) -> None:
    assert _allowed(template, "webhook_ingest") == {
        "dynamodb:GetItem",
        "sqs:SendMessage",
        "secretsmanager:GetSecretValue",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }


def test_the_processor_reads_no_secrets(template: Template) -> None:
    allowed = _allowed(template, "alert_processor")

    assert not {action for action in allowed if action.startswith("secretsmanager:")}
    assert {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"} <= allowed
    assert {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"} <= allowed


def test_nobody_may_scan_or_change_the_table_itself(template: Template) -> None:
    for name in FUNCTIONS:
        assert not _allowed(template, name) & {"dynamodb:Scan", "dynamodb:DeleteTable", "dynamodb:UpdateTable"}


WILDCARDS = {
    ":secret:tandem/local/integrations/*": "secretsmanager:",
    "/aws/lambda/*": "s3:",
    "/alert-events/*": "s3:",
    "/polls/*": "s3:",
    "/sync/*": "s3:",
    "/software/*": "s3:",
    ":schedule/tandem-local/poll-*": "scheduler:",
    ":schedule/tandem-local/sync-*": "scheduler:",
    "/stream/*": "dynamodb:ListStreams",
}
"""How a resource may end that is no single one, and what may be done there: all below the tenant's own name."""

ANYWHERE = {"scheduler:ListSchedules"}
"""What AWS knows no narrower resource for."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_only_wildcards_are_prefixes_of_the_tenants_own(template: Template, name: str) -> None:
    for statement in template.statements(name):
        assert not any("*" in action for action in _list(statement["Action"]))
        for resource in _list(statement["Resource"]):
            text = json.dumps(resource)
            if text == '"*"':
                assert set(_list(statement["Action"])) <= ANYWHERE
            elif "*" in text:
                (allowed,) = [action for ending, action in WILDCARDS.items() if f'{ending}"' in text]
                assert text.count("*") == 1
                assert all(action.startswith(allowed) for action in _list(statement["Action"]))


def test_no_role_has_a_policy_of_aws_own(template: Template) -> None:
    assert not any(role.get("ManagedPolicyArns") for role in template.properties("AWS::IAM::Role"))


def test_the_first_admin_key_is_generated_and_needs_no_quoting(template: Template) -> None:
    (secret,) = template.properties("AWS::SecretsManager::Secret")
    generated = secret["GenerateSecretString"]

    assert generated["PasswordLength"] >= 40
    assert generated["ExcludePunctuation"] is True
    assert generated["RequireEachIncludedType"] is False
    assert not generated.get("IncludeSpace")


def test_the_emulator_generates_a_first_admin_key_that_needs_no_quoting_too(
    template: Template, emulated_aws: EmulatedAws
) -> None:
    secret = template.resources("AWS::SecretsManager::Secret")
    (name,) = secret
    body = json.dumps({"Resources": secret, "Outputs": {"Arn": {"Value": {"Ref": name}}}})
    stacks = emulated_aws.client("cloudformation")
    stacks.create_stack(StackName="first-key", TemplateBody=body)
    stacks.get_waiter("stack_create_complete").wait(StackName="first-key", WaiterConfig={"Delay": 1})
    (output,) = stacks.describe_stacks(StackName="first-key")["Stacks"][0]["Outputs"]
    key = emulated_aws.client("secretsmanager").get_secret_value(SecretId=output["OutputValue"])["SecretString"]
    stacks.delete_stack(StackName="first-key")

    assert len(key) == FIRST_ADMIN_KEY_LENGTH >= SHORTEST_KEY
    assert key.isascii()
    assert key.isalnum()


def test_the_outputs_say_where_everything_is(template: Template) -> None:
    assert {
        "ApiUrl",
        "ApiId",
        "FirstAdminKeySecret",
        "TableName",
        "AlertQueueUrl",
        "DeadLetterQueueUrl",
        "AlarmTopic",
    } <= set(template.content["Outputs"])


def test_no_secret_stands_in_the_template(template: Template) -> None:
    assert "SecretString" not in json.dumps(template.content).replace("GenerateSecretString", "")


def test_tenants_share_no_name(template: Template, acme_template: Template) -> None:
    named = ("LogGroupName", "Name", "RoleName", "FunctionName", "QueueName", "TableName", "TopicName")

    def names(of: Template) -> set[str]:
        resources = of.content["Resources"].values()
        found = [resource["Properties"].get(key) for resource in resources for key in named if "Properties" in resource]
        return {name for name in found if isinstance(name, str)}

    assert names(template)
    assert not names(template) & names(acme_template)


def test_the_templates_are_clean_for_cfn_lint(assembly: Path) -> None:
    for path in assembly.glob("*.template.json"):
        assert findings(path) == []


def test_cfn_lint_would_say_if_they_were_not(tmp_path: Path) -> None:
    path = tmp_path / "wrong.template.json"
    path.write_text('{"Resources": {"A": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueu": true}}}}')

    assert findings(path)


def test_the_templates_fit_what_cloudformation_takes(assembly: Path) -> None:
    for path in assembly.glob("*.template.json"):
        assert path.stat().st_size < 1_000_000
        assert len(json.loads(path.read_text())["Resources"]) < 500


def _by_name(attributes: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(attributes, key=lambda attribute: attribute["AttributeName"])


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _allowed(template: Template, name: str) -> set[str]:
    return {action for statement in template.statements(name) for action in _list(statement["Action"])}


def _environment(template: Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = template.function(name)["Environment"]["Variables"]
    return found
