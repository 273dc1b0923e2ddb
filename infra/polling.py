"""Polling: the function, what it and the admin API may do with the integrations' own schedules, and the daily check of
those.

The schedules of integrations are made at run time, in the stack's own group: they go with it when the stack goes.
"""

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.bucket import POLLS, TandemBucket
from infra.function_maker import FunctionMaker
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

CHECK_EVERY = Duration.days(1)

POLL_NAMES = "poll-"
"""How the names of the integrations' schedules begin (tandem/polling/schedules.py)."""

_WRITING = ("scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:UpdateSchedule")


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
        self._group, self._role = schedules.group, schedules.role
        self.scheduled_poll = maker.make(
            self,
            "scheduled_poll",
            timeout=TIMEOUT,
            environment={"ALERT_QUEUE_URL": queues.alert_events.queue_url, "BUCKET_NAME": bucket.name},
        )
        # A poll that failed is not repeated: the next one does its work.
        self.scheduled_poll.configure_async_invoke(retry_attempts=0, max_event_age=NOT_LATER_THAN)
        schedules.let_run(self.scheduled_poll)
        allow_asking_rmms(maker, tenant, table, self.scheduled_poll)
        self._allow_own_work(table, queues, bucket)
        self._let_write_schedules(self.scheduled_poll)
        self._let_read_schedules(self.scheduled_poll)
        self._check_daily(tenant)

    def let_manage(self, function: lambda_.Function) -> None:
        """The function may make, change and remove the schedules of integrations, and have one polled at once."""
        function.add_environment("POLL_FUNCTION_ARN", self.scheduled_poll.function_arn)
        self._maker.allow(function, ["lambda:InvokeFunction"], [self.scheduled_poll.function_arn])
        self._let_write_schedules(function)

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

    def _let_write_schedules(self, function: lambda_.Function) -> None:
        function.add_environment("SCHEDULE_GROUP", self._group.ref)
        function.add_environment("SCHEDULE_ROLE_ARN", self._role.role_arn)
        self._maker.allow(function, list(_WRITING), [self._schedules])
        self._acknowledge(function, *self._finding)
        statement = iam.PolicyStatement(actions=["iam:PassRole"], resources=[self._role.role_arn])
        statement.add_condition("StringEquals", {"iam:PassedToService": "scheduler.amazonaws.com"})
        function.add_to_role_policy(statement)

    def _let_read_schedules(self, function: lambda_.Function) -> None:
        self._maker.allow(function, ["scheduler:GetSchedule"], [self._schedules])
        self._maker.allow(function, ["scheduler:ListSchedules"], ["*"])
        self._acknowledge(function, "*", "scheduler:ListSchedules is granted for all schedules or none.")

    @property
    def _schedules(self) -> str:
        """The ARNs of the integrations' schedules."""
        place = f"arn:{Aws.PARTITION}:scheduler:{Aws.REGION}:{Aws.ACCOUNT_ID}"
        return f"{place}:schedule/{self._group.name}/{POLL_NAMES}*"

    @property
    def _finding(self) -> tuple[str, str]:
        place = "arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>"
        return (
            f"{place}:schedule/{self._group.name}/{POLL_NAMES}*",
            "Integrations are made at run time and each has its own schedule; the group is this tenant's own.",
        )

    def _acknowledge(self, function: lambda_.Function, resource: str, reason: str) -> None:
        policy = function.role.node.find_child("DefaultPolicy") if function.role else function
        acknowledge(policy, f"AwsSolutions-IAM5[Resource::{resource}]", reason)

    def _check_daily(self, tenant: Tenant) -> None:
        schedule = scheduler.CfnSchedule(
            self,
            "Check",
            name=f"tandem-{tenant.name}-check-schedules",
            group_name=self._group.ref,
            schedule_expression="rate(1 day)",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
                mode="FLEXIBLE", maximum_window_in_minutes=60
            ),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=self.scheduled_poll.function_arn,
                role_arn=self._role.role_arn,
                input='{"check_schedules": true}',
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=2
                ),
            ),
        )
        schedule.node.add_dependency(self._role)
