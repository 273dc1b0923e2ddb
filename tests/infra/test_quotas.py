"""What fifty tenants in one account and region would use, against AWS's default quotas.

One account a tenant is recommended; this keeps the other way open. The quotas are the defaults in AWS's user guides of
2026: "IAM and STS quotas", "Amazon API Gateway quotas", "Lambda quotas", "Quotas in Amazon DynamoDB", "General
purpose bucket quotas", "Amazon EventBridge quotas".
"""

import io
import zipfile
from pathlib import Path
from typing import Any

from tests.infra.template import Template

TENANTS = 50

# CloudFormation type → how many of it an account may have in a region (roles: in all regions).
QUOTAS = {
    "AWS::ApiGatewayV2::Api": 600,
    "AWS::CloudWatch::Alarm": 5_000,
    "AWS::DynamoDB::Table": 2_500,
    "AWS::Events::EventBus": 100,
    "AWS::IAM::Role": 1_000,
    "AWS::S3::Bucket": 10_000,
    "AWS::SecretsManager::Secret": 500_000,
    "AWS::SNS::Topic": 100_000,
    "AWS::Scheduler::Schedule": 1_000_000,
    "AWS::Scheduler::ScheduleGroup": 500,
}
CONCURRENT_EXECUTIONS = 1_000
_OF_PEOPLE = ("-ticket-closes", "-alert-resets.fifo")
"""Queues of what follows when people close tickets."""
_OF_DEVICES = ("-device-sync", "-device-refresh.fifo")
"""Queues of device syncs: they come by the clock, spread over a third of their interval, and what they do can wait."""

CODE_STORAGE_BYTES = 75 * 1024**3
DEPLOYMENTS_KEPT = 20
"""Versions of each function and layer that lie about before somebody cleans up."""

# No quota that fifty tenants could come near: none, or one a parent (an API's routes, a log group's filters).
UNCOUNTED = {
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Events::Rule",
    "AWS::IAM::Policy",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::CDK::Metadata",
    "AWS::CloudWatch::Dashboard",
}


def test_every_kind_of_resource_has_been_thought_of(template: Template) -> None:
    kinds = {resource["Type"] for resource in template.content["Resources"].values()}

    assert kinds <= QUOTAS.keys() | UNCOUNTED


def test_fifty_tenants_leave_a_quarter_of_any_quota(template: Template) -> None:
    for kind, quota in QUOTAS.items():
        assert len(template.resources(kind)) * TENANTS <= quota * 3 / 4, kind


def test_storms_at_fifty_tenants_at_once_leave_the_account_concurrency(template: Template) -> None:
    reserved = [
        function.get("ReservedConcurrentExecutions", 0) for function in template.properties("AWS::Lambda::Function")
    ]

    queues = {name: queue["Properties"] for name, queue in template.resources("AWS::SQS::Queue").items()}
    most = {
        _queue_of(mapping): mapping["ScalingConfig"]["MaximumConcurrency"] for mapping in _of_queues(template).values()
    }
    # Dead letters wait without harm; they never take more than the fewest that SQS allows.
    dead = {name for name, properties in queues.items() if _is_last(properties)}
    assert {most[name] for name in dead} == {2}
    by_people, of_devices = (
        {name for name in most if str(queues[name].get("QueueName")).endswith(names)}
        for names in (_OF_PEOPLE, _OF_DEVICES)
    )
    assert (len(by_people), len(of_devices)) == (len(_OF_PEOPLE), len(_OF_DEVICES))
    # Even all of it at once, of all tenants, is not more than there is; without syncs a quarter is left.
    assert sum(most[name] for name in most.keys() - dead) * TENANTS <= CONCURRENT_EXECUTIONS
    assert sum(most[name] for name in most.keys() - dead - of_devices) * TENANTS <= CONCURRENT_EXECUTIONS * 3 / 4
    # What people's work leads to is no part of a storm of alerts, and neither are syncs.
    in_a_storm = most.keys() - dead - by_people - of_devices
    assert sum(most[name] for name in in_a_storm) * TENANTS <= CONCURRENT_EXECUTIONS / 2
    assert sum(reserved) * TENANTS <= CONCURRENT_EXECUTIONS / 2


def test_no_tenant_needs_a_line_of_the_accounts_log_resource_policy(template: Template) -> None:
    # An account has ten such policies a region; groups below /aws/vendedlogs/ need none of their own.
    assert not template.resources("AWS::Logs::ResourcePolicy")
    for group in template.properties("AWS::Logs::LogGroup"):
        assert group["LogGroupName"].startswith("/aws/vendedlogs/")


def test_the_code_of_fifty_tenants_fits_lambdas_storage(assembly: Path) -> None:
    # Both tenants' assets lie in one assembly and are the same, so this counts one tenant's.
    zipped = sum(_zipped_size(folder) for folder in assembly.glob("asset.*") if folder.is_dir())

    assert 0 < zipped * TENANTS * DEPLOYMENTS_KEPT <= CODE_STORAGE_BYTES


def _of_queues(template: Template) -> dict[str, dict[str, Any]]:
    """The mappings of queues; a reader of the stream runs once a shard."""
    mappings = template.resources("AWS::Lambda::EventSourceMapping")
    return {
        name: found["Properties"] for name, found in mappings.items() if "StartingPosition" not in found["Properties"]
    }


def _queue_of(mapping: dict[str, Any]) -> str:
    name: str = mapping["EventSourceArn"]["Fn::GetAtt"][0]
    return name


def _is_last(queue: dict[str, Any]) -> bool:
    """Where messages end that failed elsewhere."""
    return "RedrivePolicy" not in queue


def _zipped_size(folder: Path) -> int:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    return packed.tell()
