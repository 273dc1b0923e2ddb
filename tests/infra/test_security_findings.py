"""cdk-nag over stacks that differ from the committed ones, and proof that it looks at all."""

from pathlib import Path

import aws_cdk as cdk
import cdk_nag
import pytest
from aws_cdk import aws_sqs as sqs

from infra.tenant import Tenant
from infra.tenant_stack import TenantStack

EVERYTHING = {
    "name": "everything",
    "aws": {"account": "123456789012", "region": "eu-central-1"},
    "functions": {"python": "3.14", "architecture": "x86_64", "ingest_reserved_concurrency": 20},
    "alarms": {"email": "ops@everything.example"},
    "custom_domain": {
        "name": "tandem.everything.example",
        "certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/0a",
    },
    "connections": {
        "allow_private_addresses": True,
        "subnet_ids": ["subnet-0123456789abcdef0"],
        "security_group_ids": ["sg-0123456789abcdef0"],
    },
    "removal_policy": "destroy",
}
ASK_RMMS = 5
"""Functions that ask RMMs: admin_api, scheduled_poll, alert_reset, read_back, device_sync."""


@pytest.fixture
def app_with_checks(tmp_path: Path) -> cdk.App:
    made = cdk.App(outdir=str(tmp_path / "assembly"))
    cdk.Validations.of(made).add_plugins(cdk_nag.AwsSolutionsChecks(made))
    return made


def test_a_tenant_with_every_option_has_no_findings(app_with_checks: cdk.App) -> None:
    stack = TenantStack(app_with_checks, Tenant.model_validate(EVERYTHING))
    template = app_with_checks.synth().get_stack_by_name(stack.stack_name).template

    kinds = {resource["Type"] for resource in template["Resources"].values()}
    functions = [found for found in template["Resources"].values() if found["Type"] == "AWS::Lambda::Function"]
    urls = [function["Properties"]["Environment"]["Variables"].get("PUBLIC_URL") for function in functions]
    assert {"AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::ApiMapping", "AWS::SNS::Subscription"} <= kinds
    assert {function["Properties"]["Runtime"] for function in functions} == {"python3.14"}
    assert template["Outputs"]["ApiUrl"]["Value"] == "https://tandem.everything.example"
    assert any("https://tandem.everything.example" in str(url) for url in urls)
    networks = [found["Properties"].get("VpcConfig") for found in functions]
    assert [network for network in networks if network] == [
        {"SecurityGroupIds": ["sg-0123456789abcdef0"], "SubnetIds": ["subnet-0123456789abcdef0"]}
    ] * ASK_RMMS
    table = next(found for found in template["Resources"].values() if found["Type"] == "AWS::DynamoDB::Table")
    assert table["DeletionPolicy"] == "Delete"


def test_a_careless_resource_would_be_found(app_with_checks: cdk.App) -> None:
    stack = TenantStack(app_with_checks, Tenant(name="careless"))
    sqs.Queue(stack, "Careless")

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app_with_checks.synth()
