"""Results as tables: what was measured, the goal, and whether it was met."""

from collections.abc import Mapping, Sequence

from local.bench import event_units, imports, patterns, pollers, polling, preview, release, resets, storm, throughput
from local.bench.cost import MIX, Bill, EventUse, IngestUse, ingest_ms, processor_ms
from local.bench.event_units import CALLS_GOAL, CASES, Measured
from local.bench.following import EVENTS_A_SECOND
from local.bench.imports import ImportTime
from local.bench.latency import WEBHOOKS, Latency
from local.bench.monthly import Fixed
from local.bench.patterns import PatternTime
from local.bench.polling import Poll
from local.bench.preview import PreviewTime
from local.bench.prices import Price
from local.bench.release import Release
from local.bench.resets import Resets
from local.bench.storm import Storm
from local.bench.tables import Table, goal
from local.bench.throughput import Throughput
from tandem.previews.preview import MOST_DECIDED

SUGGESTIONS = {
    "HTTP API requests": "a Lambda function URL costs nothing a request, but has no throttle and no access log",
    "webhook_ingest: requests": "a direct integration of the API with SQS would need no function, nor authenticate",
    "webhook_ingest: duration": "less memory, measured on AWS: most of it is waiting for the queue",
    "SQS: send, receive, delete": "larger batches: a window of a second or two gathers them when events are rare",
    "alert_processor: duration": "less memory, or events of different groups applied side by side",
    "DynamoDB: table writes": "smaller items (each started KB counts, twice in a transaction) and fewer of them",
    "DynamoDB: index writes": "fewer index entries: each listing costs a write for each new record",
    "DynamoDB: reads": "nothing to gain: they are eventually consistent and shared by the batch already",
    "EventBridge: events put": "no events of what is only recorded, if nobody listens to them",
    "S3: objects put": "all integrations in one object: a preview would read what it does not need",
    "Logs: API access": "fewer fields, or only what is not answered 200",
    "Logs: webhook_ingest's own": "shorter lines: the access log has the request already",
    "Logs: alert_processor's own": "one line a batch instead of one an event",
    "Logs: Lambda's START, END, REPORT": "the JSON log format with system log level WARN leaves them out",
}


def units_table(measured: Measured) -> list[Table]:
    """Calls and units by case and batch, and whether the goals hold."""
    rows: list[tuple[str, ...]] = []
    for case in CASES:
        for batch, each in sorted(measured.by_case[case.key].items()):
            met = each.total_calls <= CALLS_GOAL[batch] + 1e-9
            if case.key == "redelivery":
                met = met and each.units.writes == 0
            rows.append(
                (
                    case.name if batch == event_units.BATCHES[0] else "",
                    str(batch),
                    f"{each.total_calls:.2f}",
                    f"{each.units.reads:.2f}",
                    f"{each.units.table_writes:.2f}",
                    f"{each.units.index_writes:.2f}",
                    f"{each.stored_bytes:,.0f}",
                    f"{each.log_bytes:,.0f}",
                    goal(met),
                )
            )
    return [
        Table(
            "DynamoDB calls and units of one alert event, warm",
            ("event", "batch", "calls", "RRU", "WRU table", "WRU indexes", "bytes stored", "bytes logged", "goal"),
            rows,
            (
                f"Goals: at most {CALLS_GOAL[1]:g} calls an event at batch 1 and {CALLS_GOAL[10]:g} at batch 10; "
                "a redelivery writes nothing.",
                f"Mean of {event_units.EVENTS} events of the three RMMs, each on a device of its own. "
                "Units are computed from the requests by item size.",
                f"Check: {measured.our_writes:,.0f} write units in all; the emulator counts "
                f"{measured.emulator_writes:,.0f}.",
            ),
        )
    ]


def imports_table(times: Sequence[ImportTime]) -> list[Table]:
    """Import times against the baseline."""
    rows: list[tuple[str, ...]] = [
        (
            each.name,
            f"{each.median_ms:.0f} ms",
            f"{each.best_ms:.0f} ms",
            f"{each.factor:.2f}",
            f"{each.memory_mb:.0f} MB",
            goal(each.factor <= imports.GOAL_FACTOR) if each.name == imports.GOAL_FUNCTION else "",
        )
        for each in times
    ]
    return [
        Table(
            "Import in a fresh interpreter",
            ("what", "median", "best", "of baseline", "memory", "goal"),
            rows,
            (
                f"{imports.ROUNDS} interleaved rounds, each against the baseline of its round. "
                f"Goal: {imports.GOAL_FUNCTION} at most {imports.GOAL_FACTOR:g} of the baseline.",
                "webhook_ingest makes its clients of DynamoDB and SQS while it is imported; alert_processor makes its "
                "own at the first batch.",
            ),
        )
    ]


