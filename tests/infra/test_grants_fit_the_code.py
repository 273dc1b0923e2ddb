"""The emulator enforces no IAM: what the code calls is held against what the roles allow, in both directions."""

import re

from local.emulator import ROOT
from tests.infra.template import Template

# boto3 call, or a part of a transaction, → the IAM action that it needs.
NEEDS = {
    r"\.get_item\(": "dynamodb:GetItem",
    r"\.put_item\(|\"Put\":": "dynamodb:PutItem",
    r"\.update_item\(|\"Update\":": "dynamodb:UpdateItem",
    r"\.delete_item\(|\"Delete\":": "dynamodb:DeleteItem",
    r"\"ConditionCheck\":": "dynamodb:ConditionCheckItem",
    r"\.query\(|get_paginator\(\"query\"\)": "dynamodb:Query",
    r"\.scan\(|get_paginator\(\"scan\"\)": "dynamodb:Scan",
    r"\.batch_get_item\(": "dynamodb:BatchGetItem",
    r"\.batch_write_item\(": "dynamodb:BatchWriteItem",
    r"\.describe_table\(": "dynamodb:DescribeTable",
    r"\.send_message(_batch)?\(": "sqs:SendMessage",
    r"\.change_message_visibility(_batch)?\(": "sqs:ChangeMessageVisibility",
    r"\.receive_message\(": "sqs:ReceiveMessage",
    r"\.delete_message(_batch)?\(": "sqs:DeleteMessage",
    r"\.get_queue_attributes\(": "sqs:GetQueueAttributes",
    r"\.get_secret_value\(": "secretsmanager:GetSecretValue",
    r"\.create_secret\(": "secretsmanager:CreateSecret",
    r"\.put_secret_value\(": "secretsmanager:PutSecretValue",
    r"\.update_secret\(": "secretsmanager:UpdateSecret",
    r"\.delete_secret\(": "secretsmanager:DeleteSecret",
    r"\.describe_secret\(": "secretsmanager:DescribeSecret",
    r"\.restore_secret\(": "secretsmanager:RestoreSecret",
    r"\.list_secrets\(": "secretsmanager:ListSecrets",
    r"\.tag_resource\(|create_secret\([^)]*Tags=": "secretsmanager:TagResource",
}

# What Lambda itself does with a role: poll the queue and write the log.
LAMBDAS_OWN = {
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
}


def _needed() -> set[str]:
    sources = [path for top in ("layers/tandem", "functions") for path in (ROOT / top).rglob("*.py")]
    code = "\n".join(path.read_text() for path in sources)
    return {action for pattern, action in NEEDS.items() if re.search(pattern, code)}


def _allowed(template: Template) -> set[str]:
    return {
        action
        for function in template.properties("AWS::Lambda::Function")
        for statement in template.statements(function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"])
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


def test_whatever_the_code_calls_some_role_allows(template: Template) -> None:
    assert _needed() - _allowed(template) == set()


def test_no_role_allows_what_no_code_calls(template: Template) -> None:
    assert _allowed(template) - _needed() - LAMBDAS_OWN == set()


def test_every_index_that_is_queried_is_granted_by_name(template: Template) -> None:
    for name in ("alert_processor", "admin_api"):
        granted = [
            str(resource)
            for statement in template.statements(name)
            if statement["Action"] == "dynamodb:Query"
            for resource in statement["Resource"]
        ]
        for index in ("by_time", "by_owner", "live"):
            assert any(f"/index/{index}" in resource for resource in granted)
