"""Where functions are measured: a table like the deployed one on the emulator, configured, and the real handlers."""

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import unittest.mock
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import boto3

from infra.table_schema import TTL_ATTRIBUTE, table_definition
from local.bench.webhooks import (
    CLOSING,
    HEARTBEAT,
    HELD,
    MAPPED,
    PROVIDERS,
    external_organization,
    integration_of,
)
from local.emulator import REGION, ROOT, Emulator
from tandem.alerts.event_message import encode
from tandem.alerts.models import AlertEvent
from tandem.alerts.windows import MaintenanceWindow, Span
from tandem.processing import bootstrap
from tandem.store import keys
from tandem.store.codec import encode_item
from tandem.store.windows import window_values
from tandem.times import utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

SECRET = "a secret of 43 characters, as Tandem makes it"  # noqa: S105  known to nobody but this measurement
VISIBILITY_SECONDS = 120
"""As the deployed queue has it: six times the processor's own time."""

CLIENT, HELD_CLIENT, BOARD, WINDOW = (start + "0" * 16 for start in ("c1e0", "c1e1", "b0a4", "d0e0"))
"""Ids as long as Tandem's own: the length of items counts."""

IN_THE_WINDOW = timedelta(hours=2)
"""So long ago it was the middle of the maintenance window, which has ended since."""

Handler = Callable[[dict[str, Any], object], dict[str, Any]]


class UnexpectedOutcomeError(Exception):
    """A function did something else than what was to be measured."""


class Clock:
    """What alert_processor takes for the time: `behind` the real one."""

    def __init__(self) -> None:
        self.behind = timedelta()

    def __call__(self) -> datetime:
        return utc_now() - self.behind


@dataclass(frozen=True)
class Setting:
    """One table and one queue of an emulator, made for one measurement."""

    emulator: Emulator
    table: str
    queue_url: str

    @property
    def environment(self) -> dict[str, str]:
        """What a function is told, and where AWS is."""
        return {
            **aws_environment(self.emulator.endpoint_url),
            "TABLE_NAME": self.table,
            "ALERT_QUEUE_URL": self.queue_url,
            "SECRET_PREFIX": "tandem/bench/integrations",
            "EVENT_BUS_NAME": self.bus,
            "BUCKET_NAME": self.bucket,
            "TENANT": "bench",
            "LOG_LEVEL": "INFO",
        }

    @property
    def bus(self) -> str:
        """The event bus; made by whoever measures something on it."""
        return self.table

    @property
    def bucket(self) -> str:
        """The bucket of the archive; likewise."""
        return self.table

    def client(self, service: str) -> Any:
        """An unmetered client of any service."""
        return _client(service, self.emulator)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """An unmetered client."""
        return cast("DynamoDBClient", _client("dynamodb", self.emulator))

    @cached_property
    def sqs(self) -> "SQSClient":
        """An unmetered client."""
        return cast("SQSClient", _client("sqs", self.emulator))