def patterns_table(times: Sequence[PatternTime]) -> list[Table]:
    """Matching times of patterns that hang engines which backtrack."""
    rows: list[tuple[str, ...]] = [
        (
            each.pattern,
            f"{each.first_ms:.2f} ms",
            f"{each.worst_ms:.2f} ms",
            "" if each.pattern == patterns.COUNTING else goal(max(each.first_ms, each.worst_ms) < patterns.GOAL_MS),
        )
        for each in times
    ]
    return [
        Table(
            f"A rule's message pattern and a message of {patterns.MESSAGE_BYTES // 1024} KB",
            ("pattern", "first time", f"worst of {patterns.ROUNDS} more", "goal"),
            rows,
            (
                f"Goal: below {patterns.GOAL_MS:g} ms of processor time. The last is no such pattern: it makes RE2 "
                "itself slow, though never more than linear in the message and in what is counted.",
            ),
        )
    ]


def throughput_table(measured: Throughput) -> list[Table]:
    """Alerts a second."""
    rows: list[tuple[str, ...]] = [
        (
            "alerts applied a second",
            f"{measured.a_second:.0f} (best {measured.best_a_second:.0f})",
            f">= {throughput.GOAL_A_SECOND}",
            goal(measured.a_second >= throughput.GOAL_A_SECOND),
        ),
        ("time spent waiting for the emulator", f"{measured.waiting:.0%}", "", ""),
        ("our own computing an event", f"{measured.cpu_ms:.2f} ms", "", ""),
        (
            "the emulator's computing an event",
            f"{measured.emulator_cpu_ms:.2f} ms" if measured.emulator_cpu_ms is not None else "unknown",
            "",
            "",
        ),
        ("alerts a second if the table answered at once", f"{measured.without_the_emulator:.0f}", "", ""),
    ]
    return [
        Table(
            "Throughput of one alert_processor, batch 10",
            ("", "measured", "wanted", "goal"),
            rows,
            (
                "A third new tickets, a third occurrences, a third recorded only; median of "
                f"{throughput.ROUNDS} rounds of {throughput.EVENTS_A_ROUND}.",
            ),
        )
    ]


def latency_table(measured: Sequence[Latency]) -> list[Table]:
    """Ingest over HTTP."""
    rows: list[tuple[str, ...]] = [
        (
            str(each.senders),
            f"{each.p50:.0f} ms",
            f"{each.p90:.0f} ms",
            f"{each.p99:.0f} ms",
            f"{each.a_second:.0f}",
        )
        for each in measured
    ]
    return [
        Table(
            "A webhook over HTTP on the local stack, warm",
            ("senders at once", "p50", "p90", "p99", "webhooks a second"),
            rows,
            (
                f"{WEBHOOKS} requests each, over kept connections. API Gateway, SQS and Lambda are the emulator's, "
                "on this machine's processors.",
            ),
        )
    ]


def storm_table(measured: Storm) -> list[Table]:
    """The quiet device behind a storm."""
    first, worst = measured.waits[0], max(measured.waits)
    rows: list[tuple[str, ...]] = [
        ("the event sent right behind the storm has its ticket after", f"{first:.2f} s",
         f"< {storm.GOAL_SECONDS:g} s", goal(first < storm.GOAL_SECONDS)),
        (f"the slowest of {len(measured.waits)} such devices, one after another", f"{worst:.2f} s",
         f"< {storm.GOAL_SECONDS:g} s", goal(worst < storm.GOAL_SECONDS)),
        ("messages of the storm still waiting then", f"{measured.behind:,}", "", ""),
        (f"all {storm.EVENTS:,} applied after", f"{measured.drained:.1f} s", "", ""),
    ]  # fmt: skip
    return [
        Table(
            f"Storm: {storm.EVENTS:,} events of one device, then one of another",
            ("", "measured", "wanted", "goal"),
            rows,
            (f"{pollers.POLLERS} pollers in processes of their own, on the emulator's FIFO queue.",),
        )
    ]


