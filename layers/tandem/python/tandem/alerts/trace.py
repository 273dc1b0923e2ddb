"""The decision trace of an alert: why it is as it is, bounded whatever happens to the alert.

Kept are the first line, the last that touched a ticket or a window, and the newest 18. A decision like the one before
it adds to that one's count.
"""

from dataclasses import replace

from tandem.alerts.models import Trace, TraceEntry

NEWEST_KEPT = 18


def add(trace: Trace, entry: TraceEntry) -> Trace:
    """The trace with one more decision, one version on."""
    return Trace(_bounded(_with(trace.entries, entry)), trace.version + 1)


def _with(entries: tuple[TraceEntry, ...], entry: TraceEntry) -> tuple[TraceEntry, ...]:
    if entries and _alike(entries[-1], entry):
        last = entries[-1]
        return (*entries[:-1], replace(last, count=last.count + 1, last_at=entry.at))
    return (*entries, entry)


def _bounded(entries: tuple[TraceEntry, ...]) -> tuple[TraceEntry, ...]:
    if len(entries) <= NEWEST_KEPT + 1:
        return entries
    older, newest = entries[1:-NEWEST_KEPT], entries[-NEWEST_KEPT:]
    touching = [line for line in older if line.ticket_id is not None or line.window_id is not None]
    return (entries[0], *touching[-1:], *newest)


def _alike(one: TraceEntry, other: TraceEntry) -> bool:
    return (one.outcome, one.reason, one.rule_id, one.window_id, one.ticket_id) == (
        other.outcome,
        other.reason,
        other.rule_id,
        other.window_id,
        other.ticket_id,
    )
