"""The tenant's event bus, and the function that tells it what becomes of alerts, tickets, connections and devices."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.bucket import TandemBucket
from infra.function_maker import FunctionMaker
from infra.stream import ALERTS_AND_WISHES, ASSETS, INTEGRATIONS, SYNC_RUNS, TICKETS, StreamReader
from infra.table import TandemTable
from infra.tenant import Tenant

TIMEOUT = Duration.seconds(60)
"""The publisher's. A batch takes a second or two, unless the bus refuses."""

BATCH_SIZE = 100
"""Changes at once."""

WINDOW = Duration.seconds(1)
"""An event may wait so long, so that a storm does not keep a reader of each shard busy with a few changes at a time."""


class Events(Construct):
    """`bus`, on which rules of the stack and of the tenant's own can listen, and `event_publisher`.

    The bus dies with the stack, the rules on it too: it holds nothing.
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
    ) -> None:
        super().__init__(scope, construct_id)
        self._maker = maker
        name = f"tandem-{tenant.name}"
        self.source = f"tandem.{tenant.name}"
        self.bus = events.EventBus(
            self,
            "Bus",
            event_bus_name=name,
            description=f"What becomes of alerts, tickets and devices in Tandem of {tenant.name}",
        )
        # Here and not as a resource of its own (add_to_resource_policy), which the emulator does not know.
        resource = self.bus.node.default_child
        assert isinstance(resource, events.CfnEventBus)  # noqa: S101  the CDK makes it so
        resource.policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "OnlyTandemSpeaks",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "events:PutEvents",
                    # Spelled out, for the bus cannot refer to itself.
                    "Resource": f"arn:{Aws.PARTITION}:events:{Aws.REGION}:{Aws.ACCOUNT_ID}:event-bus/{name}",
                    "Condition": {"StringNotEquals": {"events:source": self.source}},
                }
            ],
        }
        self.event_publisher = maker.make(self, "event_publisher", timeout=TIMEOUT, environment={})
        self._let_put(self.event_publisher)
        # What cannot be put is parked.
        maker.allow(self.event_publisher, ["dynamodb:PutItem"], [table.arn])
        StreamReader(
            self,
            "EventPublisherStream",
            maker=maker,
            function=self.event_publisher,
            table=table,
            bucket=bucket,
            kinds=[ALERTS_AND_WISHES, TICKETS, INTEGRATIONS, ASSETS, SYNC_RUNS],
            batch_size=BATCH_SIZE,
            window=WINDOW,
        )

    def tell_of_webhooks(self, webhook_ingest: lambda_.Function) -> None:
        """Ingest puts an event for each webhook, too."""
        self._let_put(webhook_ingest)

    def _let_put(self, function: lambda_.Function) -> None:
        function.add_environment("EVENT_BUS_NAME", self.bus.event_bus_name)
        self._maker.allow(function, ["events:PutEvents"], [self.bus.event_bus_arn])
