"""What happens by the clock: the stack's own schedule group, and the sweep of what is due."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.function_maker import FunctionMaker
from infra.queues import AlertQueues
from infra.table import TandemTable
from infra.tenant import Tenant

SWEEP_EVERY = Duration.minutes(1)

SWEEP_TIMEOUT = Duration.seconds(50)
"""Shorter than the time between two runs, so that they do not overlap as a rule. If two do all the same (Scheduler may
start one twice), they hand over the same messages, of which the queue keeps one."""


class Schedules(Construct):
    """`group`, the `role` in which its schedules run functions, and in it `due_sweep` every minute."""

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
        self.group = scheduler.CfnScheduleGroup(self, "Group", name=f"tandem-{tenant.name}")
        # Not scheduler_targets.LambdaInvoke: its role may invoke every version and alias besides. One role for all
        # functions, for an account has few.
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": self.group.attr_arn}
                },
            ),
            description=f"Lets EventBridge Scheduler run functions of {tenant.name} by the clock",
        )
        self.due_sweep = maker.make(
            self,
            "due_sweep",
            timeout=SWEEP_TIMEOUT,
            environment={"ALERT_QUEUE_URL": queues.alert_events.queue_url},
        )
        maker.allow(
            self.due_sweep,
            ["dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:Query", "dynamodb:UpdateItem"],
            [table.arn],
        )
        maker.allow(self.due_sweep, ["sqs:SendMessage"], [queues.alert_events.queue_arn])
        self.every(SWEEP_EVERY, f"tandem-{tenant.name}-due-sweep", self.due_sweep)

    def let_run(self, function: lambda_.Function) -> None:
        """Schedules of the group may run the function."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function_arn]),
        )

    def every(self, interval: Duration, name: str, function: lambda_.Function) -> None:
        """Runs the function so often. A run that fails is not repeated: the next one does its work, and the function's
        alarm tells. So there is no dead-letter queue either; the event says nothing that could be lost."""
        function.configure_async_invoke(retry_attempts=0, max_event_age=interval)
        self.let_run(function)
        schedule = scheduler.CfnSchedule(
            self,
            f"{function.node.id}Schedule",
            name=name,
            group_name=self.group.ref,
            schedule_expression=f"rate({interval.to_minutes()} minute{'s' if interval.to_minutes() > 1 else ''})",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function_arn,
                role_arn=self.role.role_arn,
                # What Scheduler itself tries again is a Lambda service that did not take the event.
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=interval.to_seconds(), maximum_retry_attempts=2
                ),
            ),
        )
        schedule.node.add_dependency(self.role)
