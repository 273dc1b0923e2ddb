"""The admin API as Lambda runs it: functions/admin_api's handler with API Gateway's events, on the emulator."""

import base64
import importlib.util
import json
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import quote, unquote, urlencode

import pytest

from infra.table_schema import table_definition
from tandem.admin import bootstrap
from tandem.alerts.event_message import decode
from tandem.alerts.models import AlertEvent, Provider
from tandem.ids import derived_id
from tandem.processing.processor import Message, Processed
from tandem.store.codec import encode_item
from tests.integration.deployment import contents, message, processor
from tests.unit.alerts.world import START

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

FUNCTIONS = Path(__file__).parents[2] / "functions"
HOST = "api.example.com"
FIRST_KEY = "tdm_the-first-admin-key-of-the-tests"
PROBLEM = "application/problem+json"
_FUNCTIONS_OWN = (
    "TABLE_NAME",
    "ALERT_QUEUE_URL",
    "DEVICE_SYNC_QUEUE_URL",
    "DEVICE_REFRESH_QUEUE_URL",
    "BUCKET_NAME",
    "SECRET_PREFIX",
    "FIRST_ADMIN_KEY_SECRET_ARN",
    "TENANT",
    "PUBLIC_URL",
    "LOG_LEVEL",
    "ALLOW_PRIVATE_ADDRESSES",
)


@dataclass(frozen=True)
class Response:
    """What the gateway was given."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Person:
    """A user and the text of a key of the user's."""

    id: str
    key: str


