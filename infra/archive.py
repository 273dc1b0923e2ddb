"""The archive of applied alert events: the function that writes it off the table's stream, and who may read it."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.bucket import ALERT_EVENTS, TandemBucket
from infra.function_maker import FunctionMaker
from infra.schedules import Schedules
from infra.stream import ALERTS, StreamReader, logical_id, written
from infra.table import TandemTable
from infra.tenant import Tenant

TIMEOUT = Duration.minutes(5)
"""A batch of 6 MB takes a few seconds. Compacting takes longer: an hour of four shards is some 50 objects for each
integration."""

BATCH_SIZE = 10_000
"""The most that a stream gives; 6 MB are reached before, with some 2,000 alerts."""

MESSAGES = written("A#", "MESSAGE")
"""Long messages stand beside their alerts, and come in the same batch as a rule."""


COMPACT_EVERY = Duration.hours(1)


class Archive(Construct):
    """`event_archiver`, and what it needs to read the stream, and to write and compact the archive."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        tenant: Tenant,
        *,
        maker: FunctionMaker,
        table: TandemTable,
        bucket: TandemBucket,
    ) -> None:
        super().__init__(scope, construct_id)
        self._maker = maker
        self._bucket = bucket
        self.event_archiver = maker.make(self, "event_archiver", timeout=TIMEOUT, environment={})
        maker.allow(self.event_archiver, ["dynamodb:BatchGetItem"], [table.arn])
        self._allow_objects(self.event_archiver, "s3:PutObject", "s3:GetObject", "s3:DeleteObject")
        StreamReader(
            self,
            "EventArchiverStream",
            maker=maker,
            function=self.event_archiver,
            table=table,
            bucket=bucket,
            kinds=[ALERTS, MESSAGES],
            batch_size=BATCH_SIZE,
            window=Duration.seconds(tenant.archive.batching_seconds),
        )

    def compact_by(self, schedules: Schedules, tenant: Tenant) -> None:
        """Every hour."""
        schedules.every(COMPACT_EVERY, f"tandem-{tenant.name}-archive-compaction", self.event_archiver)

    def let_read(self, function: lambda_.Function) -> None:
        """The function may list and read the archive."""
        self._allow_objects(function, "s3:GetObject")
        self._maker.allow(function, ["s3:ListBucket"], [self._bucket.arn])

    def _allow_objects(self, function: lambda_.Function, *actions: str) -> None:
        function.add_environment("BUCKET_NAME", self._bucket.name)
        self._maker.allow(function, actions, [f"{self._bucket.arn}/{ALERT_EVENTS}*"])
        acknowledge(
            function.role.node.find_child("DefaultPolicy") if function.role else function,
            f"AwsSolutions-IAM5[Resource::<{logical_id(self._bucket.bucket)}.Arn>/{ALERT_EVENTS}*]",
            "An object for each batch, named after its time.",
        )
