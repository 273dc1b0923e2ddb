"""How every function is made: its role, its log group, its layers, what each is told by its environment."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.layers import ARCHITECTURES, NOT_DEPLOYED, ROOT, RUNTIMES, Layers
from infra.table import TandemTable
from infra.tenant import Tenant


def function_folder(name: str) -> Path:
    """Where the function `name` has its handler.py, all of which is deployed."""
    return ROOT / "functions" / name


def log_group_name(tenant: Tenant, name: str) -> str:
    """The log group of `name` (a function, or `access`).

    Below /aws/vendedlogs/, services may write without a line each in the account's resource policy, which is short.
    """
    return f"/aws/vendedlogs/tandem/{tenant.name}/{name}"


def private_addresses(tenant: Tenant) -> dict[str, str]:
    """What the environment of a function that asks RMMs says of private addresses."""
    return {"ALLOW_PRIVATE_ADDRESSES": "1" if tenant.connections.allow_private_addresses else "0"}


class FunctionMaker:
    """Makes the tenant's functions, and knows those that were made: `functions` and `log_groups`, by name."""

    def __init__(self, tenant: Tenant, table: TandemTable, layers: Layers) -> None:
        self._tenant = tenant
        self._table = table
        self._layers = layers
        self.functions: dict[str, lambda_.Function] = {}
        self.log_groups: dict[str, logs.LogGroup] = {}

    def make(
        self,
        scope: Construct,
        name: str,
        *,
        timeout: Duration,
        environment: dict[str, str],
        reserved_concurrency: int | None = None,
        least_memory_mb: int = 0,
        disk_mb: int | None = None,
    ) -> lambda_.Function:
        """functions/<name>/handler.py as a function that may write its log and nothing else yet. `disk_mb`: of /tmp,
        where it is to be more than the 512 that each function has."""
        settings = self._tenant.functions
        construct_id = "".join(word.capitalize() for word in name.split("_"))
        log_group = logs.LogGroup(
            scope,
            f"{construct_id}Logs",
            log_group_name=log_group_name(self._tenant, name),
            retention=logs.RetentionDays[self._tenant.logs.retention_days.name],
            removal_policy=RemovalPolicy.DESTROY,
        )
        # A role of its own instead of AWSLambdaBasicExecutionRole, which may write to every log group of the account.
        role = iam.Role(
            scope,
            f"{construct_id}Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What Tandem's {name} may do for {self._tenant.name}",
        )
        log_group.grant_write(role)
        function = lambda_.Function(
            scope,
            construct_id,
            description=f"Tandem {name} of {self._tenant.name}",
            code=lambda_.Code.from_asset(str(function_folder(name)), exclude=NOT_DEPLOYED),
            handler="handler.handler",
            runtime=RUNTIMES[settings.python],
            architecture=ARCHITECTURES[settings.architecture],
            memory_size=max(settings.memory_mb, least_memory_mb),
            ephemeral_storage_size=Size.mebibytes(disk_mb) if disk_mb is not None else None,
            timeout=timeout,
            layers=self._layers.all,
            role=role,
            log_group=log_group,
            reserved_concurrent_executions=reserved_concurrency,
            environment={
                "TABLE_NAME": self._table.name,
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
        self.functions[name] = function
        self.log_groups[name] = log_group
        return function

    def allow(self, function: lambda_.Function, actions: Sequence[str], resources: Sequence[str]) -> None:
        """The function may do this there."""
        function.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=list(resources)))

    def allow_table(self, function: lambda_.Function) -> None:
        """The function may read and write the table's items; its indexes are granted apart."""
        self.allow(
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
