"""The schedules that integrations have of their own: who may write them, and the daily check of those that there are.

They are made at run time, in the stack's own group: they go with it when the stack goes.
"""

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.function_maker import FunctionMaker
from infra.schedules import Schedules

CHECK_EVERY = Duration.days(1)

_WRITING = ("scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:UpdateSchedule")


class IntegrationSchedules:
    """Those whose names begin with `prefix`, and that invoke `function`."""

    def __init__(self, maker: FunctionMaker, schedules: Schedules, function: lambda_.Function, prefix: str) -> None:
        self._maker = maker
        self._group, self._role = schedules.group, schedules.role
        self._function = function
        self._prefix = prefix
        schedules.let_run(function)
        self.let_write(function)
        maker.allow(function, ["scheduler:GetSchedule"], [self._schedules])
        maker.allow(function, ["scheduler:ListSchedules"], ["*"])
        acknowledge(
            _policy(function),
            "AwsSolutions-IAM5[Resource::*]",
            "scheduler:ListSchedules is granted for all schedules or none.",
        )

    def let_write(self, function: lambda_.Function) -> None:
        """The function may make, change and remove them."""
        function.add_environment("SCHEDULE_GROUP", self._group.ref)
        function.add_environment("SCHEDULE_ROLE_ARN", self._role.role_arn)
        self._maker.allow(function, list(_WRITING), [self._schedules])
        acknowledge(
            _policy(function),
            f"AwsSolutions-IAM5[Resource::{self._place('<AWS::Partition>', '<AWS::Region>', '<AWS::AccountId>')}]",
            "Integrations are made at run time and each has its own schedule; the group is this tenant's own.",
        )
        statement = iam.PolicyStatement(actions=["iam:PassRole"], resources=[self._role.role_arn])
        statement.add_condition("StringEquals", {"iam:PassedToService": "scheduler.amazonaws.com"})
        function.add_to_role_policy(statement)

    def check_daily(self, scope: Construct, construct_id: str, name: str) -> None:
        """The function holds them against the integrations once a day, by a schedule of this name."""
        schedule = scheduler.CfnSchedule(
            scope,
            construct_id,
            name=name,
            group_name=self._group.ref,
            schedule_expression="rate(1 day)",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
                mode="FLEXIBLE", maximum_window_in_minutes=60
            ),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=self._function.function_arn,
                role_arn=self._role.role_arn,
                input='{"check_schedules": true}',
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=2
                ),
            ),
        )
        schedule.node.add_dependency(self._role)

    @property
    def _schedules(self) -> str:
        """The ARNs of the schedules."""
        return self._place(Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID)

    def _place(self, partition: str, region: str, account: str) -> str:
        return f"arn:{partition}:scheduler:{region}:{account}:schedule/{self._group.name}/{self._prefix}*"


def _policy(function: lambda_.Function) -> Construct:
    found = function.role.node.find_child("DefaultPolicy") if function.role else function
    if not isinstance(found, Construct):
        raise TypeError("a policy is a construct")
    return found
