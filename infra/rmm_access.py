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
    _join_network(maker, tenant, function)
    # Noting that credentials are refused is a change of the configuration, which takes all of these.
    maker.allow(
        function,
        ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        [table.arn],
    )


def _join_network(maker: FunctionMaker, tenant: Tenant, function: lambda_.Function) -> None:
    """The function runs in the tenant file's subnets, if it names any: an RMM on a private network is reached so."""
    network = tenant.connections
    if not network.subnet_ids:
        return
    resource = function.node.default_child
    if not isinstance(resource, lambda_.CfnFunction):
        raise TypeError("a function is made of an AWS::Lambda::Function")
    # Not CDK's `vpc`, which would look the network up in the account while it synthesizes.
    resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
        subnet_ids=network.subnet_ids, security_group_ids=network.security_group_ids
    )
    maker.allow(
        function,
        [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ],
        ["*"],
    )
    acknowledge(
        function.role.node.find_child("DefaultPolicy") if function.role else function,
        "AwsSolutions-IAM5[Resource::*]",
        "Lambda makes and removes the function's network interfaces with these; EC2 knows no narrower resource for it.",
    )
