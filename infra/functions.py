"""The functions: what each may do, no more, and what it is told by its environment."""

from pathlib import Path

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.layers import ARCHITECTURES, NOT_DEPLOYED, ROOT, RUNTIMES, Layers
from infra.queues import PROCESSOR_TIMEOUT, AlertQueues
from infra.table import TandemTable
from infra.tenant import Tenant

BATCH_SIZE = 10
"""Alert events a batch: the most that a FIFO queue gives."""


def function_folder(name: str) -> Path:
    """Where the function `name` has its handler.py, all of which is deployed."""
    return ROOT / "functions" / name


def log_group_name(tenant: Tenant, name: str) -> str:
    """The log group of `name` (a function, or `access`).

    Below /aws/vendedlogs/, services may write without a line each in the account's resource policy, which is short.
    """
    return f"/aws/vendedlogs/tandem/{tenant.name}/{name}"


class Functions(Construct):
    """`webhook_ingest`, `alert_processor` and `admin_api`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        tenant: Tenant,
        *,
        table: TandemTable,
        queues: AlertQueues,
        layers: Layers,
        first_admin_key: secretsmanager.Secret,
        public_url: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._tenant = tenant
        self._layers = layers
        self._table = table
        self._queues = queues
        self.log_groups: dict[str, logs.LogGroup] = {}
        secret_prefix = f"tandem/{tenant.name}/integrations"

        self.webhook_ingest = self._function(
            "webhook_ingest",
            # API Gateway waits 30 s at most; a vendor less.
            timeout=Duration.seconds(10),
            environment={"SECRET_PREFIX": secret_prefix},
            reserved_concurrency=tenant.functions.ingest_reserved_concurrency,
        )
        self._allow(self.webhook_ingest, ["dynamodb:GetItem"], [table.arn])
        self._allow(self.webhook_ingest, ["sqs:SendMessage"], [queues.alert_events.queue_arn])
        self._allow_integration_secrets(self.webhook_ingest, ["secretsmanager:GetSecretValue"], secret_prefix)

        self.alert_processor = self._function("alert_processor", timeout=PROCESSOR_TIMEOUT, environment={})
        self._allow_read_and_write(self.alert_processor)
        # This also allows what the mapping and the processor do with messages, ChangeMessageVisibility among it.
        self.alert_processor.add_event_source(
            event_sources.SqsEventSource(
                queues.alert_events,
                batch_size=BATCH_SIZE,
                report_batch_item_failures=True,
                max_concurrency=tenant.functions.processor_maximum_concurrency,
            )
        )

        self.admin_api = self._function(
            "admin_api",
            timeout=Duration.seconds(28),
            environment={
                "SECRET_PREFIX": secret_prefix,
                "FIRST_ADMIN_KEY_SECRET_ARN": first_admin_key.secret_arn,
                "PUBLIC_URL": public_url,
            },
        )
        self._allow_read_and_write(self.admin_api)
        self._allow(self.admin_api, ["dynamodb:Query"], table.index_arns)
        self._allow(self.admin_api, ["sqs:SendMessage"], [queues.alert_events.queue_arn])
        self._allow(self.admin_api, ["secretsmanager:GetSecretValue"], [first_admin_key.secret_arn])
        # It writes signing secrets and reads none.
        self._allow_integration_secrets(
            self.admin_api,
            [
                "secretsmanager:CreateSecret",
                "secretsmanager:DeleteSecret",
                "secretsmanager:PutSecretValue",
            ],
            secret_prefix,
        )

    @property
    def all(self) -> dict[str, lambda_.Function]:
        """Name → function."""
        return {
            "webhook_ingest": self.webhook_ingest,
            "alert_processor": self.alert_processor,
            "admin_api": self.admin_api,
        }

    def _function(
        self,
        name: str,
        *,
        timeout: Duration,
        environment: dict[str, str],
        reserved_concurrency: int | None = None,
    ) -> lambda_.Function:
        settings = self._tenant.functions
        construct_id = "".join(word.capitalize() for word in name.split("_"))
        log_group = logs.LogGroup(
            self,
            f"{construct_id}Logs",
            log_group_name=log_group_name(self._tenant, name),
            retention=logs.RetentionDays[self._tenant.logs.retention_days.name],
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.log_groups[name] = log_group
        # A role of its own instead of AWSLambdaBasicExecutionRole, which may write to every log group of the account.
        role = iam.Role(
            self,
            f"{construct_id}Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What Tandem's {name} may do for {self._tenant.name}",
        )
        log_group.grant_write(role)
        function = lambda_.Function(
            self,
            construct_id,
            description=f"Tandem {name} of {self._tenant.name}",
            code=lambda_.Code.from_asset(str(function_folder(name)), exclude=NOT_DEPLOYED),
            handler="handler.handler",
            runtime=RUNTIMES[settings.python],
            architecture=ARCHITECTURES[settings.architecture],
            memory_size=settings.memory_mb,
            timeout=timeout,
            layers=self._layers.all,
            role=role,
            log_group=log_group,
            reserved_concurrent_executions=reserved_concurrency,
            environment={
                "TABLE_NAME": self._table.name,
                "ALERT_QUEUE_URL": self._queues.alert_events.queue_url,
                "LOG_LEVEL": settings.log_level,
                "TENANT": self._tenant.name,
                **environment,
            },
        )
        acknowledge(
            function,
            "AwsSolutions-L1",
            "The tenant file chooses the runtime, among those that every wheel of the layer is built for.",
        )
        return function

    def _allow_read_and_write(self, function: lambda_.Function) -> None:
        self._allow(
            function,
            [
                "dynamodb:BatchGetItem",
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
            ],
            [self._table.arn],
        )

    def _allow_integration_secrets(self, function: lambda_.Function, actions: list[str], prefix: str) -> None:
        # Pseudo parameters even where the tenant file names a region: cdk-nag names the finding by what stands here.
        place = f"arn:{Aws.PARTITION}:secretsmanager:{Aws.REGION}:{Aws.ACCOUNT_ID}"
        place_in_finding = "arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>"
        self._allow(function, actions, [f"{place}:secret:{prefix}/*"])
        acknowledge(
            function.role.node.find_child("DefaultPolicy") if function.role else function,
            f"AwsSolutions-IAM5[Resource::{place_in_finding}:secret:{prefix}/*]",
            "Integrations are made at run time and each has its own secret; the prefix is this tenant's own.",
        )

    @staticmethod
    def _allow(function: lambda_.Function, actions: list[str], resources: list[str]) -> None:
        function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=resources))
