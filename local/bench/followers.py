"""What those do who read the table's stream, event_publisher and event_archiver, for each sort of event.

The records are those of the emulator's own stream, filtered as the deployed mappings filter them.
"""

import base64
import itertools
import json
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from local.bench.event_units import BATCHES, CASES, EVENTS, chunks, prepared, warm
from local.bench.following import Following
from local.bench.setting import Clock, Run, Setting, UnexpectedOutcomeError, loaded

ARCHIVED_AT_ONCE = 20
"""Records that the archiver is given together here."""

_PUBLISHED = (("A#", "ALERT"), ("T#", "TICKET"))
_ARCHIVED = (("A#", "ALERT"), ("A#", "MESSAGE"))
_REMAINING_MS = 60_000

Record = dict[str, Any]


class _Context:
    def get_remaining_time_in_millis(self) -> int:
        return _REMAINING_MS


class _Stream:
    """The table's stream, from now on."""

    def __init__(self, setting: Setting) -> None:
        self._client = setting.client("dynamodbstreams")
        arn = setting.dynamodb.describe_table(TableName=setting.table)["Table"]["LatestStreamArn"]
        shards = self._client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        self._iterators = [
            self._client.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
                "ShardIterator"
            ]
            for shard in shards
        ]

    def news(self) -> list[Record]:
        """The records since the last time, as Lambda hands them over."""
        found: list[Record] = []
        for place, iterator in enumerate(self._iterators):
            page = self._client.get_records(ShardIterator=iterator, Limit=1000)
            while page["Records"]:
                found += page["Records"]
                page = self._client.get_records(ShardIterator=page["NextShardIterator"], Limit=1000)
            self._iterators[place] = page["NextShardIterator"]
        as_lambda_has_them: list[Record] = json.loads(json.dumps(found, default=_as_lambda))
        return as_lambda_has_them


def measure(setting: Setting) -> dict[str, dict[int, Following]]:
    """By case and by how many records the publisher is given at once. Raises UnexpectedOutcomeError."""
    setting.client("events").create_event_bus(Name=setting.bus)
    setting.client("s3").create_bucket(Bucket=setting.bucket)
    return {key: _followed(setting, records) for key, records in _records_by_case(setting).items()}


def _records_by_case(setting: Setting) -> dict[str, list[Record]]:
    numbers = itertools.count(1)
    clock = Clock()
    with loaded("alert_processor", setting, clock=clock) as handler:
        run = Run(handler)
        warm(run, numbers)
        stream = _Stream(setting)
        found = {}
        for case in CASES:
            events = prepared(case, numbers, run, clock)
            stream.news()
            for chunk in chunks(events, 10):
                run.processed(chunk, case.outcome)
            found[case.key] = stream.news()
        return found


def _followed(setting: Setting, records: Sequence[Record]) -> dict[int, Following]:
    published, archived = _of(records, _PUBLISHED), _of(records, _ARCHIVED)
    archiver_cpu, archiver_logged = _archive(setting, archived)
    following = {}
    for batch in BATCHES:
        cpu, logged, put = _publish(setting, published, batch)
        following[batch] = Following(
            published_records=len(published) / EVENTS,
            bus_events=put / EVENTS,
            publisher_cpu_seconds=cpu / EVENTS,
            publisher_log_bytes=logged / EVENTS,
            archived_records=len(archived) / EVENTS,
            archiver_cpu_seconds=archiver_cpu / EVENTS,
            archiver_log_bytes=archiver_logged,
        )
    return following


def _publish(setting: Setting, records: Sequence[Record], batch: int) -> tuple[float, int, int]:
    """Seconds of computing, bytes logged, events put."""
    cpu, logged, put = 0.0, 0, 0
    with loaded("event_publisher", setting) as handler:
        run = Run(handler, _Context())
        run({"Records": []})  # connects the clients
        for chunk in chunks(records, batch):
            began = time.process_time()
            run({"Records": list(chunk)})
            cpu += time.process_time() - began
            if run.answer["batchItemFailures"]:
                raise UnexpectedOutcomeError(f"the publisher gave records back: {run.output}")
            logged += len(run.output.encode())
            put += sum(line.get("published", 0) for line in map(json.loads, run.output.splitlines()))
    return cpu, logged, put


def _archive(setting: Setting, records: Sequence[Record]) -> tuple[float, float]:
    """Seconds of computing, bytes logged by one invocation."""
    cpu, logged, invocations = 0.0, 0, 0
    with loaded("event_archiver", setting) as handler:
        run = Run(handler)
        run({"Records": []})
        for chunk in chunks(records, ARCHIVED_AT_ONCE):
            began = time.process_time()
            run({"Records": list(chunk)})
            cpu += time.process_time() - began
            logged += len(run.output.encode())
            invocations += 1
    return cpu, logged / max(1, invocations)


def _of(records: Sequence[Record], kinds: Sequence[tuple[str, str]]) -> list[Record]:
    """Put or changed, and of these kinds (infra/stream.py)."""
    found = []
    for record in records:
        key = record["dynamodb"]["Keys"]
        pk, sk = key["pk"]["S"], key["sk"]["S"]
        if record["eventName"] != "REMOVE" and any(pk.startswith(start) and sk == sort for start, sort in kinds):
            found.append(record)
    return found


def _as_lambda(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"the stream holds no {type(value).__name__}")
