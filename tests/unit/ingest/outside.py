"""Ingest with a scripted outside: integrations and secrets in dictionaries, a queue in a list, a clock that jumps."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tandem.alerts.models import AlertEvent, Provider
from tandem.ingest.answers import Answer, NotStored
from tandem.ingest.authentication import Authentication
from tandem.ingest.integration import REMEMBERED_SECONDS, Integration, SecretHash
from tandem.ingest.refreshing import Refreshing
from tandem.ingest.remembered import Remembered
from tandem.ingest.service import AlertQueue, WebhookIngest
from tandem.syncing.refresh_message import RefreshMessage

SECRET = "a-secret-of-the-test"
ALERT = {"event": "trigger", "alert_id": "39", "agent_id": "agent-1", "alert_type": "availability"}
BEGAN_AT = datetime(2026, 11, 21, 3, tzinfo=UTC)


def hash_of(secret: str, expires_at: datetime | None = None) -> SecretHash:
    return SecretHash(hashlib.sha256(secret.encode()).hexdigest(), expires_at)


def an_integration(
    provider: Provider = Provider.TACTICALRMM, *hashes: SecretHash, signed: bool = False, integration_id: str = "int-1"
) -> Integration:
    return Integration(integration_id, provider, hashes or (hash_of(SECRET),), signed)


class Outside:
    """Everything that ingest talks to."""

    def __init__(
        self,
        *integrations: Integration,
        tell: Callable[[AlertEvent], None] | None = None,
        read_back: AlertQueue | None = None,
        has_refreshes: bool = True,
    ) -> None:
        self.integrations = {each.integration_id: each for each in integrations or (an_integration(),)}
        self.signing_secrets: dict[str, str] = {}
        self.sent: list[AlertEvent] = []
        self.refreshes: list[tuple[RefreshMessage, str]] = []
        self.brief: list[bool] = []
        self.broken: set[str] = set()
        self.table_reads = 0
        self.secret_reads = 0
        self.seconds = 0.0
        self.ingest = WebhookIngest(
            integrations=Remembered(self._integration, lambda: self.seconds, REMEMBERED_SECONDS),
            authentication=Authentication(Remembered(self._signing_secret, lambda: self.seconds)),
            queue=self,
            now=lambda: BEGAN_AT + timedelta(seconds=self.seconds),
            tell=tell,
            read_back=read_back,
            refreshing=Refreshing(Refreshes(self), lambda: self.seconds) if has_refreshes else None,
        )

    def _integration(self, integration_id: str) -> Integration | None:
        self.table_reads += 1
        self.fail("table")
        return self.integrations.get(integration_id)

    def _signing_secret(self, integration_id: str) -> str | None:
        self.secret_reads += 1
        self.fail("secrets")
        return self.signing_secrets.get(integration_id)

    def send(self, event: AlertEvent) -> None:
        self.fail("queue")
        self.sent.append(event)

    def fail(self, part: str) -> None:
        if part in self.broken:
            raise NotStored(f"the {part}: scripted")

    def post(
        self,
        body: Any = ALERT,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        integration_id: str = "int-1",
        as_base64: bool = False,
    ) -> Answer:
        """The answer to a request; by default an authentic one."""
        given = {"X-Tandem-Secret": SECRET} if headers is None and query is None else headers
        return self.ingest.receive(api_event(body, given, query, integration_id, as_base64))


class Refreshes:
    """The queue of devices."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def send(self, message: RefreshMessage, now: datetime, *, briefly: bool = False) -> None:
        self._outside.brief.append(briefly)
        self._outside.fail("refreshes")
        self._outside.refreshes.append((message, message.deduplication_id(now)))


def api_event(
    body: Any,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    integration_id: str = "int-1",
    as_base64: bool = False,
) -> dict[str, Any]:
    """What API Gateway hands over for a POST; bytes can only go as base64."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": f"/webhooks/{integration_id}",
        "pathParameters": {"integration_id": integration_id},
        "headers": dict(headers or {}),
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = dict(query)
    if isinstance(content, bytes) or as_base64:
        whole = content if isinstance(content, bytes) else content.encode()
        event |= {"body": base64.b64encode(whole).decode(), "isBase64Encoded": True}
    elif content:
        event["body"] = content
    return event
