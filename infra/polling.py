"""Polling: the function, the integrations' schedules for it, and having one polled at once."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.bucket import POLLS, TandemBucket
from infra.function_maker import FunctionMaker
from infra.integration_schedules import IntegrationSchedules
from infra.queues import AlertQueues
from infra.rmm_access import allow_asking_rmms
from infra.schedules import Schedules
from infra.stream import logical_id
from infra.table import TandemTable
from infra.tenant import Tenant

TIMEOUT = Duration.minutes(10)
"""An RMM that is asked once a second lists some 45,000 alerts in three quarters of it, by the hundred."""

NOT_LATER_THAN = Duration.minutes(5)
"""The shortest interval: an invocation that waited so long is not worth having any more."""

POLL_NAMES = "poll-"
"""How the names of the integrations' schedules begin (tandem/scheduling/schedules.py)."""


class Polling(Construct):
    """`scheduled_poll`. One invocation polls one integration, so none waits for another's."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        tenant: Tenant,
        *,
        maker: FunctionMaker,
        table: TandemTable,
        queues: AlertQueues,
        bucket: TandemBucket,
        schedules: Schedules,
    ) -> None:
        super().__init__(scope, construct_id)
        self._maker = maker
        self.scheduled_poll = maker.make(
            self,
            "scheduled_poll",
            timeout=TIMEOUT,
            environment={"ALERT_QUEUE_URL": queues.alert_events.queue_url, "BUCKET_NAME": bucket.name},
        )
        # A poll that failed is not repeated: the next one does its work.
        self.scheduled_poll.configure_async_invoke(retry_attempts=0, max_event_age=NOT_LATER_THAN)
        allow_asking_rmms(maker, tenant, table, self.scheduled_poll)
        self._allow_own_work(table, queues, bucket)
        self._schedules = IntegrationSchedules(maker, schedules, self.scheduled_poll, POLL_NAMES)
        self._schedules.check_daily(self, "Check", f"tandem-{tenant.name}-check-schedules")

    def let_manage(self, function: lambda_.Function) -> None:
        """The function may make, change and remove the schedules of integrations, and have one polled at once."""
        function.add_environment("POLL_FUNCTION_ARN", self.scheduled_poll.function_arn)
        self._maker.allow(function, ["lambda:InvokeFunction"], [self.scheduled_poll.function_arn])
        self._schedules.let_write(function)

    def _allow_own_work(self, table: TandemTable, queues: AlertQueues, bucket: TandemBucket) -> None:
        function = self.scheduled_poll
        self._maker.allow(
            function,
            ["dynamodb:BatchGetItem", "dynamodb:Query"],
            [table.arn],
        )
        self._maker.allow(function, ["dynamodb:Query"], table.index_arns)
        self._maker.allow(function, ["sqs:SendMessage"], [queues.alert_events.queue_arn])
        self._maker.allow(function, ["s3:GetObject", "s3:PutObject"], [f"{bucket.arn}/{POLLS}*"])
        # So that S3 says of a listing that is gone that it is gone, and not that it may not be read.
        self._maker.allow(function, ["s3:ListBucket"], [bucket.arn])
        self._acknowledge(
            function,
            f"<{logical_id(bucket.bucket)}.Arn>/{POLLS}*",
            "An object for each poll, named after its integration and time.",
        )

    def _acknowledge(self, function: lambda_.Function, resource: str, reason: str) -> None:
        policy = function.role.node.find_child("DefaultPolicy") if function.role else function
        acknowledge(policy, f"AwsSolutions-IAM5[Resource::{resource}]", reason)
