"""Device syncs: the queue of their steps, that of single devices, and the function that works on both."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.bucket import SOFTWARE, SYNCS, TandemBucket
from infra.function_maker import FunctionMaker
from infra.integration_schedules import IntegrationSchedules
from infra.queues import AlertQueues, failing_queue
from infra.rmm_access import allow_asking_rmms
from infra.schedules import Schedules
from infra.stream import logical_id
from infra.table import TandemTable
from infra.tenant import Tenant

TIMEOUT = Duration.minutes(15)
"""The most that Lambda gives. What an RMM lists in one answer is read in one go: 100,000 agents of a slow Tactical."""

VISIBILITY = Duration.minutes(16)
"""Not six times the timeout: a step whose function died is taken up again in a quarter of an hour, and one that is
received twice is done once."""

LEAST_MEMORY_MB = 1024
"""More memory is more of a processor: most of a step is reading JSON. Steps themselves stay far below it."""

DISK_MB = 2048
"""What was listed is sorted on disk: some 2 KB a device."""

ATTEMPTS = 20
"""The last resort: a run fails with its reason after eight attempts at one step, single devices are given up sooner."""

NOT_LATER_THAN = Duration.minutes(15)
"""The shortest interval: a turn that waited so long is not worth having any more."""

OLDEST_STEP = Duration.minutes(30)
"""A step that an RMM makes impossible is tried for some 20 minutes, and pages wait for each other."""

OLDEST_REFRESH = Duration.minutes(15)

_REFRESHED_AT_ONCE = 2
"""Batches, of different integrations: the fewest that SQS allows."""

SYNC_NAMES = "sync-"
"""How the names of the integrations' schedules begin (tandem/scheduling/schedules.py)."""


class DeviceSync(Construct):
    """`device_sync`, its queues and their dead-letter queues."""

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
        self._bucket = bucket
        self._table = table
        self.steps = failing_queue(
            self,
            "Steps",
            tenant,
            "device-sync",
            attempts=ATTEMPTS,
            timeout=TIMEOUT,
            visibility=VISIBILITY,
            dead_letters_id="StepsDeadLetters",
            oldest=OLDEST_STEP,
        )
        self.refreshes = failing_queue(
            self,
            "Refreshes",
            tenant,
            "device-refresh",
            attempts=ATTEMPTS,
            timeout=TIMEOUT,
            visibility=VISIBILITY,
            dead_letters_id="RefreshesDeadLetters",
            fifo=True,
            delay=Duration.seconds(tenant.device_sync.refresh_delay_seconds),
            oldest=OLDEST_REFRESH,
        )
        self.failing = [self.steps, self.refreshes]
        self.device_sync = maker.make(
            self,
            "device_sync",
            timeout=TIMEOUT,
            least_memory_mb=LEAST_MEMORY_MB,
            disk_mb=DISK_MB,
            environment={
                "ALERT_QUEUE_URL": queues.alert_events.queue_url,
                "BUCKET_NAME": bucket.name,
                "AUTO_MAP_ORGANIZATIONS": "1" if tenant.device_sync.auto_map_organizations else "0",
                **self._urls,
            },
        )
        # A turn that failed is not repeated: the next one starts what is due.
        self.device_sync.configure_async_invoke(retry_attempts=0, max_event_age=NOT_LATER_THAN)
        self._schedules = IntegrationSchedules(maker, schedules, self.device_sync, SYNC_NAMES)
        self._schedules.check_daily(self, "Check", f"tandem-{tenant.name}-check-sync-schedules")
        allow_asking_rmms(maker, tenant, table, self.device_sync)
        self._allow_own_work(queues)
        # A step is minutes of work for the one, and none for the next: each comes alone.
        self.steps.feed(self.device_sync, at_once=tenant.device_sync.maximum_concurrency, batch_size=1)
        self.refreshes.feed(self.device_sync, at_once=_REFRESHED_AT_ONCE)

    def let_manage(self, function: lambda_.Function) -> None:
        """The function may write integrations' schedules, begin syncs, have devices refreshed, read software, and
        forget fleets."""
        for name, url in self._urls.items():
            function.add_environment(name, url)
        function.add_environment("DEVICE_SYNC_FUNCTION_ARN", self.device_sync.function_arn)
        self._maker.allow(function, ["sqs:SendMessage"], [each.queue.queue_arn for each in self.failing])
        self._maker.allow(function, ["dynamodb:BatchWriteItem"], [self._table.arn])
        self._schedules.let_write(function)
        self._allow_objects(function, SOFTWARE, "s3:GetObject")

    def hear_from(self, function: lambda_.Function) -> None:
        """The function hands devices over to be refreshed."""
        function.add_environment("DEVICE_REFRESH_QUEUE_URL", self.refreshes.queue.queue_url)
        self._maker.allow(function, ["sqs:SendMessage"], [self.refreshes.queue.queue_arn])

    @property
    def _urls(self) -> dict[str, str]:
        return {
            "DEVICE_SYNC_QUEUE_URL": self.steps.queue.queue_url,
            "DEVICE_REFRESH_QUEUE_URL": self.refreshes.queue.queue_url,
        }

    def _allow_own_work(self, queues: AlertQueues) -> None:
        function = self.device_sync
        self._maker.allow(
            function, ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:Query"], [self._table.arn]
        )
        self._maker.allow(function, ["dynamodb:Query"], self._table.index_arns)
        self._maker.allow(function, ["sqs:SendMessage"], [self.steps.queue.queue_arn, queues.alert_events.queue_arn])
        self._allow_objects(function, SYNCS, "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
        self._allow_objects(function, SOFTWARE, "s3:GetObject", "s3:PutObject")
        # So that S3 says of an object that is gone that it is gone, and not that it may not be read.
        self._maker.allow(function, ["s3:ListBucket"], [self._bucket.arn])

    def _allow_objects(self, function: lambda_.Function, prefix: str, *actions: str) -> None:
        self._maker.allow(function, actions, [f"{self._bucket.arn}/{prefix}*"])
        acknowledge(
            function.role.node.find_child("DefaultPolicy") if function.role else function,
            f"AwsSolutions-IAM5[Resource::<{logical_id(self._bucket.bucket)}.Arn>/{prefix}*]",
            "Objects are named after integrations, which are made at run time, and their runs and pages.",
        )
