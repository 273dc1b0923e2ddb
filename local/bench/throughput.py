"""How many alerts a second one process applies through alert_processor's handler, and how much of it is waiting."""

import itertools
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.bench.meter import Meter
from local.bench.setting import Run, Setting, loaded
from local.bench.webhooks import PROVIDERS, Firing
from tandem.alerts.models import AlertEvent

BATCH = 10
ROUNDS = 5
EVENTS_A_ROUND = 240
GOAL_A_SECOND = 200
LEAST_A_SECOND = 100


@dataclass(frozen=True, slots=True)
class Throughput:
    """Events a second of the median round and the best; `waiting`: share of the time between sending a request to the
    emulator and its answer; `cpu_ms`: of our own process for one event; `emulator_cpu_ms`: of the emulator's, where the
    system tells."""

    a_second: float
    best_a_second: float
    waiting: float
    cpu_ms: float
    emulator_cpu_ms: float | None

    @property
    def without_the_emulator(self) -> float:
        """Events a second if the table answered at once."""
        return self.a_second / (1 - self.waiting)


def measure(setting: Setting) -> Throughput:
    """A third new tickets, a third occurrences (half by the same alert), a third recorded only."""
    meter = Meter()
    numbers = itertools.count(1_000_001)
    rates, waits, cpus, others = [], [], [], []
    with loaded("alert_processor", setting, meter.attach) as handler:
        run = Run(handler)
        for batch in _batches(_mixed(numbers, 3 * BATCH)):  # connects the clients, fills the caches
            run.processed(batch)
        for _ in range(ROUNDS):
            batches = list(_batches(_mixed(numbers, EVENTS_A_ROUND)))
            meter.take()
            began, cpu_began, other_began = time.perf_counter(), time.process_time(), _cpu_seconds(setting.emulator.pid)
            for batch in batches:
                run.processed(batch)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
            if other_began is not None and (other := _cpu_seconds(setting.emulator.pid)) is not None:
                others.append((other - other_began) * 1000 / EVENTS_A_ROUND)
            rates.append(EVENTS_A_ROUND / seconds)
            waits.append(meter.take().waited / seconds)
            cpus.append(cpu * 1000 / EVENTS_A_ROUND)
    return Throughput(
        statistics.median(rates),
        max(rates),
        statistics.median(waits),
        statistics.median(cpus),
        statistics.median(others) if others else None,
    )


def _cpu_seconds(pid: int) -> float | None:
    """What the process has computed so far."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _mixed(numbers: Iterator[int], count: int) -> list[AlertEvent]:
    """So many events, each sort spread over the batches."""
    made: list[AlertEvent] = []
    for each, number in enumerate(itertools.islice(numbers, count // 3)):
        at = datetime.now(UTC) - timedelta(hours=3) + timedelta(seconds=each)
        ticket = Firing(PROVIDERS[number % len(PROVIDERS)], number, number, number, at)
        fired_again = ticket.again() if number % 2 else replace(ticket.again(), alert=number + 500_000)
        recorded = replace(ticket, condition=number + 700_000, alert=number + 700_000, recorded_only=True)
        made += [ticket.event(), fired_again.event(), recorded.event()]
    return made


def _batches(events: list[AlertEvent]) -> Iterator[list[AlertEvent]]:
    for start in range(0, len(events), BATCH):
        yield events[start : start + BATCH]
