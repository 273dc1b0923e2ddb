"""What a million alert events cost at list prices. Pure: measured units and prices in, lines out (docs/costs.md).

Every event comes as a webhook of its own and is processed, redelivered ones as well: SQS would swallow a redelivery
within five minutes, but RMMs send again later than that.
"""

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass

from local.bench.following import Following, archiver_ms, invocations_of_readers, objects_of_an_archiving, publisher_ms
from local.bench.lambdas import INVOCATION_MS, PLATFORM_BYTES, billed_seconds, computing_ms
from local.bench.prices import Price

MILLION = 1_000_000
GB = 1_000_000_000

MIX = {"redelivery": 0.5, "occurrence": 0.2, "recorded_only": 0.2, "new_ticket": 0.1}
OCCURRENCES = ("occurrence_other_alert", "occurrence_same_alert")
"""Half of the occurrences each: an RMM makes a new alert, or tells of the same one again."""

SQS_CHUNK_BYTES = 64 * 1024
SERVICE_MS = {"BatchGetItem": 5.0, "TransactWriteItems": 12.0, "UpdateItem": 5.0, "GetItem": 4.0, "Query": 5.0}
SEND_MS = 10.0
"""Assumed: how long a warm function waits for each answer within its region."""

ACCESS_LOG_LINE = {
    "time": "21/Nov/2026:03:17:16 +0000",
    "request_id": "dGVzdHJlcXVlc3Q=abc",
    "route": "POST /webhooks/{integration_id}",
    "method": "POST",
    "path": "/webhooks/0123456789abcdef0123456789",
    "status": "200",
    "source_ip": "203.0.113.250",
    "response_bytes": "72",
    "latency_ms": "38",
    "integration_latency_ms": "36",
    "error": "-",
    "integration_error": "-",
}
"""A line of the access log with values of usual length (infra/api.py names the fields)."""


@dataclass(frozen=True, slots=True)
class EventUse:
    """What one event uses of the processor and the table, on average over a batch."""

    calls: Mapping[str, float]
    reads: float
    table_writes: float
    index_writes: float
    stored_bytes: float
    log_bytes: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class IngestUse:
    """What one webhook uses before it is on the queue."""

    cpu_seconds: float
    log_bytes: float
    message_bytes: float
    access_log_bytes: float


@dataclass(frozen=True, slots=True)
class Line:
    """One component of the bill: `quantity` of the price's unit for a million events."""

    component: str
    quantity: float
    unit: str
    usd: float


@dataclass(frozen=True, slots=True)
class Bill:
    """What a million events cost at one batch size. `stored_gb`: by how much the table grows."""

    batch: int
    lines: tuple[Line, ...]
    stored_gb: float

    @property
    def usd(self) -> float:
        """All of it."""
        return sum(line.usd for line in self.lines)

    def drivers(self, count: int = 3) -> list[Line]:
        """The dearest components."""
        return sorted(self.lines, key=lambda line: line.usd, reverse=True)[:count]


def mixed(by_case: Mapping[str, EventUse], mix: Mapping[str, float] = MIX) -> EventUse:
    """The average event of the mix. Raises ValueError if the shares are not the whole."""
    used = [(by_case[case], share) for case, share in _shares(mix).items()]
    calls: dict[str, float] = {}
    for use, share in used:
        for operation, count in use.calls.items():
            calls[operation] = calls.get(operation, 0.0) + count * share
    return EventUse(
        calls=calls,
        reads=sum(use.reads * share for use, share in used),
        table_writes=sum(use.table_writes * share for use, share in used),
        index_writes=sum(use.index_writes * share for use, share in used),
        stored_bytes=sum(use.stored_bytes * share for use, share in used),
        log_bytes=sum(use.log_bytes * share for use, share in used),
        cpu_seconds=sum(use.cpu_seconds * share for use, share in used),
    )


def mixed_following(by_case: Mapping[str, Following], mix: Mapping[str, float] = MIX) -> Following:
    """What follows on the average event of the mix. Raises ValueError if the shares are not the whole."""
    weighed = [[value * share for value in astuple(by_case[case])] for case, share in _shares(mix).items()]
    return Following(*(sum(values) for values in zip(*weighed, strict=True)))


