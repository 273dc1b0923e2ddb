"""What follows on an alert event: event_publisher and event_archiver read the table's stream. Pure: measured use in,
invocations and durations out."""

import math
from dataclasses import dataclass

from local.bench.lambdas import INVOCATION_MS, computing_ms

PUT_EVENTS_MS, PUT_OBJECT_MS = 15.0, 30.0
"""Assumed likewise: a call of the event bus, and of the bucket."""

EVENTS_A_SECOND = {1: 0.4, 10: 50.0}
"""Assumed: how fast events come that are processed one by one (a million a month), and in batches of ten."""

STREAM_SHARDS = 4
"""Of a table on demand, to begin with: so many batches are gathered side by side."""

PUBLISHER_WINDOW, ARCHIVER_WINDOW = 1.0, 300.0
"""Seconds for which each reader of the stream gathers records (infra/events.py, infra/tenant.py)."""
PUBLISHER_MOST, ARCHIVER_MOST = 100, 2000
"""Records that each is given at most; the archiver's are 6 MB."""

PUT_AT_ONCE = 10
"""Events in a call of the bus."""

INTEGRATIONS = 3
"""Whose alerts a tenant archives: an object for each, if a batch has so many records."""


@dataclass(frozen=True, slots=True)
class Following:
    """For one event, on average: records of the stream that each reader is given, events put on the bus, seconds of
    computing and bytes logged. `archiver_log_bytes`: of one invocation."""

    published_records: float
    bus_events: float
    publisher_cpu_seconds: float
    publisher_log_bytes: float
    archived_records: float
    archiver_cpu_seconds: float
    archiver_log_bytes: float


def gathered(records: float, batch: int, window: float, most: int) -> float:
    """Records in an invocation of a stream's reader, if each event makes so many: the first, and what else its shard
    brings within the window."""
    return min(float(most), 1 + EVENTS_A_SECOND[batch] * records / STREAM_SHARDS * window)


def invocations_of_readers(following: Following, batch: int) -> tuple[float, float]:
    """Of the publisher and of the archiver, for each event."""
    published, archived = _gathered(following, batch)
    return following.published_records / published, following.archived_records / archived


def publisher_ms(following: Following, batch: int, memory_mb: int) -> float:
    """How long event_publisher takes, warm: it puts ten events at once."""
    records, _ = _gathered(following, batch)
    if not following.published_records:
        return INVOCATION_MS
    events = records / following.published_records
    calls = math.ceil(events * following.bus_events / PUT_AT_ONCE)
    return INVOCATION_MS + events * computing_ms(following.publisher_cpu_seconds, memory_mb) + calls * PUT_EVENTS_MS


def archiver_ms(following: Following, batch: int, memory_mb: int) -> float:
    """How long event_archiver takes, warm: an object after another."""
    _, records = _gathered(following, batch)
    if not following.archived_records:
        return INVOCATION_MS
    events = records / following.archived_records
    objects = objects_of_an_archiving(following, batch)
    return INVOCATION_MS + events * computing_ms(following.archiver_cpu_seconds, memory_mb) + objects * PUT_OBJECT_MS


def objects_of_an_archiving(following: Following, batch: int) -> float:
    """One for each integration that has a record in the batch."""
    return min(float(INTEGRATIONS), _gathered(following, batch)[1])


def _gathered(following: Following, batch: int) -> tuple[float, float]:
    return (
        gathered(following.published_records, batch, PUBLISHER_WINDOW, PUBLISHER_MOST),
        gathered(following.archived_records, batch, ARCHIVER_WINDOW, ARCHIVER_MOST),
    )
