"""Completing webhooks that may lack something from the API: from ingest through a queue to alert-events.fifo."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.dead_letters import FailingQueue
from infra.function_maker import FunctionMaker
from infra.queues import MAXIMUM_MESSAGE_BYTES, AlertQueues
from infra.rmm_access import allow_asking_rmms
from infra.table import TandemTable
from infra.tenant import Tenant

TIMEOUT = Duration.seconds(30)
"""The RMMs get 20 seconds of it in each batch (tandem/readback/bootstrap.py)."""

BATCH_SIZE = 10

ATTEMPTS = 20
"""An RMM that cannot be reached takes six of them, within two minutes; the rest is for the queue of alert events."""

_AT_ONCE = 2
"""Batches: the fewest that SQS allows. What waits longer than two minutes goes on without the RMM."""


class ReadBack(Construct):
    """The queue, its dead-letter queue and `read_back`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        tenant: Tenant,
        *,
        maker: FunctionMaker,
        table: TandemTable,
        queues: AlertQueues,
    ) -> None:
        super().__init__(scope, construct_id)
        self._maker = maker
        dead_letters = self._queue("DeadLetters", f"tandem-{tenant.name}-read-back-dead", Duration.days(14))
        self.queue = self._queue(
            "Queue",
            f"tandem-{tenant.name}-read-back",
            Duration.days(4),
            # AWS asks for six times the consumer's timeout, so that throttled batches are not received twice.
            visibility_timeout=Duration.seconds(TIMEOUT.to_seconds() * 6),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=ATTEMPTS),
        )
        self.failing = FailingQueue("read-back", self.queue, dead_letters, ATTEMPTS)
        self.read_back = maker.make(
            self,
            "read_back",
            timeout=TIMEOUT,
            environment={
                "READ_BACK_QUEUE_URL": self.queue.queue_url,
                "ALERT_QUEUE_URL": queues.alert_events.queue_url,
            },
        )
        allow_asking_rmms(maker, tenant, table, self.read_back)
        maker.allow(self.read_back, ["sqs:SendMessage"], [queues.alert_events.queue_arn])
        # This also allows what the mapping and the function do with messages, ChangeMessageVisibility among it.
        self.read_back.add_event_source(
            event_sources.SqsEventSource(
                self.queue, batch_size=BATCH_SIZE, report_batch_item_failures=True, max_concurrency=_AT_ONCE
            )
        )

    def take_from(self, webhook_ingest: lambda_.Function) -> None:
        """Ingest puts here what a connected RMM can complete."""
        webhook_ingest.add_environment("READ_BACK_QUEUE_URL", self.queue.queue_url)
        self._maker.allow(webhook_ingest, ["sqs:SendMessage"], [self.queue.queue_arn])

    def _queue(
        self,
        construct_id: str,
        name: str,
        retention_period: Duration,
        *,
        visibility_timeout: Duration | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
    ) -> sqs.Queue:
        return sqs.Queue(
            self,
            construct_id,
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # As large as an alert event, and no larger than a dead letter of the table may be.
            max_message_size_bytes=MAXIMUM_MESSAGE_BYTES,
            retention_period=retention_period,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=dead_letter_queue,
        )
