"""A storm: 1,500 events of one device, then one of another. How long does that other one wait for its ticket?"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from local.bench.pollers import PATIENCE_SECONDS, pollers, send, until_empty, waiting
from local.bench.setting import Setting
from local.bench.webhooks import Firing
from tandem.alerts.models import AlertEvent, Provider
from tandem.store.codec import encode_item
from tandem.store.keys import alert_key, device_owner

EVENTS = 1500
QUIET_DEVICES = 5
GOAL_SECONDS = 1.0

_CONDITIONS = 10


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
    """Raises StormError, PollersError."""
    with pollers(setting, lambda number: _quiet(900 + number).event()):
        began = time.perf_counter()
        events = [_stormy(number).event() for number in range(EVENTS)]
        for start in range(0, EVENTS, 10):
            send(setting, events[start : start + 10])
        behind = waiting(setting)
        waits = tuple(_wait_for_ticket(setting, _quiet(number).event()) for number in range(QUIET_DEVICES))
        until_empty(setting)
        drained = time.perf_counter() - began
    _all_applied(setting, events[0])
    return Storm(waits, behind, drained)


def _stormy(number: int) -> Firing:
    """A flapping device: ten conditions in turn, a new alert each time."""
    at = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=number)
    return Firing(Provider.TACTICALRMM, device=1, condition=number % _CONDITIONS, alert=100_000 + number, at=at)


def _quiet(number: int) -> Firing:
    return replace(_stormy(0), device=1000 + number, alert=200_000 + number)


def _wait_for_ticket(setting: Setting, event: AlertEvent) -> float:
    dynamodb = setting.dynamodb
    key = encode_item(alert_key(event.alert_id))
    began = time.perf_counter()
    send(setting, [event])
    while time.perf_counter() - began < PATIENCE_SECONDS:
        item = dynamodb.get_item(TableName=setting.table, Key=key, ConsistentRead=True).get("Item", {})
        if "ticket_id" in item:
            return time.perf_counter() - began
        time.sleep(0.005)
    raise StormError("the quiet device's event has no ticket")


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