def preview_table(measured: Sequence[PreviewTime]) -> list[Table]:
    """Previews of a rule."""
    rows: list[tuple[str, ...]] = [
        (
            f"{each.archive}, a rule for {each.rule}",
            f"{each.reading_seconds:.1f} s",
            f"{each.deciding_seconds:.1f} s",
            f"{each.lists} + {each.gets:,}",
            f"{each.object_bytes / 1_000_000:.1f} MB",
            f"{each.read_units:.0f}",
            f"{each.listed:,}",
            "" if each.archive == preview.AS_WRITTEN else goal(each.seconds < preview.GOAL_SECONDS),
        )
        for each in measured
    ]
    return [
        Table(
            f"Preview of a rule over {preview.ALERTS:,} alerts of {preview.DAYS} days",
            ("archive", "reading", "deciding", "lists + gets", "bytes", "RRU", "alerts listed", "goal"),
            rows,
            (
                f"{2 * preview.ALERTS:,} archived events: each alert fired and was reset.",
                f"Goal: {preview.GOAL_SECONDS:g} s on the archive as it is kept.",
                f"At most {MOST_DECIDED:,} events are decided, the newest; the answer says since when it is complete.",
            ),
        )
    ]


def release_table(measured: Release) -> list[Table]:
    """A window's end."""
    runs = "1 run" if measured.sweeps == 1 else f"{measured.sweeps} runs"
    rows: list[tuple[str, ...]] = [
        ("alerts released a second, sweep and processor", f"{measured.a_second:.0f}",
         f">= {release.GOAL_A_SECOND:.0f}", goal(measured.a_second >= release.GOAL_A_SECOND)),
        ("the first ticket after the window's end, at worst", f"{measured.begins_at_worst:.1f} s",
         f"< {release.GOAL_BEGIN_SECONDS:.0f} s", goal(measured.begins_at_worst < release.GOAL_BEGIN_SECONDS)),
        ("  of that: after the sweep began", f"{measured.begun_seconds:.1f} s", "", ""),
        (f"all handed over, in {runs}, after", f"{measured.swept_seconds:.1f} s", "", ""),
        ("all have their tickets after", f"{measured.seconds:.1f} s", "", ""),
        ("calls an alert", f"{measured.calls:.2f}", "", ""),
        ("  of the table, by the sweep", f"{measured.sweep_table_calls:.3f}", "", ""),
        ("  of the queue, by the sweep", f"{measured.sweep_queue_calls:.3f}", "", ""),
        ("  of the table, by the processor", f"{measured.processor_calls:.3f}", "", ""),
        ("read units an alert, by the sweep", f"{measured.sweep_reads:.2f}", "", ""),
        ("alerts held a second, before, by one processor", f"{measured.held_a_second:.0f}", "", ""),
    ]  # fmt: skip
    return [
        Table(
            f"A maintenance window ends that holds {measured.alerts:,} alerts",
            ("", "measured", "wanted", "goal"),
            rows,
            (
                f"{pollers.POLLERS} pollers in processes of their own, on the emulator's FIFO queue; each alert "
                f"becomes a ticket of its own, {release.ALERTS_A_DEVICE} to a device.",
                "At worst: the sweep has just run and comes again after "
                f"{release.SWEEP_EVERY_SECONDS:.0f} s, and leaves 2 s for clocks that differ.",
            ),
        )
    ]


def polling_table(measured: Sequence[Poll]) -> list[Table]:
    """Polls of many alerts."""
    rows: list[tuple[str, ...]] = [
        (
            f"{each.provider}, {each.listed:,} listed",
            f"{each.requests}",
            f"{each.total_calls}",
            f"{each.reads:.0f} / {each.writes:.0f}",
            f"{each.seconds:.1f} s",
            f"{each.cpu_seconds:.1f} s",
            f"{each.peak_mb:.0f} MB",
            goal(each.total_calls <= polling.MOST_CALLS and each.writes <= polling.MOST_WRITES),
        )
        for each in measured
    ]
    return [
        Table(
            f"A poll of active alerts of which {polling.NEW} are new, warm",
            ("vendor", "requests", "DynamoDB calls", "RRU / WRU", "time", "computing", "peak memory", "goal"),
            rows,
            (
                f"Goals: at most {polling.MOST_CALLS} calls of the table and {polling.MOST_WRITES} write units however "
                "many are listed: lease and state. The new alerts are written by alert_processor.",
                "The real function and clients, in a process of their own, on simulators without a rate limit: at 120 "
                "requests a minute, 200 take 100 s more.",
            ),
        )
    ]


