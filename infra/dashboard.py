"""The tenant's dashboard: what came in, what became of it, how long it took, what failed."""

from collections.abc import Iterable

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.api import Api
from infra.dead_letters import DeadLetterKeeping
from infra.function_maker import FunctionMaker
from infra.metrics import NAMESPACE, PERIOD, own_metric
from infra.monitoring import PARKING, POLL, SWEEP, SYNC
from infra.tenant import Tenant

OUTCOMES = (
    "ticket_created",
    "occurrence_appended",
    "severity_raised",
    "recorded_only",
    "needs_mapping",
    "suppressed",
    "resolved",
    "acknowledged",
    "placed",
    "ignored",
    "parked",
    "given_back",
)
"""What alert_processor counts."""

POLL_METRICS = ("polls", "polls_failed", "poll_unreadable", "poll_fired", "poll_cleared", "poll_held_back")
"""What scheduled_poll counts."""

SYNC_METRICS = ("sync_runs", "sync_runs_failed", "sync_devices_seen", "sync_devices_failed", "sync_assets_created")
REFRESH_METRICS = ("refresh_refreshed", "refresh_gone", "refresh_known", "refresh_given_up", "refresh_given_back")
"""What device_sync counts."""

WEBHOOK_METRICS = ("WebhookIgnored", "WebhookRefused", "WebhookFailed")
"""What webhook_ingest counts, by provider and reason. What it stored is what the queue was sent."""

_WIDTH = 8
"""Of 24 columns: three graphs a row."""


class Dashboard(Construct):
    """`tandem-<tenant>`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        tenant: Tenant,
        *,
        maker: FunctionMaker,
        keeping: DeadLetterKeeping,
        api: Api,
    ) -> None:
        super().__init__(scope, construct_id)
        self._tenant = tenant
        self._maker = maker
        self._keeping = keeping
        functions = maker.functions
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=f"tandem-{tenant.name}",
            widgets=[
                [self._webhooks(), self._outcomes(), self._lag()],
                [self._waiting(), self._dead_letters(), self._api(api)],
                [
                    _graph("Errors", [each.metric_errors(label=name) for name, each in functions.items()]),
                    _graph("Throttles", [each.metric_throttles(label=name) for name, each in functions.items()]),
                    _graph(
                        "Duration, p99",
                        [each.metric_duration(statistic="p99", label=name) for name, each in functions.items()],
                    ),
                ],
                [self._behind(), *self._polls()],
                self._syncs(),
            ],
        )

    def _webhooks(self) -> cloudwatch.GraphWidget:
        stored = self._keeping.queues[0].queue.metric_number_of_messages_sent(label="stored")
        return _graph("Webhooks by outcome", [stored, *(self._by_reason(name) for name in WEBHOOK_METRICS)])

    def _by_reason(self, name: str) -> cloudwatch.MathExpression:
        dimensions = f"{NAMESPACE},tenant,function,provider,reason"
        found = f'{{{dimensions}}} MetricName="{name}" tenant="{self._tenant.name}"'
        # No label: each series is called by what tells it from the others, its provider and reason.
        return cloudwatch.MathExpression(
            expression=f"SEARCH('{found}', 'Sum', {PERIOD.to_seconds():.0f})", label="", using_metrics={}
        )

    def _outcomes(self) -> cloudwatch.GraphWidget:
        return _graph(
            "Alert events by outcome", [own_metric(self._tenant, "alert_processor", name) for name in OUTCOMES]
        )

    def _lag(self) -> cloudwatch.GraphWidget:
        return _graph(
            "From reception to application, ms",
            [own_metric(self._tenant, "alert_processor", "lag", statistic=each, label=each) for each in ("p50", "p99")],
        )

    def _waiting(self) -> cloudwatch.GraphWidget:
        return _graph(
            "Oldest message, s",
            [
                each.queue.metric_approximate_age_of_oldest_message(statistic="Maximum", label=each.source)
                for each in self._keeping.queues
            ],
        )

    def _dead_letters(self) -> cloudwatch.GraphWidget:
        waiting = {each.source: each.dead_letters for each in self._keeping.queues}
        waiting["stream-failures"] = self._keeping.notices
        parked = [
            own_metric(self._tenant, name, "parked", label=f"parked by {name}")
            for name in PARKING
            if name in self._maker.functions
        ]
        return _graph(
            "Dead letters",
            [
                own_metric(self._tenant, "dead_letter_keeper", "kept", label="kept from queues and stream"),
                *parked,
                *(
                    queue.metric_approximate_number_of_messages_visible(statistic="Maximum", label=f"in queue: {name}")
                    for name, queue in waiting.items()
                ),
            ],
        )

    def _api(self, api: Api) -> cloudwatch.GraphWidget:
        return _graph(
            "Requests",
            [
                api.http_api.metric_count(statistic="Sum", label="all"),
                api.http_api.metric_client_error(statistic="Sum", label="4xx"),
                api.http_api.metric_server_error(statistic="Sum", label="5xx"),
            ],
        )

    def _behind(self) -> cloudwatch.GraphWidget:
        streams: dict[str, lambda_.Function] = dict(self._keeping.streams)
        metrics: list[cloudwatch.IMetric] = [
            function.metric("IteratorAge", statistic="Maximum", label=f"{source}, ms")
            for source, function in streams.items()
        ]
        if SWEEP in self._maker.functions:
            metrics.append(
                own_metric(self._tenant, SWEEP, "sweep_lag_seconds", statistic="Maximum", label="due_sweep, s")
            )
        return _graph("Behind: readers of the stream, the sweep", metrics)

    def _polls(self) -> list[cloudwatch.GraphWidget]:
        if POLL not in self._maker.functions:
            return []
        ages = [
            own_metric(self._tenant, POLL, "poll_seconds_since_good", statistic="Maximum", label="last good poll, s"),
            own_metric(self._tenant, POLL, "poll_milliseconds", statistic="p99", label="a poll takes, p99, ms"),
        ]
        counted = [own_metric(self._tenant, POLL, name) for name in POLL_METRICS]
        return [_graph("Polls", counted), _graph("Polls: the integration that is furthest behind, and how long", ages)]

    def _syncs(self) -> list[cloudwatch.IWidget]:
        if SYNC not in self._maker.functions:
            return []
        ages = [
            own_metric(self._tenant, SYNC, "sync_seconds_since_good", statistic="Maximum", label="last good sync, s"),
            own_metric(self._tenant, SYNC, "sync_milliseconds", statistic="p99", label="a sync takes, p99, ms"),
        ]
        counted = [own_metric(self._tenant, SYNC, name) for name in SYNC_METRICS]
        refreshed = [own_metric(self._tenant, SYNC, name) for name in REFRESH_METRICS]
        return [
            _graph("Device syncs", counted),
            _graph("Device syncs: the integration that is furthest behind, and how long", ages),
            _graph("Single devices refreshed", refreshed),
        ]


def _graph(title: str, metrics: Iterable[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=_WIDTH, period=PERIOD)