def _shares(mix: Mapping[str, float]) -> dict[str, float]:
    if not math.isclose(sum(mix.values()), 1.0):
        raise ValueError(f"the shares of the mix add up to {sum(mix.values())}, not 1")
    shares: dict[str, float] = {}
    for name, share in mix.items():
        cases = OCCURRENCES if name == "occurrence" else (name,)
        for case in cases:
            shares[case] = shares.get(case, 0.0) + share / len(cases)
    return shares


def bill(
    event: EventUse,
    ingest: IngestUse,
    following: Following,
    batch: int,
    memory_mb: int,
    prices: Mapping[str, Price],
    *,
    by_webhook: bool = True,
) -> Bill:
    """A million of this event, `batch` of them an invocation of the processor. Without `by_webhook` they were sent to
    the queue from inside."""
    batches = MILLION / batch
    webhooks = MILLION if by_webhook else 0
    publications, archivings = (MILLION * each for each in invocations_of_readers(following, batch))
    invocations = webhooks + batches + publications + archivings
    gb_of_memory = memory_mb / 1024
    quantities = [
        ("HTTP API requests", webhooks, "http_api"),
        ("webhook_ingest: requests", webhooks, "lambda_request"),
        (
            "webhook_ingest: duration",
            webhooks * billed_seconds(ingest_ms(ingest, memory_mb)) * gb_of_memory,
            "lambda_arm64",
        ),
        ("SQS: send, receive, delete", MILLION * sqs_requests(ingest.message_bytes, batch), "sqs_fifo"),
        ("alert_processor: requests", batches, "lambda_request"),
        (
            "alert_processor: duration",
            batches * billed_seconds(processor_ms(event, batch, memory_mb)) * gb_of_memory,
            "lambda_arm64",
        ),
        ("DynamoDB: table writes", MILLION * event.table_writes, "dynamodb_write"),
        ("DynamoDB: index writes", MILLION * event.index_writes, "dynamodb_write"),
        ("DynamoDB: reads", MILLION * event.reads, "dynamodb_read"),
        ("DynamoDB: stream, read by Lambda", 0, "dynamodb_stream_read"),
        ("event_publisher: requests", publications, "lambda_request"),
        (
            "event_publisher: duration",
            publications * billed_seconds(publisher_ms(following, batch, memory_mb)) * gb_of_memory,
            "lambda_arm64",
        ),
        ("EventBridge: events put", MILLION * following.bus_events, "event_bus"),
        ("event_archiver: requests", archivings, "lambda_request"),
        (
            "event_archiver: duration",
            archivings * billed_seconds(archiver_ms(following, batch, memory_mb)) * gb_of_memory,
            "lambda_arm64",
        ),
        ("S3: objects put", archivings * objects_of_an_archiving(following, batch), "s3_put"),
        ("Logs: API access", webhooks * ingest.access_log_bytes / GB, "logs"),
        ("Logs: webhook_ingest's own", webhooks * ingest.log_bytes / GB, "logs"),
        ("Logs: alert_processor's own", MILLION * event.log_bytes / GB, "logs"),
        ("Logs: event_publisher's own", MILLION * following.publisher_log_bytes / GB, "logs"),
        ("Logs: event_archiver's own", archivings * following.archiver_log_bytes / GB, "logs"),
        ("Logs: Lambda's START, END, REPORT", invocations * PLATFORM_BYTES / GB, "logs"),
    ]
    lines = tuple(
        Line(component, quantity, prices[price].unit, prices[price].of(quantity))
        for component, quantity, price in quantities
    )
    return Bill(batch, lines, MILLION * event.stored_bytes / GB)


def sqs_requests(message_bytes: float, batch: int) -> float:
    """Requests an event: a send, and its share of a receive (64 KB each) and of a batched delete."""
    sent = math.ceil(message_bytes / SQS_CHUNK_BYTES)
    received = math.ceil(message_bytes * batch / SQS_CHUNK_BYTES)
    return sent + (received + 1) / batch


def ingest_ms(ingest: IngestUse, memory_mb: int) -> float:
    """How long webhook_ingest takes, warm: our computing at its share of a vCPU, and the queue's answer."""
    return INVOCATION_MS + computing_ms(ingest.cpu_seconds, memory_mb) + SEND_MS


def processor_ms(event: EventUse, batch: int, memory_mb: int) -> float:
    """How long alert_processor takes for a batch, warm: our computing at its share of a vCPU, and the table's answers,
    one after another."""
    waiting = sum(count * SERVICE_MS[operation] for operation, count in event.calls.items())
    return INVOCATION_MS + batch * (computing_ms(event.cpu_seconds, memory_mb) + waiting)
