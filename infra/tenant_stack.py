"""One tenant's stack: everything of one MSP and nothing of another."""

import string
from pathlib import Path

from aws_cdk import (
    CfnCondition,
    CfnOutput,
    CfnParameter,
    DefaultStackSynthesizer,
    Environment,
    Fn,
    RemovalPolicy,
    Stack,
)
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.api import Api
from infra.archive import Archive
from infra.bucket import TandemBucket
from infra.dashboard import Dashboard
from infra.dead_letters import DeadLetterKeeping
from infra.device_sync import DeviceSync
from infra.events import Events
from infra.function_maker import FunctionMaker
from infra.functions import Functions
from infra.layers import Layers
from infra.monitoring import Monitoring
from infra.notifications import Notifications
from infra.outbound import Outbound
from infra.polling import Polling
from infra.queues import AlertQueues
from infra.readback import ReadBack
from infra.schedules import Schedules
from infra.table import TandemTable
from infra.tenant import Tenant

FIRST_ADMIN_KEY_LENGTH = 48

PUBLIC_URL_PARAMETER = "PublicUrl"


class TenantStack(Stack):
    """`Tandem-<tenant>`.

    With `interpreter`, for an emulator that runs functions with that interpreter of this machine (see Layers).
    """

    def __init__(self, scope: Construct, tenant: Tenant, *, interpreter: Path | None = None) -> None:
        super().__init__(
            scope,
            tenant.stack_name,
            stack_name=tenant.stack_name,
            description=f"Tandem of {tenant.name}",
            env=Environment(account=tenant.aws.account, region=tenant.aws.region),
            # The CDK command line checks the bootstrap version; a rule in the template would do it once more.
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            termination_protection=tenant.removal_policy == "retain",
            analytics_reporting=False,
        )
        table = TandemTable(self, "Data", tenant)
        self.bucket = TandemBucket(self, "Bucket", tenant)
        queues = AlertQueues(self, "Queues", tenant)
        api = Api(self, "Api", tenant)
        first_admin_key = self._first_admin_key()
        maker = FunctionMaker(tenant, table, Layers(self, "Layers", tenant, interpreter=interpreter))
        public_url = tenant.public_url or self._public_url(api.endpoint)
        functions = Functions(
            self,
            "Functions",
            tenant,
            maker=maker,
            table=table,
            queues=queues,
            first_admin_key=first_admin_key,
            public_url=public_url,
        )
        api.connect(webhook_ingest=functions.webhook_ingest, admin_api=functions.admin_api)
        self.events = Events(self, "Events", tenant, maker=maker, table=table, bucket=self.bucket)
        archive = Archive(self, "Archive", tenant, maker=maker, table=table, bucket=self.bucket)
        archive.let_read(functions.admin_api)
        if tenant.events.webhook_received:
            self.events.tell_of_webhooks(functions.webhook_ingest)
        schedules = Schedules(self, "Schedules", tenant, maker=maker, table=table, queues=queues)
        archive.compact_by(schedules, tenant)
        notifications = Notifications(
            self,
            "Notifications",
            tenant,
            maker=maker,
            table=table,
            bus=self.events.bus,
            source=self.events.source,
            public_url=public_url,
        )
        notifications.take_digests_from(schedules.due_sweep)
        polling = Polling(
            self,
            "Polling",
            tenant,
            maker=maker,
            table=table,
            queues=queues,
            bucket=self.bucket,
            schedules=schedules,
        )
        polling.let_manage(functions.admin_api)
        device_sync = DeviceSync(
            self,
            "DeviceSync",
            tenant,
            maker=maker,
            table=table,
            queues=queues,
            bucket=self.bucket,
            schedules=schedules,
        )
        device_sync.let_manage(functions.admin_api)
        device_sync.hear_from(functions.webhook_ingest)
        device_sync.hear_from(polling.scheduled_poll)
        outbound = Outbound(
            self,
            "Outbound",
            tenant,
            maker=maker,
            table=table,
            queues=queues,
            bus=self.events.bus,
            source=self.events.source,
        )
        read_back = ReadBack(self, "ReadBack", tenant, maker=maker, table=table, queues=queues)
        read_back.take_from(functions.webhook_ingest)
        keeping = DeadLetterKeeping(
            self,
            "DeadLetters",
            tenant,
            maker=maker,
            table=table,
            bucket=self.bucket,
            queues=[
                queues.failing,
                notifications.failing,
                *outbound.failing,
                read_back.failing,
                *device_sync.failing,
            ],
            streams={"event-publisher": self.events.event_publisher, "event-archiver": archive.event_archiver},
            replayed_by=functions.admin_api,
        )
        monitoring = Monitoring(self, "Monitoring", tenant, maker=maker, keeping=keeping, api=api)
        Dashboard(self, "Dashboard", tenant, maker=maker, keeping=keeping, api=api)

        self._output("ApiUrl", api.endpoint, "Where the API answers: <ApiUrl>/api/v1/docs")
        self._output("ApiId", api.http_api.api_id, "The HTTP API's id")
        self._output(
            "FirstAdminKeySecret",
            first_admin_key.secret_arn,
            "The Secrets Manager secret that holds the first admin's API key",
        )
        self._output("TableName", table.name, "The DynamoDB table")
        self._output("BucketName", self.bucket.name, "The bucket of archived alert events and failed stream records")
        self._output("EventBusName", self.events.bus.event_bus_name, "The event bus that tells of alerts and tickets")
        self._output("AlertQueueUrl", queues.alert_events.queue_url, "The queue of alert events")
        self._output(
            "DeadLetterQueueUrl", queues.dead_letters.queue_url, "Where alert events end that cannot be processed"
        )
        self._output("AlarmTopic", monitoring.topic.topic_arn, "The topic that alarms are sent to")
        if api.domain:
            self._output(
                "DomainTarget", api.domain.regional_domain_name, "What the custom domain's DNS record points to"
            )

    def _first_admin_key(self) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "FirstAdminKey",
            description="The API key of Tandem's first admin",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=FIRST_ADMIN_KEY_LENGTH,
                # Letters and digits, which need no quoting anywhere. AWS would insist on a mark of punctuation if it
                # were excluded by its characters alone; the emulator knows no other way.
                exclude_punctuation=True,
                require_each_included_type=False,
                exclude_characters=string.punctuation,
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(
            secret,
            "AwsSolutions-SMG4",
            "The key only opens the door: the admin makes keys of their own with it and deletes it in Tandem, which "
            "a rotation could not follow.",
        )
        return secret

    def _public_url(self, endpoint: str) -> str:
        # Whoever deploys may know an address that the template cannot: an emulator answers on a port of its own.
        given = CfnParameter(
            self,
            PUBLIC_URL_PARAMETER,
            type="String",
            default="",
            description="The address that webhooks are given, if not the API's own",
        ).value_as_string
        is_given = CfnCondition(self, "PublicUrlGiven", expression=Fn.condition_not(Fn.condition_equals(given, "")))
        return Fn.condition_if(is_given.logical_id, given, endpoint).to_string()

    def _output(self, name: str, value: str, description: str) -> None:
        CfnOutput(self, name, value=value, description=description)