class AdminApi:
    """A tenant of its own: table, queue and secrets, and one instance of the function on them.

    The first admin and the default board are made once, by the first tenant of the process; the others begin with a
    copy of them, unless they are to be `bare`: then their first request makes their own.
    """

    _from_the_start: ClassVar[list[Any]] = []

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        sqs: "SQSClient",
        secretsmanager: "SecretsManagerClient",
        *,
        bare: bool = False,
    ) -> None:
        self.name = f"tandem-{uuid.uuid4().hex[:8]}"
        self.dynamodb, self.sqs, self.secretsmanager = dynamodb, sqs, secretsmanager
        self.dynamodb.create_table(TableName=self.name, **cast("Any", table_definition()))
        attributes: Any = {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}
        self.queue_url = self.sqs.create_queue(QueueName=f"{self.name}.fifo", Attributes=attributes)["QueueUrl"]
        self.sync_queue_url = self.sqs.create_queue(QueueName=f"{self.name}-device-sync")["QueueUrl"]
        self.refresh_queue_url = self.sqs.create_queue(
            QueueName=f"{self.name}-device-refresh.fifo", Attributes=attributes
        )["QueueUrl"]
        self.first_key_secret = secretsmanager.create_secret(
            Name=f"{self.name}/first-admin-key", SecretString=FIRST_KEY
        )["ARN"]
        self.secret_prefix = f"{self.name}/integrations"
        self.key = FIRST_KEY
        self._watched = False
        self._last_seen: dict[tuple[str, str], dict[str, Any]] | None = None
        if self._from_the_start and not bare:
            copied: Any = [{"PutRequest": {"Item": item}} for item in self._from_the_start]
            assert not self.dynamodb.batch_write_item(RequestItems={self.name: copied})["UnprocessedItems"]
        self.instance = self.another_instance()
        if not self._from_the_start:
            self._from_the_start.extend(self.dynamodb.scan(TableName=self.name, ConsistentRead=True)["Items"])

    def another_instance(self, **environment: str) -> ModuleType:
        """The handler's module in a new function instance; `environment` overrides its variables."""
        # Made anew when asked for; that of Secrets Manager, which every start asks for, a module's tests share.
        bootstrap._sqs.cache_clear()
        bootstrap._s3.cache_clear()
        instance = function("admin_api", self.environment | environment)
        self.call("GET", "/users", instance=instance)  # reads the environment; makes the first admin
        return instance

    def remove(self) -> None:
        """Remove what would be in other tenants' way."""
        self.dynamodb.delete_table(TableName=self.name)
        for url in (self.queue_url, self.sync_queue_url, self.refresh_queue_url):
            self.sqs.delete_queue(QueueUrl=url)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "TABLE_NAME": self.name,
            "ALERT_QUEUE_URL": self.queue_url,
            "DEVICE_SYNC_QUEUE_URL": self.sync_queue_url,
            "DEVICE_REFRESH_QUEUE_URL": self.refresh_queue_url,
            "BUCKET_NAME": self.name,
            "SECRET_PREFIX": self.secret_prefix,
            "FIRST_ADMIN_KEY_SECRET_ARN": self.first_key_secret,
            "TENANT": "test",
            "PUBLIC_URL": "",
            "ALLOW_PRIVATE_ADDRESSES": "1",
            "LOG_LEVEL": "INFO",
        }

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        /,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        as_base64: bool = False,
        instance: ModuleType | None = None,
        **query: Any,
    ) -> Response:
        """One request. `path` is below /api/v1. `body`: text and bytes as they are, anything else as JSON. `key` is the
        first admin's unless given; an empty one sends no Authorization."""
        if not self._watched:
            self._last_seen = None
        sent = {"host": HOST, **_authorization(self.key if key is None else key), **(headers or {})}
        answer = (instance or self.instance).handler(event(method, path, body, sent, query, as_base64), None)
        assert not answer.get("isBase64Encoded")
        response = Response(answer["statusCode"], answer["headers"], answer.get("body", ""))
        if response.status >= 400:
            assert_is_a_problem(response)
        return response

    def ok(self, method: str, path: str, body: Any = None, /, **more: Any) -> Any:
        """The answer of a request that must succeed."""
        response = self.call(method, path, body, **more)
        assert response.status < 300, f"{method} {path}: {response.status} {response.text}"
        return response.json if response.text else None

    def refused(self, status: int, method: str, path: str, body: Any = None, /, **more: Any) -> Any:
        """The problem of a request that must be refused so, and that must store nothing."""
        with self.untouched():
            return self.problem(status, method, path, body, **more)

    def problem(self, status: int, method: str, path: str, body: Any = None, /, **more: Any) -> Any:
        """The problem of a request that must be refused so. Where many are asked, `untouched` looks once for all."""
        response = self.call(method, path, body, **more)
        assert response.status == status, f"{method} {path[:99]}: {response.status} {response.text}"
        return response.json

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Nothing that happens meanwhile may store anything. What was stored the last time need not be read again, as
        nothing that may write was called since."""
        before = self._last_seen or self.stored()
        self._watched, self._last_seen = True, None
        try:
            yield
        finally:
            self._watched = False
        after = self.stored()
        assert after == before
        self._last_seen = after

    def every_page(self, path: str, **query: Any) -> list[list[Any]]:
        """All pages of a list, by its cursors."""
        pages, cursor = [], None
        while True:
            page = self.ok("GET", path, **query, **({"cursor": cursor} if cursor else {}))
            pages.append(page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return pages
            assert len(pages) < 200, "a list without an end"

    def items(self, path: str, **query: Any) -> list[Any]:
        """All items of a list."""
        return [item for page in self.every_page(path, **query) for item in page]

    def new_client(self, name: str = "Acme", **words: Any) -> str:
        """A new client's id."""
        return cast("str", self.ok("POST", "/clients", {"name": name, **words})["id"])

    def new_integration(self, provider: str = "tacticalrmm", *, rule: bool = True, **words: Any) -> str:
        """A new integration's id, with one rule that tickets everything unless `rule` is False."""
        made = self.ok("POST", "/integrations", {"provider": provider, "name": provider, **words})
        if rule:
            self.new_rule(made["id"])
        return cast("str", made["id"])

    def new_rule(self, integration_id: str, name: str = "Everything", **words: Any) -> str:
        """A new rule's id; it matches everything unless `words` say otherwise."""
        return cast("str", self.ok("POST", f"/integrations/{integration_id}/rules", {"name": name, **words})["id"])

    def new_person(self, role: str, *, key_role: str | None = None) -> Person:
        """A new user of the role, with a key."""
        name = uuid.uuid4().hex[:8]
        user = self.ok("POST", "/users", {"name": name, "email": f"{name}@example.com", "role": role})
        key = self.ok("POST", "/api-keys", {"user_id": user["id"], "role": key_role or role})
        return Person(user["id"], key["key"])

    def hear(self, integration_id: str, *events: AlertEvent, provider: str = "tacticalrmm") -> list[Processed]:
        """Let the alert processor apply these events as this integration's."""
        own = [
            replace(
                each,
                integration_id=integration_id,
                provider=Provider(provider),
                event_id=derived_id("test", integration_id, each.event_id),
            )
            for each in events
        ]
        results = self.process([message(each, number) for number, each in enumerate(own)])
        assert [result.failed or result.parked for result in results] == [None] * len(results)
        return results

    def process(self, messages: list[Message]) -> list[Processed]:
        """What the alert processor makes of these messages."""
        self._last_seen = None
        return processor(self.dynamodb, self.name).process(messages)

    def queued(self) -> list[dict[str, Any]]:
        """Takes all messages from the queue."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self.queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
            )
            if not answer.get("Messages"):
                return found
            for each in answer["Messages"]:
                found.append(dict(each))
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=each["ReceiptHandle"])

    def messages(self, queue_url: str) -> list[str]:
        """The bodies of what is in another queue, removed from it."""
        found: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
            for each in messages:
                found.append(each["Body"])
                self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=each["ReceiptHandle"])
        return found

    def work_the_queue(self) -> list[AlertEvent]:
        """Let the alert processor apply all that is queued; gives what it was."""
        taken = [Message(each["MessageId"], each["Body"], _group(each), START) for each in self.queued()]
        self.process(taken)
        return [decode(each.body) for each in taken]

    def alert(self, integration_id: str, external_id: str = "a1") -> Any:
        """The alert that the integration calls so, whole."""
        return self.ok("GET", f"/alerts/{self.alert_id(integration_id, external_id)}")

    def alert_id(self, integration_id: str, external_id: str = "a1") -> str:
        """Its id."""
        (found,) = [
            each["id"]
            for each in self.items("/alerts", integration_id=integration_id)
            if each["external_id"] == external_id
        ]
        return cast("str", found)

    def put(self, item: dict[str, Any]) -> None:
        """An item in the table as it is."""
        self._last_seen = None
        self.dynamodb.put_item(TableName=self.name, Item=encode_item(item))

    def stored(self) -> dict[tuple[str, str], dict[str, Any]]:
        """All that the table holds, but for the rates at which RMMs are asked: those are kept for a day whatever comes
        of the request, and say nothing of anybody."""
        return {key: values for key, values in contents(self.dynamodb, self.name).items() if "RATE#" not in key[0]}


def event(
    method: str,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, Any] | None = None,
    as_base64: bool = False,
) -> dict[str, Any]:
    """What API Gateway (HTTP API, payload 2.0) hands over. `path` is as a client writes it, with its escapes."""
    raw_path = f"/api/v1{decoded_by_the_gateway(path)}"
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "ANY /api/v1/{proxy+}",
        "rawPath": raw_path,
        "rawQueryString": query["raw"] if query and "raw" in query else urlencode(query or {}),
        "headers": dict(headers or {}),
        "requestContext": {
            "http": {"method": method, "path": raw_path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "domainName": HOST,
            "requestId": f"request-{uuid.uuid4().hex[:8]}",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if body is None:
        return made
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    if "content-type" not in {name.lower() for name in made["headers"]}:
        made["headers"]["content-type"] = "application/json"
    if isinstance(content, bytes) or as_base64:
        whole = content if isinstance(content, bytes) else content.encode()
        return made | {"body": base64.b64encode(whole).decode(), "isBase64Encoded": True}
    return made | {"body": content}


def decoded_by_the_gateway(path: str) -> str:
    """Every escape is undone but `%25`, as the emulator does it; tests/unit/admin/test_router.py has what AWS does."""
    return "%25".join(unquote(part) for part in path.split("%25"))


def assert_is_a_problem(response: Response) -> None:
    """Every refusal has the one shape that http.md gives."""
    assert response.headers["content-type"] == PROBLEM
    problem = response.json
    assert set(problem) == {"type", "title", "status", "detail", "errors"}
    assert problem["status"] == response.status
    assert all(isinstance(problem[name], str) and problem[name] for name in ("type", "title", "detail"))
    for error in problem["errors"]:
        assert set(error) == {"field", "message"}
        assert error["field"]
        assert error["message"]


def fields(problem: Any) -> list[str]:
    """The fields that a problem names."""
    return [error["field"] for error in problem["errors"]]


def filled(path: str, **params: str) -> str:
    """A route's path with these values for its parameters, and `unknown` for the others."""
    return re.sub(r"\{(\w+)\}", lambda match: quote(params.get(match.group(1), "unknown"), safe=""), path)


def function(name: str, environment: Mapping[str, str]) -> ModuleType:
    """The handler module of functions/<name>, executed anew as in a new function instance."""
    spec = importlib.util.spec_from_file_location(f"{name}_handler", FUNCTIONS / name / "handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    os.environ.update(environment)
    spec.loader.exec_module(module)
    return module


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """These variables for what runs in this process, and none of the machine's own for AWS, while the context lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name in _FUNCTIONS_OWN:
            patch.setenv(name, "")  # each instance sets its own (`function`); this puts them back in the end
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


def _authorization(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def _group(received: Mapping[str, Any]) -> str:
    return cast("str", received["Attributes"]["MessageGroupId"])
