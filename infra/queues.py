"""The queue of alert events and its dead-letter queue."""

from aws_cdk import Duration
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


class AlertQueues(Construct):
    """`alert-events.fifo` in high-throughput mode, one group a device, and where messages that always fail end."""

    def __init__(self, scope: Construct, construct_id: str, tenant: Tenant) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = _fifo(
            self, "DeadLetters", f"tandem-{tenant.name}-alert-events-dead.fifo", retention_period=Duration.days(14)
        )
        self.alert_events = _fifo(
            self,
            "AlertEvents",
            f"tandem-{tenant.name}-alert-events.fifo",
            # Four days, so that a message which fails on the last one still has ten days among the dead letters:
            # the time there is counted from its first sending.
            retention_period=Duration.days(4),
            # AWS asks for six times the consumer's timeout, so that throttled batches are not received twice.
            visibility_timeout=Duration.seconds(PROCESSOR_TIMEOUT.to_seconds() * 6),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=MAX_RECEIVE_COUNT),
        )


def _fifo(
    scope: Construct,
    construct_id: str,
    name: str,
    *,
    retention_period: Duration,
    visibility_timeout: Duration | None = None,
    dead_letter_queue: sqs.DeadLetterQueue | None = None,
) -> sqs.Queue:
    return sqs.Queue(
        scope,
        construct_id,
        queue_name=name,
        fifo=True,
        content_based_deduplication=False,
        deduplication_scope=sqs.DeduplicationScope.MESSAGE_GROUP,
        fifo_throughput_limit=sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
        # SQS's own key: nothing to pay or to permit, unlike a key of KMS at high-throughput rates.
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        max_message_size_bytes=MAXIMUM_MESSAGE_BYTES,
        retention_period=retention_period,
        visibility_timeout=visibility_timeout,
        dead_letter_queue=dead_letter_queue,
    )