def resets_table(measured: Resets) -> list[Table]:
    """A mass close."""
    allowed = resets.RATE.requests
    span = f"{resets.RATE.per.total_seconds():.0f} s"
    rows: list[tuple[str, ...]] = [
        ("all reset in the RMM after", f"{measured.seconds:.1f} s",
         f"< {resets.GOAL_SECONDS:.0f} s", goal(measured.seconds < resets.GOAL_SECONDS)),
        ("  of that: until all were asked for", f"{measured.dispatched_seconds:.1f} s", "", ""),
        ("requests to the RMM", f"{measured.requests}",
         f"{measured.tickets}", goal(measured.requests == measured.tickets)),
        (f"  most in {span}", f"{measured.most_in_a_rate}",
         f"<= {allowed}", goal(measured.most_in_a_rate <= allowed)),
        ("calls of the table a ticket", f"{measured.table_calls:.2f}", "", ""),
        ("calls of queues a ticket", f"{measured.queue_calls:.2f}", "", ""),
        ("read units, write units a ticket", f"{measured.reads:.1f}, {measured.writes:.1f}", "", ""),
    ]  # fmt: skip
    return [
        Table(
            f"{measured.tickets} tickets are closed at once",
            ("", "measured", "wanted", "goal"),
            rows,
            (
                "A simulated Tactical RMM at the vendor's usual rate, one alert a ticket; the bus and the processor, "
                "which hears of each reset, are left out.",
            ),
        )
    ]


def cost_tables(
    bills: Sequence[Bill],
    events: Mapping[int, EventUse],
    ingest: IngestUse,
    memory_mb: int,
    prices: Mapping[str, Price],
) -> list[Table]:
    """A million events by component, and what a stack costs each month besides."""
    rows: list[tuple[str, ...]] = []
    for index, line in enumerate(bills[0].lines):
        quantity = f"{line.quantity:,.1f}" if line.quantity < 1000 else f"{line.quantity:,.0f}"
        rows.append((line.component, f"{quantity} {line.unit}", *(f"${bill.lines[index].usd:.2f}" for bill in bills)))
    rows.append(("total", "", *(f"${bill.usd:.2f}" for bill in bills)))
    mix = ", ".join(f"{share:.0%} {name.replace('_', ' ')}" for name, share in MIX.items())
    storage = bills[-1].stored_gb * (prices["dynamodb_storage"].usd + prices["dynamodb_recovery"].usd)
    drivers = bills[-1].drivers()
    unconfirmed = [price.name for price in prices.values() if not price.confirmed]
    durations = ", ".join(
        f"a batch of {bill.batch} {processor_ms(events[bill.batch], bill.batch, memory_mb):.0f} ms" for bill in bills
    )
    million = Table(
        "Cost of a million alert events, us-east-1, list prices",
        ("component", f"quantity at batch {bills[0].batch}", *(f"batch {bill.batch}" for bill in bills)),
        rows,
        (
            f"{mix}. Each is a webhook of its own and is processed.",
            f"Durations are our measured computing at the vCPU share of {memory_mb} MB, and assumed answers of the "
            f"services: ingest {ingest_ms(ingest, memory_mb):.0f} ms, {durations}.",
            f"The table grows by {bills[-1].stored_gb:.2f} GB, ${storage:.2f} a month with point-in-time recovery. "
            "Left out: data transfer, cold starts, free tiers.",
            "Dearest at batch "
            f"{bills[-1].batch}: "
            + "; ".join(f"{line.component} {line.usd / bills[-1].usd:.0%}" for line in drivers)
            + ".",
            *(f"{line.component}: {SUGGESTIONS[line.component]}." for line in drivers if line.component in SUGGESTIONS),
            "The stream's readers: events come at "
            + ", ".join(f"{rate:g} a second at batch {batch}" for batch, rate in EVENTS_A_SECOND.items())
            + ".",
            f"Prices and their sources: local/bench/prices.toml. Unconfirmed: {', '.join(unconfirmed)}.",
        ),
    )
    fixed = Fixed().lines(prices, memory_mb)
    monthly: list[tuple[str, ...]] = [
        (line.component, f"{line.quantity:,.0f} {line.unit}", f"${line.usd:.2f}") for line in fixed
    ]
    monthly.append(("total", "", f"${sum(line.usd for line in fixed):.2f}"))
    title = "Cost of a stack each month, whatever happens"
    return [million, Table(title, ("component", "quantity", "USD"), monthly)]


def sorts_table(bills: Mapping[str, Sequence[Bill]]) -> Table:
    """A million events of one sort each."""
    rows: list[tuple[str, ...]] = [
        (case.name, *(f"${bill.usd:.2f}" for bill in bills[case.key])) for case in event_units.CASES
    ]
    return Table(
        "Cost of a million events of one sort",
        ("event", *(f"batch {batch}" for batch in event_units.BATCHES)),
        rows,
        ("With the webhook and all that follows; the last is sent by the sweep, and is a new ticket from then on.",),
    )
