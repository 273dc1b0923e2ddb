"""Tandem's own metrics, as its functions write them (tandem/telemetry.py)."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.tenant import Tenant

NAMESPACE = "Tandem"

PERIOD = Duration.minutes(5)


def own_metric(
    tenant: Tenant, function: str, name: str, *, statistic: str = "Sum", label: str | None = None
) -> cloudwatch.Metric:
    """The metric `name` of one function, of one tenant."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"tenant": tenant.name, "function": function},
        period=PERIOD,
        statistic=statistic,
        label=label,
    )
