"""What a function needs that asks RMMs: integrations' secrets, and the table for whose turn it is to renew tokens."""

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_lambda as lambda_

from infra.acknowledge import acknowledge
from infra.function_maker import FunctionMaker, private_addresses
from infra.table import TandemTable
from infra.tenant import Tenant


def secret_prefix(tenant: Tenant) -> str:
    """How the names of the integrations' secrets begin."""
    return f"tandem/{tenant.name}/integrations"


def allow_integration_secrets(
    maker: FunctionMaker, tenant: Tenant, function: lambda_.Function, actions: Sequence[str]
) -> None:
    """The function may do this with the integrations' secrets, and knows where they are."""
    prefix = secret_prefix(tenant)
    # Pseudo parameters even where the tenant file names a region: cdk-nag names the finding by what stands here.
    place = f"arn:{Aws.PARTITION}:secretsmanager:{Aws.REGION}:{Aws.ACCOUNT_ID}"
    place_in_finding = "arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>"
    function.add_environment("SECRET_PREFIX", prefix)
    maker.allow(function, actions, [f"{place}:secret:{prefix}/*"])
    acknowledge(
        function.role.node.find_child("DefaultPolicy") if function.role else function,
        f"AwsSolutions-IAM5[Resource::{place_in_finding}:secret:{prefix}/*]",
        "Integrations are made at run time and each has its own secret; the prefix is this tenant's own.",
    )


def allow_asking_rmms(maker: FunctionMaker, tenant: Tenant, table: TandemTable, function: lambda_.Function) -> None:
    """The function may open RMMs (tandem/connections): read credentials, renew tokens once for all functions, and note
    that they are refused."""
    for name, value in private_addresses(tenant).items():
        function.add_environment(name, value)
    allow_integration_secrets(
        maker,
        tenant,
        function,
        [
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
        ],
    )
    # Noting that credentials are refused is a change of the configuration, which takes all of these.
    maker.allow(
        function,
        ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        [table.arn],
    )
