"""Telling users of new tickets: from the bus through a queue to the notifier."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.function_maker import FunctionMaker
from infra.queues import failing_queue
from infra.table import TandemTable
from infra.tenant import Tenant

TIMEOUT = Duration.seconds(60)
"""The notifier's: it begins no mail after 40 seconds, and none takes longer than the rest."""

ATTEMPTS = 10
"""With the waits between them these are more than half an hour: as long may SES be out of reach."""

_AT_ONCE = 2
"""Batches: the fewest that SQS allows. In a storm most is gathered anyway, and one user's are written one by one."""


class Notifications(Construct):
    """The rule on the bus, the queue, its dead-letter queue, which is the rule's too, and `notifier`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        tenant: Tenant,
        *,
        maker: FunctionMaker,
        table: TandemTable,
        bus: events.IEventBus,
        source: str,
        public_url: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._maker = maker
        self.failing = failing_queue(self, "Queue", tenant, "notifications", attempts=ATTEMPTS, timeout=TIMEOUT)
        self.queue, self.dead_letters = self.failing.queue, self.failing.dead_letters
        self._rule(bus, source)
        self.notifier = maker.make(
            self,
            "notifier",
            timeout=TIMEOUT,
            environment={
                "NOTIFICATIONS_QUEUE_URL": self.queue.queue_url,
                "MAIL_SENDER": tenant.notifications.sender or "",
                "PUBLIC_URL": public_url,
            },
        )
        maker.allow(
            self.notifier,
            [
                "dynamodb:BatchGetItem",
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
            ],
            [table.arn],
        )
        if tenant.notifications.sender:
            self._allow_mail(self.notifier, tenant.notifications.sender)
        # Tickets come at once, without a window: a person is told within a second.
        self.failing.feed(self.notifier, at_once=_AT_ONCE)

    def take_digests_from(self, due_sweep: lambda_.Function) -> None:
        """The sweep hands digests over when they are due."""
        due_sweep.add_environment("NOTIFICATIONS_QUEUE_URL", self.queue.queue_url)
        self._maker.allow(due_sweep, ["sqs:SendMessage"], [self.queue.queue_arn])

    def _rule(self, bus: events.IEventBus, source: str) -> None:
        """New tickets of which somebody is to be told. The bus tries the queue for a day; then the event is a dead
        letter like any other of this queue."""
        rule = events.Rule(
            self,
            "NewTickets",
            description="New tickets of which somebody is to be told",
            event_bus=bus,
            event_pattern=events.EventPattern(
                source=[source],
                detail_type=["TICKET_CREATED"],
                detail={"notify_user_ids": events.Match.exists()},
            ),
        )
        rule.add_target(
            targets.SqsQueue(
                self.queue,
                dead_letter_queue=self.dead_letters,
                max_event_age=Duration.hours(24),
                retry_attempts=185,
            )
        )

    def _allow_mail(self, function: lambda_.Function, sender: str) -> None:
        """From this address alone. SES asks about the address if that is verified, else about its domain."""
        place = f"arn:{Aws.PARTITION}:ses:{Aws.REGION}:{Aws.ACCOUNT_ID}:identity"
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["ses:SendEmail"],
                resources=[f"{place}/{sender}", f"{place}/{sender.rpartition('@')[2]}"],
                conditions={"StringEquals": {"ses:FromAddress": sender}},
            )
        )