def aws_environment(endpoint_url: str) -> dict[str, str]:
    """Variables that make any boto3 client talk to this endpoint."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def prepare(emulator: Emulator) -> Setting:
    """A fresh, configured table and a fresh queue."""
    name = f"bench-{uuid.uuid4().hex[:12]}"
    client = cast("DynamoDBClient", _client("dynamodb", emulator))
    client.create_table(TableName=name, **cast("Any", table_definition()))
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
    )
    queues = cast("SQSClient", _client("sqs", emulator))
    settings = {
        "FifoQueue": "true",
        "ContentBasedDeduplication": "false",
        "DeduplicationScope": "messageGroup",
        "FifoThroughputLimit": "perMessageGroupId",
        "VisibilityTimeout": str(VISIBILITY_SECONDS),
    }
    url = queues.create_queue(QueueName=f"{name}.fifo", Attributes=cast("Any", settings))["QueueUrl"]
    for item in _configuration():
        client.put_item(TableName=name, Item=encode_item(item))
    return Setting(emulator, name, url)


def _configuration() -> Iterator[dict[str, Any]]:
    yield {**keys.configuration_version_key(), "version": 1}
    for client_id in (CLIENT, HELD_CLIENT):
        yield {**keys.client_key(client_id), "client_id": client_id, "name": "Acme Corporation"}
    middle = utc_now() - IN_THE_WINDOW
    span = Span(middle - timedelta(hours=1), middle + timedelta(hours=1))
    window = MaintenanceWindow(WINDOW, "Patches of the servers", active=True, client_id=HELD_CLIENT, span=span)
    yield {**keys.window_key(WINDOW), **window_values(window)}
    statuses = [
        {"status_id": "new", "name": "New", "is_default": True, "is_closed": False},
        {"status_id": "closed", "name": "Closed", "is_default": False, "is_closed": True},
    ]
    board = {"board_id": BOARD, "name": "Alerts", "is_default": True, "active": True, "statuses": statuses}
    yield {**keys.board_key(BOARD), **board}
    for provider in PROVIDERS:
        integration_id = integration_of(provider)
        yield {
            **keys.integration_key(integration_id),
            "integration_id": integration_id,
            "provider": provider.value,
            "name": f"{provider.value} of the benchmark",
            "status": "webhook_only",
            "secret_hashes": [{"hash": hashlib.sha256(SECRET.encode()).hexdigest()}],
            "has_signing_secret": False,
            "version": 1,
        }
        for number, client_id in ((MAPPED, CLIENT), (CLOSING, CLIENT), (HELD, HELD_CLIENT)):
            organization = external_organization(provider, number)
            yield {
                **keys.organization_key(integration_id, organization),
                "external_id": organization,
                "name": "Acme Corp",
                "client_id": client_id,
            }
        closing = {"organization_ids": [external_organization(provider, CLOSING)]}
        yield _rule(integration_id, "late heartbeats", 1, {"keywords": [HEARTBEAT]}, {"create_ticket": False})
        yield _rule(integration_id, "what closes itself", 2, closing, {"auto_resolve_ticket": True})
        yield _rule(integration_id, "everything else", 3, {}, {"create_ticket": True})


def _rule(
    integration_id: str, name: str, order: int, conditions: Mapping[str, Any], actions: Mapping[str, Any]
) -> dict[str, Any]:
    rule_id = f"{order:026x}"
    return {
        **keys.rule_key(integration_id, rule_id),
        "rule_id": rule_id,
        "name": f"Rule for {name}",
        "active": True,
        "order": order,
        "revision": 1,
        "conditions": conditions,
        "actions": actions,
    }


@contextlib.contextmanager
def loaded(
    function: str,
    setting: Setting,
    events: Callable[[Any], None] = lambda _: None,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[Handler]:
    """The function's handler, freshly loaded, told where the setting is. `events` is given the boto3 session's event
    system before the handler makes its clients; `clock` is alert_processor's."""
    before = dict(os.environ)
    os.environ.update(setting.environment)
    boto3.setup_default_session()
    events(boto3.DEFAULT_SESSION.events)  # type: ignore[union-attr]  # set the line before
    try:
        # A handler makes what it needs at its first event, and cannot be handed another clock.
        with unittest.mock.patch.object(bootstrap, "utc_now", clock):
            yield load_handler(function)
    finally:
        os.environ.clear()
        os.environ.update(before)
        boto3.setup_default_session()


def load_handler(function: str) -> Handler:
    """A function's handler, anew: its clients and caches are its own. It takes where AWS is from the environment."""
    path = ROOT / "functions" / function / "handler.py"
    specification = importlib.util.spec_from_file_location(f"bench_{function}", path)
    if specification is None or specification.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    handler: Handler = module.handler
    return handler


def sqs_batch(events: Sequence[AlertEvent]) -> dict[str, Any]:
    """The events as Lambda hands a batch of the queue over."""
    return {
        "Records": [
            {
                "messageId": str(uuid.uuid4()),
                "receiptHandle": "none",
                "body": encode(event),
                "attributes": {
                    "MessageGroupId": event.group_id,
                    "SentTimestamp": str(int(event.received_at.timestamp() * 1000)),
                    "ApproximateReceiveCount": "1",
                },
            }
            for event in events
        ]
    }


class Run:
    """Calls a handler with its output kept. `context`: what Lambda tells it, for one that asks."""

    def __init__(self, handler: Handler, context: object = None) -> None:
        self._handler = handler
        self._context = context
        self.answer: dict[str, Any] = {}
        self.output = ""

    def __call__(self, event: dict[str, Any]) -> None:
        """Sets `answer` and `output` (what it logged)."""
        kept = io.StringIO()
        with contextlib.redirect_stdout(kept):
            self.answer = self._handler(event, self._context)
        self.output = kept.getvalue()

    def processed(self, events: Sequence[AlertEvent], outcome: str | None = None) -> None:
        """Apply a batch. Raises UnexpectedOutcomeError when one failed or ended otherwise than `outcome`."""
        self(sqs_batch(events))
        lines = [json.loads(line) for line in self.output.splitlines()]
        ended = [line["message"] for line in lines if "event_id" in line]
        if self.answer["batchItemFailures"] or len(ended) != len(events) or (outcome and set(ended) != {outcome}):
            raise UnexpectedOutcomeError(f"expected {len(events)} times {outcome or 'any outcome'}: {self.output}")


def _client(service: str, emulator: Emulator) -> Any:
    return boto3.client(
        cast("Any", service),
        endpoint_url=emulator.endpoint_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  any will do
    )
