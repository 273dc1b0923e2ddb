"""A storm: 1,500 events of one device, then one of another. How long does that other one wait for its ticket?

Lambda would let batches of different groups run side by side; the emulator's own event source mapping does not. So four
pollers of our own, each a process with a handler of its own, receive from the emulator's queue, as Lambda's do.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from local.bench.setting import Setting
from local.bench.webhooks import Firing
from local.emulator import ROOT
from tandem.alerts.event_message import deduplication_id, encode
from tandem.alerts.models import AlertEvent, Provider
from tandem.store.codec import encode_item
from tandem.store.keys import alert_key, device_owner

EVENTS = 1500
POLLERS = 4
QUIET_DEVICES = 5
GOAL_SECONDS = 1.0

_CONDITIONS = 10
_PATIENCE_SECONDS = 90.0


class StormError(Exception):
    """The storm did not pass: a ticket or an alert of it is missing after a long time."""


@dataclass(frozen=True, slots=True)
class Storm:
    """`waits`: seconds until each quiet device's event had its ticket, one after another; `behind`: messages of the
    storm that were still waiting when the first of them was sent; `drained`: seconds from the storm's first message to
    its last being applied."""

    waits: tuple[float, ...]
    behind: int
    drained: float


def measure(setting: Setting) -> Storm:
    """Raises StormError."""
    sqs, url = setting.sqs, setting.queue_url
    with _pollers(setting):
        for number in range(2 * POLLERS):  # each poller's clients connected, its caches filled
            _send(sqs, url, [_quiet(900 + number).event()])
        _until_empty(setting)
        began = time.perf_counter()
        events = [_stormy(number).event() for number in range(EVENTS)]
        for start in range(0, EVENTS, 10):
            _send(sqs, url, events[start : start + 10])
        behind = _waiting(setting)
        waits = tuple(_wait_for_ticket(setting, _quiet(number).event()) for number in range(QUIET_DEVICES))
        _until_empty(setting)
        drained = time.perf_counter() - began
    _all_applied(setting, events[0])
    return Storm(waits, behind, drained)


@contextlib.contextmanager
def _pollers(setting: Setting) -> Iterator[None]:
    environment = {"PATH": "", "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'tandem' / 'python'}", **setting.environment}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "local.bench.poller"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(POLLERS)
    ]
    try:
        for poller in started:
            if poller.stdout is None or poller.stdout.readline() != "ready\n":
                raise StormError("a poller did not start")
        yield
    finally:
        for poller in started:
            if poller.stdin is not None:
                poller.stdin.close()
        for poller in started:
            try:
                poller.wait(timeout=10)
            except subprocess.TimeoutExpired:
                poller.kill()
                poller.wait()


def _stormy(number: int) -> Firing:
    """A flapping device: ten conditions in turn, a new alert each time."""
    at = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=number)
    return Firing(Provider.TACTICALRMM, device=1, condition=number % _CONDITIONS, alert=100_000 + number, at=at)


def _quiet(number: int) -> Firing:
    return replace(_stormy(0), device=1000 + number, alert=200_000 + number)


def _send(sqs: Any, url: str, events: Sequence[AlertEvent]) -> None:
    entries = [
        {
            "Id": str(index),
            "MessageBody": encode(event),
            "MessageGroupId": event.group_id,
            "MessageDeduplicationId": deduplication_id(event),
        }
        for index, event in enumerate(events)
    ]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)


def _wait_for_ticket(setting: Setting, event: AlertEvent) -> float:
    dynamodb, sqs = setting.dynamodb, setting.sqs
    key = encode_item(alert_key(event.alert_id))
    began = time.perf_counter()
    _send(sqs, setting.queue_url, [event])
    while time.perf_counter() - began < _PATIENCE_SECONDS:
        item = dynamodb.get_item(TableName=setting.table, Key=key, ConsistentRead=True).get("Item", {})
        if "ticket_id" in item:
            return time.perf_counter() - began
        time.sleep(0.005)
    raise StormError("the quiet device's event has no ticket")


def _until_empty(setting: Setting) -> None:
    deadline = time.perf_counter() + _PATIENCE_SECONDS
    while _waiting(setting):
        if time.perf_counter() > deadline:
            raise StormError(f"{_waiting(setting)} messages still wait")
        time.sleep(0.05)


def _waiting(setting: Setting) -> int:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found: Any = setting.sqs.get_queue_attributes(QueueUrl=setting.queue_url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def _all_applied(setting: Setting, event: AlertEvent) -> None:
    pages = setting.dynamodb.get_paginator("query").paginate(
        TableName=setting.table,
        IndexName="by_owner",
        KeyConditionExpression="owner_pk = :owner",
        ExpressionAttributeValues={":owner": {"S": device_owner(event.integration_id, event.external_device_id or "")}},
        Select="COUNT",
    )
    alerts = sum(page["Count"] for page in pages)
    if alerts != EVENTS:
        raise StormError(f"{alerts} alerts came of {EVENTS} events")
