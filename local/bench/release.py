"""A maintenance window ends that holds 5,000 alerts: how long until each of them has its ticket, and what it takes.

They are held by the real processor, two hours ago by its clock; then, at the real time, the real sweep hands them over
through the emulator's queue while pollers with the real processor decide them. Each is of a condition of its own and
becomes a ticket, the dearest that can come of it.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.bench.meter import Meter, Usage
from local.bench.pollers import PATIENCE_SECONDS, WARMING, Pollers, pollers, until_empty
from local.bench.setting import IN_THE_WINDOW, Clock, Run, Setting, loaded
from local.bench.webhooks import HELD, PROVIDERS, Firing
from tandem.alerts.models import AlertEvent
from tandem.store.keys import SHARDS, due_partition, tickets_by_time
from tandem.sweeping.sweep import CLOCKS_APART

ALERTS = 5000
ALERTS_A_DEVICE = 5
GOAL_A_SECOND = 100.0
GOAL_BEGIN_SECONDS = 120.0

SWEEP_EVERY_SECONDS = 60.0
"""As infra/schedules.py has it."""

_SWEEP_SECONDS = 50.0
_BATCH = 10


class ReleaseError(Exception):
    """Some alerts were not released, or became something else than tickets."""


@dataclass(frozen=True, slots=True)
class Release:
    """`alerts` were held at `held_a_second`. From the start of the sweep: the first had its ticket after
    `begun_seconds`, all were handed over after `swept_seconds`, in `sweeps` runs, all had tickets after `seconds`. For
    each alert: calls of the table and of the queue by the sweep, calls of the table by the processor; read units of the
    sweep."""

    alerts: int
    held_a_second: float
    begun_seconds: float
    swept_seconds: float
    sweeps: int
    seconds: float
    sweep_table_calls: float
    sweep_queue_calls: float
    processor_calls: float
    sweep_reads: float

    @property
    def a_second(self) -> float:
        """Alerts released a second, sweep and processor together."""
        return self.alerts / self.seconds

    @property
    def calls(self) -> float:
        """For each alert, of all who do something for it."""
        return self.sweep_table_calls + self.sweep_queue_calls + self.processor_calls

    @property
    def begins_at_worst(self) -> float:
        """Seconds from the window's end to the first ticket, when the sweep has just missed it."""
        return CLOCKS_APART.total_seconds() + SWEEP_EVERY_SECONDS + self.begun_seconds


class _TimeLeft:
    """Lambda's context, as far as due_sweep asks for it."""

    def __init__(self) -> None:
        self._ends = time.monotonic() + _SWEEP_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        return int((self._ends - time.monotonic()) * 1000)


def measure(setting: Setting, alerts: int = ALERTS) -> Release:
    """Raises ReleaseError, and what setting.py and pollers.py raise."""
    firings = [_firing(number) for number in range(alerts)]
    held_a_second = alerts / _hold(setting, firings)
    meter = Meter()
    with pollers(setting, _warming) as at_work, ThreadPoolExecutor(1) as pool:
        began = time.perf_counter()
        first = pool.submit(_first_ticket, setting, began)
        sweeps = _sweep(setting, meter)
        swept_seconds = time.perf_counter() - began
        until_empty(setting)
        seconds = time.perf_counter() - began
        begun_seconds = first.result()
    _all_released(setting, alerts)
    return _release(alerts, held_a_second, begun_seconds, swept_seconds, sweeps, seconds, meter.take(), at_work)


def _release(
    alerts: int,
    held_a_second: float,
    begun_seconds: float,
    swept_seconds: float,
    sweeps: int,
    seconds: float,
    sweep: Usage,
    processors: Pollers,
) -> Release:
    if processors.handled != alerts:
        raise ReleaseError(f"{processors.handled} messages came of {alerts} alerts")
    return Release(
        alerts,
        held_a_second,
        begun_seconds,
        swept_seconds,
        sweeps,
        seconds,
        sweep_table_calls=sweep.calls.total() / alerts,
        sweep_queue_calls=sweep.queue_calls.total() / alerts,
        processor_calls=processors.calls / alerts,
        sweep_reads=sweep.units.reads / alerts,
    )


def _hold(setting: Setting, firings: list[Firing]) -> float:
    """The processor gets them while the window is on. Gives the seconds that it took."""
    clock = Clock()
    clock.behind = IN_THE_WINDOW
    with loaded("alert_processor", setting, clock=clock) as handler:
        run = Run(handler)
        began = time.perf_counter()
        for start in range(0, len(firings), _BATCH):
            run.processed([firing.event() for firing in firings[start : start + _BATCH]], "suppressed")
        return time.perf_counter() - began


def _sweep(setting: Setting, meter: Meter) -> int:
    """Runs until nothing is left over. Gives how many runs it took: a minute lies between two as a rule."""
    sweeps = 0
    with loaded("due_sweep", setting, meter.attach) as handler:
        while True:
            run = Run(handler, _TimeLeft())
            run({})
            sweeps += 1
            if '"sweep_left_over": 0' in run.output:
                return sweeps


def _firing(number: int) -> Firing:
    """Five conditions of a device, one firing after the other; the RMMs take turns."""
    provider = PROVIDERS[number // ALERTS_A_DEVICE % len(PROVIDERS)]
    at = datetime.now(UTC) - timedelta(hours=6) + timedelta(seconds=number)
    return Firing(provider, number // ALERTS_A_DEVICE, number, number, at, organization=HELD)


def _warming(number: int) -> AlertEvent:
    at = datetime.now(UTC) - timedelta(minutes=1)
    return Firing(PROVIDERS[number % len(PROVIDERS)], 900_000 + number, 900_000, 900_000 + number, at).event()


def _first_ticket(setting: Setting, began: float) -> float:
    while time.perf_counter() - began < PATIENCE_SECONDS:
        if _tickets(setting) > WARMING:
            return time.perf_counter() - began
        time.sleep(0.02)
    raise ReleaseError("no alert has a ticket")


def _all_released(setting: Setting, alerts: int) -> None:
    due = sum(_count(setting, "pk", due_partition(shard)) for shard in range(SHARDS))
    tickets = _tickets(setting)
    if due or tickets != alerts + WARMING:
        raise ReleaseError(
            f"{due} alerts are still held, {tickets} tickets came of {alerts} alerts and {WARMING} others"
        )


def _tickets(setting: Setting) -> int:
    return sum(_count(setting, "list_pk", tickets_by_time(False, shard), "by_time") for shard in range(SHARDS))


def _count(setting: Setting, key: str, value: str, index: str | None = None) -> int:
    request: dict[str, Any] = {"IndexName": index} if index else {}
    pages = setting.dynamodb.get_paginator("query").paginate(
        TableName=setting.table,
        KeyConditionExpression=f"{key} = :value",
        ExpressionAttributeValues={":value": {"S": value}},
        Select="COUNT",
        **request,
    )
    return sum(page["Count"] for page in pages)
