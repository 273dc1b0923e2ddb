"""`make bench`, or `python -m local.bench [section ...]`: measures, prints tables and writes .local/bench.json."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from infra.tenant import Functions
from local import emulator
from local.bench import (
    cost,
    devices,
    devices_report,
    event_units,
    followers,
    imports,
    ingest,
    latency,
    patterns,
    polling,
    preview,
    prices,
    release,
    report,
    resets,
    storm,
    throughput,
)
from local.bench.event_units import EventUnits, Measured
from local.bench.monthly import Fixed
from local.bench.setting import Setting, prepare
from local.bench.tables import MISSED, Table, show
from local.terminal import step
from tandem.alerts.models import Provider

RESULTS = emulator.ROOT / ".local" / "bench.json"

_DOING = {
    "units": "Counting calls and units",
    "imports": "Importing the functions",
    "patterns": "Matching patterns that hang others",
    "throughput": "Applying alerts as fast as it goes",
    "latency": "Sending webhooks over HTTP",
    "storm": "Raising a storm",
    "release": "Ending a maintenance window",
    "resets": "Closing tickets, and telling their RMM",
    "preview": "Previewing a rule over 10,000 alerts",
    "polling": "Polling 2,000 and 20,000 active alerts",
    "devices": f"Syncing fleets of {devices.MANY:,} devices",
    "devices-full": f"Syncing fleets of {devices.VERY_MANY:,} devices",
    "cost": "Computing the cost",
}
_ONLY_IF_NAMED = frozenset({"devices-full"})
"""They take too long for everyday."""
_BY_DEFAULT = f"everything but {', '.join(_ONLY_IF_NAMED)}"


class _Bench:
    """One run: sections by name, each giving tables and what goes into the results file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._units: Measured | None = None

    def sections(self) -> Mapping[str, Callable[[], tuple[list[Table], Any]]]:
        """In the order in which they are shown."""
        return {
            "units": self._units_section,
            "imports": self._imports,
            "patterns": self._patterns,
            "throughput": self._throughput,
            "latency": self._latency,
            "storm": self._storm,
            "release": self._release,
            "resets": self._resets,
            "preview": self._preview,
            "polling": self._polling,
            "devices": self._devices,
            "devices-full": self._very_many_devices,
            "cost": self._cost,
        }

    def _on_the_emulator(self, measure: Callable[[Setting], Any]) -> Any:
        # An emulator each: one that holds much already answers more slowly.
        with tempfile.TemporaryDirectory(dir=self._folder) as folder, emulator.running(Path(folder)) as running:
            return measure(prepare(running))

    def _units_section(self) -> tuple[list[Table], Any]:
        measured = self._measured_units()
        return report.units_table(measured), asdict(measured)

    def _measured_units(self) -> Measured:
        if self._units is None:
            self._units = self._on_the_emulator(event_units.measure)
        return self._units

    def _imports(self) -> tuple[list[Table], Any]:
        times = imports.measure()
        return report.imports_table(times), [asdict(each) for each in times]

    def _patterns(self) -> tuple[list[Table], Any]:
        times = patterns.measure()
        return report.patterns_table(times), [asdict(each) for each in times]

    def _throughput(self) -> tuple[list[Table], Any]:
        measured = self._on_the_emulator(throughput.measure)
        return report.throughput_table(measured), asdict(measured)

    def _latency(self) -> tuple[list[Table], Any]:
        measured = latency.measure()
        return report.latency_table(measured), [asdict(each) for each in measured]

    def _storm(self) -> tuple[list[Table], Any]:
        measured = self._on_the_emulator(storm.measure)
        return report.storm_table(measured), asdict(measured)

    def _preview(self) -> tuple[list[Table], Any]:
        measured = self._on_the_emulator(preview.measure)
        return report.preview_table(measured), [asdict(each) for each in measured]

    def _resets(self) -> tuple[list[Table], Any]:
        measured = self._on_the_emulator(resets.measure)
        return report.resets_table(measured), asdict(measured)

    def _release(self) -> tuple[list[Table], Any]:
        measured = self._on_the_emulator(release.measure)
        return report.release_table(measured), asdict(measured)

    def _polling(self) -> tuple[list[Table], Any]:
        measured = self._on_the_emulator(polling.measure)
        return report.polling_table(measured), [asdict(each) for each in measured]

    def _devices(self) -> tuple[list[Table], Any]:
        measured = self._on_the_emulator(devices.measure) + self._on_the_emulator(devices.measure_software)
        return devices_report.tables(measured), [asdict(each) for each in measured]

    def _very_many_devices(self) -> tuple[list[Table], Any]:
        measured = [
            each
            for provider in Provider
            for each in self._on_the_emulator(partial(devices.measure, size=devices.VERY_MANY, providers=[provider]))
        ]
        return devices_report.tables(measured), [asdict(each) for each in measured]

    def _cost(self) -> tuple[list[Table], Any]:
        units = self._measured_units()
        used = self._on_the_emulator(ingest.measure)
        webhook = cost.IngestUse(
            cpu_seconds=used.cpu_seconds,
            log_bytes=used.log_bytes,
            message_bytes=used.message_bytes,
            access_log_bytes=len(json.dumps(cost.ACCESS_LOG_LINE)),
        )
        followed = self._on_the_emulator(followers.measure)
        known = prices.load()
        memory_mb = Functions().memory_mb
        uses = {key: {batch: _use(each) for batch, each in by_batch.items()} for key, by_batch in units.by_case.items()}
        by_sort = {
            case.key: [
                cost.bill(
                    uses[case.key][batch],
                    webhook,
                    followed[case.key][batch],
                    batch,
                    memory_mb,
                    known,
                    by_webhook=case.by_webhook,
                )
                for batch in event_units.BATCHES
            ]
            for case in event_units.CASES
        }
        events = {
            batch: cost.mixed({key: by_batch[batch] for key, by_batch in uses.items()}) for batch in event_units.BATCHES
        }
        following = {
            batch: cost.mixed_following({key: by_batch[batch] for key, by_batch in followed.items()})
            for batch in event_units.BATCHES
        }
        bills = [
            cost.bill(event, webhook, following[batch], batch, memory_mb, known) for batch, event in events.items()
        ]
        tables = report.cost_tables(bills, events, webhook, memory_mb, known)
        tables.append(report.sorts_table(by_sort))
        found = {
            "bills": [{**asdict(bill), "usd": bill.usd} for bill in bills],
            "events": {batch: asdict(event) for batch, event in events.items()},
            "following": {batch: asdict(each) for batch, each in following.items()},
            "followers": {key: {batch: asdict(each) for batch, each in sort.items()} for key, sort in followed.items()},
            "by_sort": {key: {each.batch: each.usd for each in of_sort} for key, of_sort in by_sort.items()},
            "ingest": asdict(webhook),
            "monthly": [asdict(line) for line in Fixed().lines(known, memory_mb)],
        }
        return tables, found


