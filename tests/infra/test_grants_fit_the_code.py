"""The emulator enforces no IAM: what each function calls is held against what its role allows, in both directions.

A grant here is an action and the place it is for: `("dynamodb:Query", "index")`.
"""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.emulator import ROOT
from tests.infra.reach import reached_code
from tests.infra.template import Template

Grant = tuple[str, str]

FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))

# boto3 call → the action that it needs, and where. Table or index, and which secret, follow from its arguments.
CALLS: dict[str, Grant] = {
    "get_item": ("dynamodb:GetItem", "table"),
    "put_item": ("dynamodb:PutItem", "table"),
    "update_item": ("dynamodb:UpdateItem", "table"),
    "delete_item": ("dynamodb:DeleteItem", "table"),
    "batch_get_item": ("dynamodb:BatchGetItem", "table"),
    "batch_write_item": ("dynamodb:BatchWriteItem", "table"),
    "query": ("dynamodb:Query", "table"),
    "send_message": ("sqs:SendMessage", "queue"),
    "send_message_batch": ("sqs:SendMessage", "queue"),
    "change_message_visibility": ("sqs:ChangeMessageVisibility", "queue"),
    "get_object": ("s3:GetObject", "bucket"),
    "put_object": ("s3:PutObject", "bucket"),
    "list_objects_v2": ("s3:ListBucket", "bucket"),
    "delete_objects": ("s3:DeleteObject", "bucket"),
    "invoke": ("lambda:InvokeFunction", "function"),
    "create_schedule": ("scheduler:CreateSchedule", "schedules"),
    "update_schedule": ("scheduler:UpdateSchedule", "schedules"),
    "delete_schedule": ("scheduler:DeleteSchedule", "schedules"),
    "get_schedule": ("scheduler:GetSchedule", "schedules"),
    "list_schedules": ("scheduler:ListSchedules", "everything"),
    "filter_log_events": ("logs:FilterLogEvents", "log group"),
    "send_email": ("ses:SendEmail", "sender"),
    "put_events": ("events:PutEvents", "bus"),
    "get_secret_value": ("secretsmanager:GetSecretValue", "integration secrets"),
    "create_secret": ("secretsmanager:CreateSecret", "integration secrets"),
    "put_secret_value": ("secretsmanager:PutSecretValue", "integration secrets"),
    "delete_secret": ("secretsmanager:DeleteSecret", "integration secrets"),
}

# A part of a transaction → the action that it needs, in place of one for the transaction itself.
PARTS_OF_TRANSACTIONS: dict[str, Grant] = {
    "Put": ("dynamodb:PutItem", "table"),
    "Update": ("dynamodb:UpdateItem", "table"),
    "Delete": ("dynamodb:DeleteItem", "table"),
    "ConditionCheck": ("dynamodb:ConditionCheckItem", "table"),
}
NEED_NOTHING_OF_THEIR_OWN = {"transact_write_items", "get_paginator"}

# What a call needs besides: who makes a schedule hands over the role that it runs in.
BESIDES: dict[str, Grant] = {
    "create_schedule": ("iam:PassRole", "role"),
    "update_schedule": ("iam:PassRole", "role"),
}

# What makes an answer tell more: S3 says 404 of an object that is gone, and not 403, to who may list the bucket.
TELLING = {name: {("s3:ListBucket", "bucket")} for name in ("scheduled_poll", "device_sync")}

# What Lambda itself does with a role: write the log, and poll the queue of a function that has one.
LOGGING = {("logs:CreateLogStream", "log group"), ("logs:PutLogEvents", "log group")}
POLLING = {
    (f"sqs:{action}", "queue")
    for action in ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl")
}

# What Lambda does for a function that reads the table's stream: read it, and put aside what the function gave up on.
READING = {
    ("dynamodb:DescribeStream", "stream"),
    ("dynamodb:GetRecords", "stream"),
    ("dynamodb:GetShardIterator", "stream"),
    ("dynamodb:ListStreams", "stream"),
    ("s3:ListBucket", "bucket"),
    ("s3:PutObject", "bucket"),
}

# What a function does only where the tenant file says so.
OPTIONAL = {"webhook_ingest": {("events:PutEvents", "bus")}}


def calls_of_clients(code: list[ast.AST]) -> Iterator[tuple[str, ast.Call]]:
    """Each call of an AWS client, by name; of a paginator's, what it pages through."""
    for node in code:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        receiver = ast.unparse(node.func.value)
        if paged := re.search(r"get_paginator\('(\w+)'\)$", receiver):
            yield paged[1], node
        elif re.search(r"(client|sqs|secrets_manager)(\(\))?$", receiver):
            yield node.func.attr, node


