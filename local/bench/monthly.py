"""What a tenant's stack costs each month, whatever it does. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from local.bench.cost import GB, SERVICE_MS, Line
from local.bench.lambdas import INVOCATION_MS, PLATFORM_BYTES, billed_seconds
from local.bench.prices import Price

_DAYS = 30.4


@dataclass(frozen=True, slots=True)
class Fixed:
    """What a tenant's stack costs each month, whatever it does. Counts of infra/; `metrics`: names times the values
    of their dimensions that a busy month has."""

    metrics: int = 56
    alarms: int = 59
    dashboards: int = 1
    secrets: int = 2
    pollers: int = 75
    """Lambda keeps five connections to each queue open, each asking again after 20 s without a message."""
    sweep_reads: int = 4
    """Consistent queries of an idle sweep: one for each shard of the due-time index."""
    sweep_ms: float = INVOCATION_MS + 4 * SERVICE_MS["Query"] + 10.0
    """Assumed: the queries' answers, and computing."""

    def lines(self, prices: Mapping[str, Price], memory_mb: int = 512) -> list[Line]:
        """By component."""
        sweeps = _DAYS * 24 * 60
        polls = self.pollers * _DAYS * 24 * 3600 / 20
        counted = [
            ("Custom metrics", float(self.metrics), "metric"),
            ("Alarms", float(self.alarms), "alarm"),
            ("Dashboard", float(self.dashboards), "dashboard"),
            ("Secrets", float(self.secrets), "secret"),
            ("SQS: Lambda asking an idle queue", polls, "sqs_fifo"),
            ("EventBridge Scheduler: due_sweep every minute", sweeps, "scheduler"),
            ("due_sweep: requests", sweeps, "lambda_request"),
            (
                "due_sweep: duration",
                sweeps * billed_seconds(self.sweep_ms) * memory_mb / 1024,
                "lambda_arm64",
            ),
            ("due_sweep: reads of the due-time index", sweeps * self.sweep_reads, "dynamodb_read"),
            ("Logs: due_sweep's START, END, REPORT", sweeps * PLATFORM_BYTES / GB, "logs"),
        ]
        return [Line(name, quantity, prices[key].unit, prices[key].of(quantity)) for name, quantity, key in counted]