def _use(units: EventUnits) -> cost.EventUse:
    return cost.EventUse(
        calls=units.calls,
        reads=units.units.reads,
        table_writes=units.units.table_writes,
        index_writes=units.units.index_writes,
        stored_bytes=units.stored_bytes,
        log_bytes=units.log_bytes,
        cpu_seconds=units.cpu_seconds,
    )


def main(arguments: list[str]) -> int:
    """Gives the exit code: 1 when a section could not be measured. A missed goal is shown, and is no failure."""
    parser = argparse.ArgumentParser(prog="python -m local.bench", description=__doc__)
    parser.add_argument("section", nargs="*", help=f"what to measure: {', '.join(_DOING)}; {_BY_DEFAULT} by default")
    chosen = parser.parse_args(arguments).section or [name for name in _DOING if name not in _ONLY_IF_NAMED]
    unknown = [name for name in chosen if name not in _DOING]
    if unknown:
        parser.error(f"there is no section {unknown[0]}; there are {', '.join(_DOING)}")
    began = time.monotonic()
    tables: list[Table] = []
    results: dict[str, Any] = {}
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        for name, measure in _Bench(Path(folder)).sections().items():
            if name not in chosen:
                continue
            try:
                with step(_DOING[name]):
                    shown, found = measure()
            except Exception as error:  # noqa: BLE001  the other sections are still worth having
                failed[name] = f"{type(error).__name__}: {error}"
                continue
            tables += shown
            results[name] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "found": found}
    print()
    show(tables)
    _write(results)
    missed = sum(cell == MISSED for table in tables for row in table.rows for cell in row)
    goals = "1 goal" if missed == 1 else f"{missed} goals"
    print(f"{time.monotonic() - began:.0f} s, {goals} missed. Results: {RESULTS.relative_to(emulator.ROOT)}")
    for name, reason in failed.items():
        print(f"NOT MEASURED: {name}: {reason}", file=sys.stderr)
    return 1 if failed else 0


def _write(results: Mapping[str, Any]) -> None:
    """Sections that were not measured this time keep what they had."""
    try:
        before = json.loads(RESULTS.read_text())["sections"]
    except (OSError, ValueError, KeyError, TypeError):
        before = {}
    machine = {"python": platform.python_version(), "processors": os.cpu_count(), "machine": platform.machine()}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"on": machine, "sections": {**before, **results}}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
