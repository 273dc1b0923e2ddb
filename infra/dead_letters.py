"""dead_letter_keeper: empties every dead-letter queue, and the bucket's failed stream records, into the table."""

from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.bucket import STREAM_FAILURES, TandemBucket
from infra.function_maker import FunctionMaker
from infra.queues import FailingQueue
from infra.table import TandemTable
from infra.tenant import Tenant

TIMEOUT = Duration.minutes(5)
"""Enough for an object with the ten thousand records that a batch of the stream may have; each takes some
milliseconds."""

_VISIBILITY = Duration.seconds(TIMEOUT.to_seconds() * 6)
"""As AWS asks for, so that a message is not received twice at a time; also how long a letter waits that could not be
written."""

_AT_ONCE = 2
"""Batches of a queue: the fewest that SQS allows. Dead letters can wait."""


class DeadLetterKeeping(Construct):
    """The keeper, fed by the dead-letter queue of each of `queues` and by the failed records of `streams` (source →
    the function that reads the table's stream).

    `replayed_by` is the function that hands letters over again: to a queue, or to the reader of the stream.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        tenant: Tenant,
        *,
        maker: FunctionMaker,
        table: TandemTable,
        bucket: TandemBucket,
        queues: Sequence[FailingQueue],
        streams: Mapping[str, lambda_.Function],
        replayed_by: lambda_.Function,
    ) -> None:
        super().__init__(scope, construct_id)
        self._maker = maker
        self._tenant = tenant
        self.queues = queues
        self.streams = streams
        self.notices = self._notices(bucket)
        json = Stack.of(self).to_json_string
        consumers = json({source: function.function_arn for source, function in streams.items()})
        self.keeper = maker.make(
            self,
            "dead_letter_keeper",
            timeout=TIMEOUT,
            environment={
                "DEAD_LETTER_QUEUES": json(
                    {each.source: {"arn": each.dead_letters.queue_arn, "attempts": each.attempts} for each in queues}
                ),
                "STREAM_CONSUMERS": consumers,
                "NOTICES_QUEUE_ARN": self.notices.queue_arn,
            },
        )
        maker.allow(self.keeper, ["dynamodb:PutItem"], [table.arn])
        self._allow_reading_failures(bucket)
        for each in queues:
            cast("sqs.CfnQueue", each.dead_letters.node.default_child).visibility_timeout = _VISIBILITY.to_seconds()
            self._feed(each.dead_letters, batch_size=10)
        # An object holds up to a batch of the stream, which takes its time.
        self._feed(self.notices, batch_size=1)
        self._allow_replay(replayed_by, consumers)

    def _notices(self, bucket: TandemBucket) -> sqs.Queue:
        """The queue to which S3 names each object of failed records. Lambda tells nobody itself, where it puts them."""
        notices = sqs.Queue(
            self,
            "Notices",
            queue_name=f"tandem-{self._tenant.name}-stream-failures",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            visibility_timeout=_VISIBILITY,
        )
        acknowledge(
            notices,
            "AwsSolutions-SQS3",
            "It is a dead-letter queue itself: what cannot be kept stays in it, and an alarm says so.",
        )
        # By the account, not by the bucket's name: the bucket needs the queue first, to be told of it.
        notices.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sqs:SendMessage"],
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                resources=[notices.queue_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        # Not by the L2's add_event_notification, which brings a function of its own to do what this property does.
        notified = cast("s3.CfnBucket", bucket.bucket.node.default_child)
        notified.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            queue_configurations=[
                s3.CfnBucket.QueueConfigurationProperty(
                    event="s3:ObjectCreated:*",
                    queue=notices.queue_arn,
                    filter=s3.CfnBucket.NotificationFilterProperty(
                        s3_key=s3.CfnBucket.S3KeyFilterProperty(
                            rules=[s3.CfnBucket.FilterRuleProperty(name="prefix", value=STREAM_FAILURES)]
                        )
                    ),
                )
            ]
        )
        # S3 tries the queue when it is told of it.
        notified.node.add_dependency(notices.node.find_child("Policy"))
        return notices

    def _allow_reading_failures(self, bucket: TandemBucket) -> None:
        self._maker.allow(self.keeper, ["s3:GetObject"], [f"{bucket.arn}/{STREAM_FAILURES}*"])
        logical_id = Stack.of(self).get_logical_id(cast("s3.CfnBucket", bucket.bucket.node.default_child))
        acknowledge(
            self.keeper.role.node.find_child("DefaultPolicy") if self.keeper.role else self.keeper,
            f"AwsSolutions-IAM5[Resource::<{logical_id}.Arn>/{STREAM_FAILURES}*]",
            "Lambda names the objects of failed records as it likes; the prefix is theirs alone.",
        )

    def _feed(self, queue: sqs.Queue, *, batch_size: int) -> None:
        self.keeper.add_event_source(
            event_sources.SqsEventSource(
                queue, batch_size=batch_size, report_batch_item_failures=True, max_concurrency=_AT_ONCE
            )
        )

    def _allow_replay(self, function: lambda_.Function, consumers: str) -> None:
        urls = Stack.of(self).to_json_string({each.source: each.queue.queue_url for each in self.queues})
        function.add_environment("REPLAY_QUEUES", urls)
        function.add_environment("STREAM_CONSUMERS", consumers)
        self._maker.allow(function, ["sqs:SendMessage"], [each.queue.queue_arn for each in self.queues])
        if self.streams:
            arns = [each.function_arn for each in self.streams.values()]
            self._maker.allow(function, ["lambda:InvokeFunction"], arns)
