"""Queues, each with the queue where messages end that always fail; and the one of alert events."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.tenant import Tenant

PROCESSOR_TIMEOUT = Duration.seconds(20)
"""The processor's. A batch takes well under a second; a message that fails comes back when the processor says so."""

MAX_RECEIVE_COUNT = 10
"""The last resort: the processor parks what it cannot process itself, long before this."""

MAXIMUM_MESSAGE_BYTES = 256 * 1024
"""More than twice the largest alert event (tandem/alerts/limits.py), and little enough for a dead letter to be one item
of the table. SQS would take 1 MB, its own default."""

BATCH_SIZE = 10
"""The most that a FIFO queue gives."""

_KEPT = Duration.days(4)
_DEAD_LETTERS_KEPT = Duration.days(14)
"""A message that fails on its last day still has ten days among the dead letters: the time there is counted from its
first sending."""

_OLDEST_MESSAGE = Duration.minutes(5)


@dataclass(frozen=True)
class FailingQueue:
    """A queue and where its messages end that fail `attempts` times. `source`: what the table calls their letters;
    `oldest`: a message that waits for longer rings."""

    source: str
    queue: sqs.Queue
    dead_letters: sqs.Queue
    attempts: int
    oldest: Duration = _OLDEST_MESSAGE

    def feed(self, function: lambda_.Function, *, at_once: int, batch_size: int = BATCH_SIZE) -> None:
        """The function is given the queue's messages, so many batches at once (SQS allows no fewer than 2), and answers
        with those that failed. This also allows what the mapping and the function do with messages,
        ChangeMessageVisibility among it."""
        function.add_event_source(
            event_sources.SqsEventSource(
                self.queue, batch_size=batch_size, report_batch_item_failures=True, max_concurrency=at_once
            )
        )


def failing_queue(
    scope: Construct,
    construct_id: str,
    tenant: Tenant,
    source: str,
    *,
    attempts: int,
    timeout: Duration,
    dead_letters_id: str = "DeadLetters",
    fifo: bool = False,
    visibility: Duration | None = None,
    delay: Duration | None = None,
    oldest: Duration = _OLDEST_MESSAGE,
) -> FailingQueue:
    """The queue `source` and its dead-letter queue. `timeout`: of the function that is fed by it. AWS asks for six
    times that as `visibility`, so that throttled batches are not received twice. `fifo`: in high-throughput mode."""
    name = f"tandem-{tenant.name}-{source}"
    dead_letters = _queue(scope, dead_letters_id, f"{name}-dead", fifo=fifo, retention_period=_DEAD_LETTERS_KEPT)
    queue = _queue(
        scope,
        construct_id,
        name,
        fifo=fifo,
        retention_period=_KEPT,
        visibility_timeout=visibility or Duration.seconds(timeout.to_seconds() * 6),
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=attempts),
        delivery_delay=delay,
    )
    return FailingQueue(source, queue, dead_letters, attempts, oldest)


class AlertQueues(Construct):
    """`alert-events.fifo`, one group a device."""

    def __init__(self, scope: Construct, construct_id: str, tenant: Tenant) -> None:
        super().__init__(scope, construct_id)
        self.failing = failing_queue(
            self,
            "AlertEvents",
            tenant,
            "alert-events",
            attempts=MAX_RECEIVE_COUNT,
            timeout=PROCESSOR_TIMEOUT,
            fifo=True,
        )
        self.alert_events, self.dead_letters = self.failing.queue, self.failing.dead_letters


def _queue(
    scope: Construct,
    construct_id: str,
    name: str,
    *,
    fifo: bool,
    retention_period: Duration,
    visibility_timeout: Duration | None = None,
    dead_letter_queue: sqs.DeadLetterQueue | None = None,
    delivery_delay: Duration | None = None,
) -> sqs.Queue:
    return sqs.Queue(
        scope,
        construct_id,
        queue_name=f"{name}.fifo" if fifo else name,
        fifo=True if fifo else None,
        content_based_deduplication=False if fifo else None,
        deduplication_scope=sqs.DeduplicationScope.MESSAGE_GROUP if fifo else None,
        fifo_throughput_limit=sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID if fifo else None,
        # SQS's own key: nothing to pay or to permit, unlike a key of KMS at high-throughput rates.
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        max_message_size_bytes=MAXIMUM_MESSAGE_BYTES,
        retention_period=retention_period,
        visibility_timeout=visibility_timeout,
        dead_letter_queue=dead_letter_queue,
        delivery_delay=delivery_delay,
    )
