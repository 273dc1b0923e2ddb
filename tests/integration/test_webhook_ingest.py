"""The function as Lambda runs it, with the table, the queue and the secret store of moto."""

import hashlib
import hmac
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tandem.alerts.event_message import decode
from tandem.ingest import bootstrap
from tandem.store.codec import encode_item
from tandem.store.keys import integration_key
from tests.unit.ingest.outside import ALERT, SECRET, api_event
from tests.vendor_files import needs_vendor_files, payload, recorded_body

ROOT = Path(__file__).parents[2]
HANDLER = ROOT / "functions" / "webhook_ingest" / "handler.py"
TABLE, PREFIX = "tandem-test", "tandem/test/integrations"
Handler = Callable[[dict[str, Any], object], dict[str, Any]]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "TABLE_NAME": TABLE,
        "SECRET_PREFIX": PREFIX,
        "LOG_LEVEL": "INFO",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        boto3.setup_default_session()
        boto3.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield


@pytest.fixture
def queue_url(aws: None, monkeypatch: pytest.MonkeyPatch) -> str:
    url = boto3.client("sqs").create_queue(QueueName="alert-events.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    monkeypatch.setenv("ALERT_QUEUE_URL", url)
    return url


@pytest.fixture
def handler(queue_url: str) -> Handler:
    return cold_start().handler  # type: ignore[no-any-return]


def cold_start() -> ModuleType:
    """The handler's module, executed anew as in a new function instance."""
    spec = importlib.util.spec_from_file_location("webhook_ingest_handler", HANDLER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def keep_integration(integration_id: str, provider: str, *secrets: str, **more: Any) -> None:
    """An integration as admin_api writes it."""
    values = {
        **integration_key(integration_id),
        "integration_id": integration_id,
        "provider": provider,
        "name": provider,
        "status": "webhook_only",
        "created_at": "2026-11-21T00:00:00.000000Z",
        "has_signing_secret": False,
        "allow_private_address": False,
        "secret_hashes": [
            {"hash": hashlib.sha256(secret.encode()).hexdigest(), "created_at": "2026-11-21T00:00:00.000000Z"}
            for secret in secrets
        ],
        "version": 1,
        **more,
    }
    boto3.client("dynamodb").put_item(TableName=TABLE, Item=encode_item(values))


def queued(queue_url: str) -> list[dict[str, Any]]:
    messages = boto3.client("sqs").receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
    )
    return [dict(message) for message in messages.get("Messages", [])]


def post(handler: Handler, body: Any, secret: str = SECRET, **more: Any) -> tuple[int, dict[str, Any]]:
    response = handler(api_event(body, {"x-tandem-secret": secret} | more.pop("headers", {}), **more), None)
    return response["statusCode"], json.loads(response["body"])


def test_an_accepted_webhook_is_a_message_of_its_devices_group(handler: Handler, queue_url: str) -> None:
    keep_integration("int-1", "tacticalrmm", SECRET)
    status, answer = post(handler, ALERT)
    (message,) = queued(queue_url)
    event = decode(message["Body"])
    assert (status, answer) == (200, {"status": "accepted", "event_id": event.event_id})
    assert message["Attributes"]["MessageGroupId"] == event.group_id
    assert event.external_device_id == "agent-1"


def test_an_exact_redelivery_is_one_message(handler: Handler, queue_url: str) -> None:
    keep_integration("int-1", "tacticalrmm", SECRET)
    first, again = post(handler, ALERT), post(handler, ALERT)
    assert first == again
    assert len(queued(queue_url)) == 1


@needs_vendor_files
@pytest.mark.parametrize(
    ("provider", "body"),
    [
        ("tacticalrmm", lambda: recorded_body("quotes_in_message_body_becomes_json_string.http")),
        ("ninjaone", lambda: payload("ninjaone/webhook_condition_triggered.observed.json")),
        ("levelio", lambda: payload("level/webhook_alert_active.fixture.json")),
    ],
)
def test_what_vendors_really_send_is_queued_with_the_senders_text(
    handler: Handler, queue_url: str, provider: str, body: Callable[[], bytes]
) -> None:
    keep_integration("int-1", provider, SECRET)
    assert post(handler, body())[0] == 200
    (message,) = queued(queue_url)
    event = decode(message["Body"])
    assert event.provider == provider
    assert event.raw is not None


def test_level_is_known_by_its_signature(handler: Handler, queue_url: str) -> None:
    keep_integration("level", "levelio", SECRET, has_signing_secret=True)
    boto3.client("secretsmanager").create_secret(
        Name=f"{PREFIX}/level", SecretString=json.dumps({"signing_secret": "level-test-secret"})
    )
    body = json.dumps({"event_type": "alert_active", "event_id": "e", "data": {"id": "a", "name": "Disk"}})
    right = "sha256=" + hmac.new(b"level-test-secret", body.encode(), hashlib.sha256).hexdigest()
    for signature, status in ((right, 200), (right[:-1] + "x", 401)):
        event = api_event(body, {"x-level-signature": signature}, integration_id="level", as_base64=True)
        assert handler(event, None)["statusCode"] == status
    assert len(queued(queue_url)) == 1


@pytest.mark.parametrize(
    "secret_text", [None, "not json", '"a text"', "[]", "{}", '{"signing_secret": ""}', '{"signing_secret": 5}']
)
def test_a_signing_secret_that_is_missing_or_spoilt_lets_nobody_in(
    handler: Handler, queue_url: str, secret_text: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_integration("level", "levelio", SECRET, has_signing_secret=True)
    if secret_text is not None:
        boto3.client("secretsmanager").create_secret(Name=f"{PREFIX}/level", SecretString=secret_text)
    body = json.dumps({"event_type": "alert_active", "data": {"id": "a", "name": "Disk"}})
    guess = "sha256=" + hmac.new(b"", body.encode(), hashlib.sha256).hexdigest()
    event = api_event(body, {"x-level-signature": guess}, integration_id="level")
    assert handler(event, None)["statusCode"] == 500
    assert not queued(queue_url)
    if secret_text:
        assert secret_text not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        ("{", {}, 400),
        ("", {}, 400),
        ({"event": "trigger"}, {}, 400),
        (ALERT, {"secret": "wrong"}, 401),
        (ALERT, {"integration_id": "nobody"}, 404),
        ("x" * 300_000, {}, 413),
        ({**ALERT, "event": "nothing"}, {}, 200),
    ],
)
def test_nothing_is_stored_for_what_is_refused_or_ignored(
    handler: Handler, queue_url: str, body: Any, more: dict[str, Any], status: int
) -> None:
    keep_integration("int-1", "tacticalrmm", SECRET)
    before = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    assert post(handler, body, **more)[0] == status
    assert not queued(queue_url)
    assert boto3.client("dynamodb").scan(TableName=TABLE)["Items"] == before