def needed(code: list[ast.AST]) -> set[Grant]:
    grants = set()
    for name, call in calls_of_clients(code):
        if name in NEED_NOTHING_OF_THEIR_OWN:
            continue
        action, place = CALLS[name]
        if any(argument.arg == "IndexName" for argument in call.keywords):
            place = "index"
        if "FIRST_ADMIN_KEY_SECRET_ARN" in ast.unparse(call):
            place = "first admin key"
        grants.add((action, place))
        if name in BESIDES:
            grants.add(BESIDES[name])
    for node in code:
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            grants |= {grant for part, grant in PARTS_OF_TRANSACTIONS.items() if part in keys}
            assert "IndexName" not in keys, "say IndexName in the call, where this test sees it"
    return grants


@cache
def needed_by(name: str) -> set[Grant]:
    """What this function of ours calls."""
    return needed(reached_code(ROOT / "functions" / name / "handler.py"))


def allowed(template: Template, name: str) -> set[Grant]:
    return {
        (action, _place(template, resource))
        for statement in template.statements(name)
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_role_allows_exactly_what_its_function_calls(template: Template, name: str) -> None:
    polled = (POLLING if _is_polled(template, name) else set()) | (READING if _reads(template, name) else set())
    always = (needed_by(name) - OPTIONAL.get(name, set())) | TELLING.get(name, set())

    assert always | LOGGING <= allowed(template, name)
    assert allowed(template, name) <= always | LOGGING | polled


def test_each_functions_calls_are_told_apart() -> None:
    needs = {name: needed_by(name) for name in FUNCTIONS}

    assert needs["webhook_ingest"] == {
        ("dynamodb:GetItem", "table"),
        ("sqs:SendMessage", "queue"),
        ("secretsmanager:GetSecretValue", "integration secrets"),
        ("events:PutEvents", "bus"),
    }
    assert ("dynamodb:Query", "index") in needs["admin_api"] - needs["alert_processor"]
    assert ("secretsmanager:GetSecretValue", "first admin key") in needs["admin_api"]
    assert not {action for action, _ in needs["alert_processor"] if action.startswith("secretsmanager:")}


def test_a_call_counts_only_where_the_handler_reaches_it(tmp_path: Path) -> None:
    product = tmp_path / "layer"
    (product / "tandem").mkdir(parents=True)
    (product / "tandem" / "__init__.py").write_text("")
    (product / "tandem" / "store.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from tandem import unseen\n"
        "class Store:\n"
        "    def read(self):\n        return self._entries()\n"
        "    def _entries(self):\n        return self._client.query(IndexName='live')\n"
        "    def write(self):\n        self._client.put_item()\n"
    )
    (product / "tandem" / "unseen.py").write_text("client.delete_item()\n")
    handler = tmp_path / "handler.py"
    handler.write_text(
        "import sys\nfrom tandem.store import Store\n"
        "def handler(event, context):\n    Store().read()\n    sys.stdout.write('')\n"
    )

    assert needed(reached_code(handler, product)) == {("dynamodb:Query", "index")}


def test_every_index_that_is_queried_is_granted_by_name(template: Template) -> None:
    (granted,) = [
        json.dumps(statement["Resource"])
        for statement in template.statements("admin_api")
        if "/index/" in json.dumps(statement["Resource"])
    ]

    for index in ("by_time", "by_owner", "live"):
        assert f"/index/{index}" in granted


def _place(template: Template, resource: Any) -> str:
    """What a policy's resource is, in this test's words."""
    text = json.dumps(resource)
    if "/index/" in text:
        return "index"
    if '"StreamArn"' in text or "/stream/" in text:
        return "stream"
    if ":secret:tandem/" in text:
        return "integration secrets"
    if ":identity/" in text:
        return "sender"
    if ":schedule/" in text:
        return "schedules"
    if resource == "*":
        return "everything"
    identifier = re.findall(r'"(?:Ref": |Fn::GetAtt": \[)"(\w+)"', text)[0]
    return {
        "AWS::DynamoDB::Table": "table",
        "AWS::Logs::LogGroup": "log group",
        "AWS::SQS::Queue": "queue",
        "AWS::Events::EventBus": "bus",
        "AWS::Lambda::Function": "function",
        "AWS::S3::Bucket": "bucket",
        "AWS::IAM::Role": "role",
        "AWS::SecretsManager::Secret": "first admin key",
    }[template.content["Resources"][identifier]["Type"]]


def _is_polled(template: Template, name: str) -> bool:
    return any(
        template.content["Resources"][mapping["FunctionName"]["Ref"]]["Properties"] == template.function(name)
        for mapping in template.properties("AWS::Lambda::EventSourceMapping")
    )


def _reads(template: Template, name: str) -> bool:
    return any(
        template.content["Resources"][mapping["FunctionName"]["Ref"]]["Properties"] == template.function(name)
        for mapping in template.properties("AWS::Lambda::EventSourceMapping")
        if "StartingPosition" in mapping
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
