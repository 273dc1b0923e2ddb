"""Completing webhooks that may lack something from the API: from ingest through a queue to alert-events.fifo."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.function_maker import FunctionMaker
from infra.queues import AlertQueues, failing_queue
from infra.rmm_access import allow_asking_rmms
from infra.table import TandemTable
from infra.tenant import Tenant

TIMEOUT = Duration.seconds(30)
"""The RMMs get 20 seconds of it in each batch (tandem/readback/bootstrap.py)."""

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
        self.failing = failing_queue(self, "Queue", tenant, "read-back", attempts=ATTEMPTS, timeout=TIMEOUT)
        self.queue = self.failing.queue
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
        self.failing.feed(self.read_back, at_once=_AT_ONCE)

    def take_from(self, webhook_ingest: lambda_.Function) -> None:
        """Ingest puts here what a connected RMM can complete."""
        webhook_ingest.add_environment("READ_BACK_QUEUE_URL", self.queue.queue_url)
        self._maker.allow(webhook_ingest, ["sqs:SendMessage"], [self.queue.queue_arn])