def test_a_queue_that_fails_is_500_and_its_reason_is_logged(
    aws: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALERT_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/gone.fifo")
    keep_integration("int-1", "tacticalrmm", SECRET)
    status, answer = post(cold_start().handler, ALERT)
    assert (status, answer["status"]) == (500, "error")
    logged = capsys.readouterr().out
    assert "the queue: SendMessage" in logged
    assert SECRET not in logged


def test_a_table_that_fails_is_500(queue_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE_NAME", "another-table")
    assert post(cold_start().handler, ALERT)[0] == 500


def test_a_removed_integration_is_gone_for_a_new_instance(handler: Handler, queue_url: str) -> None:
    keep_integration("int-1", "tacticalrmm", SECRET, deleted_at="2026-11-21T00:00:00.000000Z")
    assert post(handler, ALERT)[0] == 404


def test_a_rotated_secret_works_at_once_in_a_warm_instance(handler: Handler, queue_url: str) -> None:
    keep_integration("int-1", "tacticalrmm", SECRET)
    assert post(handler, ALERT)[0] == 200
    keep_integration("int-1", "tacticalrmm", "new one", SECRET)
    assert post(handler, ALERT, secret="new one")[0] == 200
    assert post(handler, ALERT)[0] == 200


def test_a_warm_instance_forgets_a_deleted_integration_and_a_secret_that_was_rotated_away_after_five_seconds(
    queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0
    monkeypatch.setattr(bootstrap, "time", SimpleNamespace(monotonic=lambda: seconds))
    warm = cold_start().handler
    keep_integration("int-1", "tacticalrmm", SECRET)
    keep_integration("int-2", "tacticalrmm", SECRET)
    assert [post(warm, ALERT, integration_id=each)[0] for each in ("int-1", "int-2")] == [200, 200]
    keep_integration("int-1", "tacticalrmm", "new one")
    boto3.client("dynamodb").delete_item(TableName=TABLE, Key=encode_item(integration_key("int-2")))
    seconds = 5
    assert [post(warm, ALERT, integration_id=each)[0] for each in ("int-1", "int-2")] == [401, 404]


def test_ingest_loads_nothing_that_its_import_budget_cannot_bear() -> None:
    """Pydantic, Powertools, httpx and RE2 each cost more than the rest of ingest together; the budget is 1.5 times
    boto3 with a DynamoDB client (measured by make bench)."""
    code = (
        "import sys; import handler;"
        "heavy = {'pydantic', 'aws_lambda_powertools', 'httpx', 're2', 'moto', 'tandem.processing', 'tandem.admin'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    environment = {
        "PYTHONPATH": f"{HANDLER.parent}:{ROOT / 'layers/tandem/python'}",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "TABLE_NAME": TABLE,
        "SECRET_PREFIX": PREFIX,
        "ALERT_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/1/a.fifo",
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
