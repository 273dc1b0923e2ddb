"""The functions of the main way: what each may do, no more, and what it is told by its environment."""

from aws_cdk import Duration
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.function_maker import FunctionMaker
from infra.queues import PROCESSOR_TIMEOUT, AlertQueues
from infra.rmm_access import allow_asking_rmms, allow_integration_secrets
from infra.table import TandemTable
from infra.tenant import Tenant


class Functions(Construct):
    """`webhook_ingest`, `alert_processor` and `admin_api`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        tenant: Tenant,
        *,
        maker: FunctionMaker,
        table: TandemTable,
        queues: AlertQueues,
        first_admin_key: secretsmanager.Secret,
        public_url: str,
    ) -> None:
        super().__init__(scope, construct_id)
        alert_queue = {"ALERT_QUEUE_URL": queues.alert_events.queue_url}
        self.webhook_ingest = maker.make(
            self,
            "webhook_ingest",
            # API Gateway waits 30 s at most; a vendor less.
            timeout=Duration.seconds(10),
            environment=alert_queue,
            reserved_concurrency=tenant.functions.ingest_reserved_concurrency,
        )
        maker.allow(self.webhook_ingest, ["dynamodb:GetItem"], [table.arn])
        maker.allow(self.webhook_ingest, ["sqs:SendMessage"], [queues.alert_events.queue_arn])
        allow_integration_secrets(maker, tenant, self.webhook_ingest, ["secretsmanager:GetSecretValue"])

        self.alert_processor = maker.make(self, "alert_processor", timeout=PROCESSOR_TIMEOUT, environment=alert_queue)
        maker.allow_table(self.alert_processor)
        queues.failing.feed(self.alert_processor, at_once=tenant.functions.processor_maximum_concurrency)

        self.admin_api = maker.make(
            self,
            "admin_api",
            timeout=Duration.seconds(28),
            environment={
                "FIRST_ADMIN_KEY_SECRET_ARN": first_admin_key.secret_arn,
                "PUBLIC_URL": public_url,
                "INGEST_LOG_GROUP": maker.log_groups["webhook_ingest"].log_group_name,
                **alert_queue,
            },
        )
        maker.allow_table(self.admin_api)
        maker.allow(self.admin_api, ["dynamodb:Query"], table.index_arns)
        # Refused and ignored webhooks are shown from there.
        maker.allow(self.admin_api, ["logs:FilterLogEvents"], [maker.log_groups["webhook_ingest"].log_group_arn])
        maker.allow(self.admin_api, ["sqs:SendMessage"], [queues.alert_events.queue_arn])
        maker.allow(self.admin_api, ["secretsmanager:GetSecretValue"], [first_admin_key.secret_arn])
        # It tries credentials on the RMM before it keeps them.
        allow_asking_rmms(maker, tenant, table, self.admin_api)
