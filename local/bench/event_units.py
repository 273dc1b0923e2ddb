"""What one alert event costs the table, by what becomes of it, alone and in a batch of ten, in a warm function."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from local.bench.capacity import Units
from local.bench.meter import Meter
from local.bench.setting import IN_THE_WINDOW, Clock, Run, Setting, loaded
from local.bench.webhooks import CLOSING, HELD, PROVIDERS, UNMAPPED, Firing
from tandem.alerts.models import AlertEvent, Kind, Origin
from tandem.ids import new_id
from tandem.times import utc_now

Some = TypeVar("Some")

BATCHES = (1, 10)
EVENTS = 60
"""For each line of the table: a multiple of the RMMs, of ten, and of the block that ticket numbers come from."""

CALLS_GOAL = {1: 3.0, 10: 1.2}


@dataclass(frozen=True, slots=True)
class EventUnits:
    """Of one event, on average. `cpu_seconds`: of this process, the emulator's not included; `log_bytes`: what the
    function prints; `stored_bytes`: by how much the table grows."""

    calls: dict[str, float]
    units: Units
    stored_bytes: float
    log_bytes: float
    cpu_seconds: float

    @property
    def total_calls(self) -> float:
        """Of any operation."""
        return sum(self.calls.values())


@dataclass(frozen=True, slots=True)
class Case:
    """A sort of event: `story` gives what must have happened before it and the event itself, `event` makes the alert
    event of that. `behind`: how long ago it was then, and is now, for the processor; `by_webhook`: it comes from
    outside."""

    name: str
    outcome: str
    story: Callable[[Firing], tuple[list[Firing], Firing]]
    key: str
    event: Callable[[Firing], AlertEvent] = Firing.event
    behind: tuple[timedelta, timedelta] = (timedelta(), timedelta())
    by_webhook: bool = True


def _known_device(firing: Firing) -> Firing:
    """An earlier, recorded alert of another condition, from which the device is known."""
    return replace(
        firing,
        condition=firing.condition + 500_000,
        alert=firing.alert + 500_000,
        at=firing.at - timedelta(hours=1),
        recorded_only=True,
    )


def _first(firing: Firing) -> tuple[list[Firing], Firing]:
    return [], firing


def _new_ticket(firing: Firing) -> tuple[list[Firing], Firing]:
    return [_known_device(firing)], firing


def _other_alert(firing: Firing) -> tuple[list[Firing], Firing]:
    return [firing], replace(firing.again(), alert=firing.alert + 700_000)


def _same_alert(firing: Firing) -> tuple[list[Firing], Firing]:
    return [firing], firing.again()


def _recorded(firing: Firing) -> tuple[list[Firing], Firing]:
    return [_known_device(firing)], replace(firing, recorded_only=True)


def _redelivered(firing: Firing) -> tuple[list[Firing], Firing]:
    return [firing], firing


def _reset(firing: Firing) -> tuple[list[Firing], Firing]:
    return [firing], replace(firing.again(), kind=Kind.RESET)


def _unmapped(firing: Firing) -> tuple[list[Firing], Firing]:
    unmapped = replace(firing, organization=UNMAPPED)
    return [_known_device(unmapped)], unmapped


def _closing(firing: Firing) -> tuple[list[Firing], Firing]:
    return _reset(replace(firing, organization=CLOSING))


def _held(firing: Firing) -> tuple[list[Firing], Firing]:
    held = replace(firing, organization=HELD)
    return [_known_device(held)], held


def _held_again(firing: Firing) -> tuple[list[Firing], Firing]:
    return _same_alert(replace(firing, organization=HELD))


def _held_reset(firing: Firing) -> tuple[list[Firing], Firing]:
    return _reset(replace(firing, organization=HELD))


def _released(firing: Firing) -> tuple[list[Firing], Firing]:
    held = replace(firing, organization=HELD)
    return [held], held


def _asked_again(firing: Firing) -> AlertEvent:
    """As the sweep words it, from the alert alone."""
    return replace(
        firing.event(),
        event_id=new_id(),
        received_at=utc_now(),
        origin=Origin.SWEEP,
        facts={},
        raw=None,
        decide_again=True,
    )


_WINDOW_IS_ON = (IN_THE_WINDOW, IN_THE_WINDOW)
_WINDOW_HAS_ENDED = (IN_THE_WINDOW, timedelta())

CASES = (
    Case("new ticket", "ticket_created", _new_ticket, "new_ticket"),
    Case("new ticket, device not seen before", "ticket_created", _first, "new_ticket_new_device"),
    Case("occurrence by another alert", "occurrence_appended", _other_alert, "occurrence_other_alert"),
    Case("occurrence by the same alert", "occurrence_appended", _same_alert, "occurrence_same_alert"),
    Case("recorded only", "recorded_only", _recorded, "recorded_only"),
    Case("redelivery", "ignored", _redelivered, "redelivery"),
    Case("reset", "resolved", _reset, "reset"),
    Case("reset with close", "resolved", _closing, "reset_with_close"),
    Case("needs mapping", "needs_mapping", _unmapped, "needs_mapping"),
    Case("suppressed", "suppressed", _held, "suppressed", behind=_WINDOW_IS_ON),
    Case("occurrence of a suppressed one", "suppressed", _held_again, "suppressed_again", behind=_WINDOW_IS_ON),
    Case("reset of a suppressed one", "resolved", _held_reset, "suppressed_reset", behind=_WINDOW_IS_ON),
    Case(
        "window's end, decided again: new ticket",
        "ticket_created",
        _released,
        "window_end",
        event=_asked_again,
        behind=_WINDOW_HAS_ENDED,
        by_webhook=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """`by_case[key][batch]`. `emulator_writes` and `our_writes` should agree: all write units as the emulator counts
    them and as we do."""

    by_case: dict[str, dict[int, EventUnits]]
    emulator_writes: float
    our_writes: float


def measure(setting: Setting) -> Measured:
    """All cases at each batch size. Raises UnexpectedOutcomeError when an event ends as something else."""
    meter = Meter(ask_the_emulator=True)
    by_case: dict[str, dict[int, EventUnits]] = {case.key: {} for case in CASES}
    emulator_writes = our_writes = 0.0
    numbers = itertools.count(1)
    clock = Clock()
    with loaded("alert_processor", setting, meter.attach, clock) as handler:
        run = Run(handler)
        warm(run, numbers)
        meter.take()
        for case, batch in itertools.product(CASES, BATCHES):
            events = prepared(case, numbers, run, clock)
            meter.take()
            measured, emulator, ours = _measured(run, meter, chunks(events, batch), case.outcome)
            by_case[case.key][batch] = measured
            emulator_writes += emulator
            our_writes += ours
    return Measured(by_case, emulator_writes, our_writes)


def prepared(case: Case, numbers: Iterator[int], run: Run, clock: Clock) -> list[AlertEvent]:
    """EVENTS events of the case, all that comes before them applied, and the clock as it is when they come."""
    stories = [case.story(_firing(number)) for number in itertools.islice(numbers, EVENTS)]
    clock.behind, behind = case.behind
    before = [firing.event() for firings, _ in stories for firing in firings]
    for chunk in chunks(before, 10):
        run.processed(chunk)
    clock.behind = behind
    return [case.event(firing) for _, firing in stories]


def _measured(
    run: Run, meter: Meter, batches: Iterator[Sequence[AlertEvent]], outcome: str
) -> tuple[EventUnits, float, float]:
    calls: Counter[str] = Counter()
    units, emulator = Units(), 0.0
    logged, cpu, events = 0, 0.0, 0
    stored = meter.stored_bytes()
    for batch in batches:
        began = time.process_time()
        run.processed(batch, outcome)
        cpu += time.process_time() - began
        used = meter.take()
        calls += used.calls
        units += used.units
        emulator += used.emulator_writes
        logged += len(run.output.encode())
        events += len(batch)
    each = EventUnits(
        calls={name: count / events for name, count in sorted(calls.items())},
        units=Units(units.reads / events, units.table_writes / events, units.index_writes / events),
        stored_bytes=(meter.stored_bytes() - stored) / events,
        log_bytes=logged / events,
        cpu_seconds=cpu / events,
    )
    return each, emulator, units.writes


def warm(run: Run, numbers: Iterator[int]) -> None:
    """The clients connected, the configuration of each integration cached."""
    for number in itertools.islice(numbers, 2 * len(PROVIDERS)):
        run.processed([_firing(number).event()])


def _firing(number: int) -> Firing:
    """A firing on a device of its own; the RMMs take turns."""
    provider = PROVIDERS[number % len(PROVIDERS)]
    at = datetime.now(UTC) - timedelta(hours=6) + timedelta(seconds=number)
    return Firing(provider, device=number, condition=number, alert=number, at=at)


def chunks(events: Sequence[Some], size: int) -> Iterator[Sequence[Some]]:
    """All of them, so many at a time."""
    for start in range(0, len(events), size):
        yield events[start : start + size]
