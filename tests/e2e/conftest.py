"""The deployed template on an emulator of the worker's own: what a tenant's stack is, reached over HTTP only."""

import json
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.emulator import EmulatedAws
from tests.simulators.levelio.webhooks import signature
from tests.stack import LocalStack

OUTCOME_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True)
class Integration:
    """One integration as its RMM knows it."""

    id: str
    url: str
    header: str
    secret: str
    signing_secret: str | None = None


@dataclass
class Stack:
    """A deployed stack and its admin's key."""

    api_url: str
    admin_key: str
    aws: EmulatedAws
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def api(self, method: str, path: str, body: Any = None, key: str | None = None, **query: Any) -> httpx.Response:
        """One call of the admin API."""
        headers = {"Authorization": f"Bearer {key or self.admin_key}"}
        return self.http.request(method, f"{self.api_url}/api/v1{path}", json=body, params=query, headers=headers)

    def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer of a call that must succeed."""
        response = self.api(method, path, body, **query)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def connect(self, provider: str, **words: Any) -> Integration:
        """A new webhook-only integration with one rule that tickets everything."""
        made = self.ok("POST", "/integrations", {"provider": provider, "name": f"{provider} {uuid.uuid4()}", **words})
        webhook = made["webhook"]
        self.ok("POST", f"/integrations/{made['id']}/rules", {"name": "Everything", "conditions": {}, "actions": {}})
        return Integration(
            made["id"], webhook["url"], webhook["header"], webhook["secret"], words.get("signing_secret")
        )

    def new_client(self, name: str = "Acme") -> str:
        """A new client's id."""
        made: str = self.ok("POST", "/clients", {"name": f"{name} {uuid.uuid4()}"})["id"]
        return made

    def post(self, integration: Integration, body: bytes | dict[str, Any], **headers: str) -> httpx.Response:
        """A webhook as the RMM sends it, authenticated unless `headers` say otherwise."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if integration.signing_secret is not None:
            authentication = {"X-Level-Signature": signature(integration.signing_secret, content)}
        else:
            authentication = {integration.header: integration.secret}
        sent = {"Content-Type": "application/json", **(headers or authentication)}
        return self.http.post(integration.url, content=content, headers=sent)

    def accepted(self, integration: Integration, body: bytes | dict[str, Any]) -> str:
        """The event id of a webhook that must be accepted."""
        response = self.post(integration, body)
        assert (response.status_code, response.json().get("status")) == (200, "accepted"), response.text
        event_id: str = response.json()["event_id"]
        return event_id

    def alerts(self, integration: Integration, **query: Any) -> list[dict[str, Any]]:
        """The integration's alerts as the list shows them."""
        found: list[dict[str, Any]] = self.ok("GET", "/alerts", integration_id=integration.id, limit=200, **query)[
            "items"
        ]
        return found

    def alert(self, integration: Integration, external_id: str) -> dict[str, Any] | None:
        """One alert, whole, by its id in the RMM."""
        for alert in self.alerts(integration):
            if alert["external_id"] == external_id:
                whole: dict[str, Any] = self.ok("GET", f"/alerts/{alert['id']}")
                return whole
        return None

    def settled(self, integration: Integration, external_id: str, event_id: str) -> dict[str, Any]:
        """The alert once this event stands in its trace."""
        found: dict[str, Any] = {}

        def decided() -> bool:
            nonlocal found
            found = self.alert(integration, external_id) or {}
            return any(line["event_id"] == event_id for line in found.get("decisions", ()))

        eventually(decided, f"event {event_id} of alert {external_id} is decided")
        return found

    def drained(self) -> None:
        """Wait until the processor has nothing left to do."""
        sqs = self.aws.client("sqs")
        (url,) = [url for url in sqs.list_queues()["QueueUrls"] if "alert-events" in url and "dead" not in url]
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

        def empty() -> bool:
            counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            return all(counts[name] == "0" for name in names)

        eventually(empty, "the queue is empty")

    def sweep(self) -> None:
        """What the clock does each minute, at once: runs what the schedule of the sweep runs. For the clock itself only
        the demo waits, whose night ends by it (tests/local/test_demo.py)."""
        schedule = self.aws.client("scheduler").get_schedule(Name="tandem-local-due-sweep", GroupName="tandem-local")
        assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "rate(1 minute)")
        ran = self.aws.client("lambda").invoke(FunctionName=schedule["Target"]["Arn"])
        assert "FunctionError" not in ran, ran["Payload"].read()

    def log_lines(self) -> list[str]:
        """All that the functions and the API's access log wrote."""
        logs = self.aws.client("logs")
        groups = [
            group["logGroupName"]
            for page in logs.get_paginator("describe_log_groups").paginate()
            for group in page["logGroups"]
        ]
        lines = []
        for group in groups:
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
                lines += [event["message"] for event in page["events"]]
        return lines


def eventually(condition: Callable[[], bool], what: str, seconds: float = OUTCOME_SECONDS) -> None:
    """Wait until the condition holds; fail, saying what was awaited."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds:.0f} s it is not so that {what}")
        time.sleep(_LOOK_AGAIN_SECONDS)


@pytest.fixture(scope="session")
def stack(local_stack: LocalStack) -> Stack:
    """The worker's stack as this folder's tests use it."""
    return Stack(local_stack.address.api_url, local_stack.address.admin_key, local_stack.aws)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
