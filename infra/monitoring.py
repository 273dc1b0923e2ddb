"""Alarms: what somebody must look at, sent to one topic."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk.aws_cloudwatch_actions import SnsAction
from constructs import Construct

from infra.api import Api
from infra.function_maker import FunctionMaker
from infra.queues import AlertQueues
from infra.tenant import Tenant

METRICS_NAMESPACE = "Tandem"
"""That of the functions' own metrics too (tandem/telemetry.py)."""

_PERIOD = Duration.minutes(5)
_OLDEST_MESSAGE = Duration.minutes(5)


class Monitoring(Construct):
    """The topic and its alarms. An alarm is also sent when it ends."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        tenant: Tenant,
        *,
        maker: FunctionMaker,
        queues: AlertQueues,
        api: Api,
    ) -> None:
        super().__init__(scope, construct_id)
        self._tenant = tenant
        self.topic = sns.Topic(self, "Topic", display_name=f"Tandem {tenant.name}", enforce_ssl=True)
        # enforce_ssl's policy replaces SNS's own, which let the account's alarms in.
        self.topic.grant_publish(iam.ServicePrincipal("cloudwatch.amazonaws.com"))
        if tenant.alarms.email:
            self.topic.add_subscription(subscriptions.EmailSubscription(tenant.alarms.email))

        self._alarm(
            "DeadLetters",
            queues.dead_letters.metric_approximate_number_of_messages_visible(period=_PERIOD, statistic="Maximum"),
            "Alert events that failed again and again wait in the dead-letter queue.",
        )
        self._alarm(
            "OldestMessage",
            queues.alert_events.metric_approximate_age_of_oldest_message(period=_PERIOD, statistic="Maximum"),
            "Alert events wait longer than 5 minutes for alert_processor.",
            above=_OLDEST_MESSAGE.to_seconds(),
        )
        # What alert_processor cannot process it parks in the table and acknowledges; no queue shows that.
        self._alarm(
            "ParkedEvents",
            cloudwatch.Metric(
                namespace=METRICS_NAMESPACE,
                metric_name="parked",
                dimensions_map={"tenant": tenant.name, "function": "alert_processor"},
                period=_PERIOD,
                statistic="Sum",
            ),
            "Alert events could not be processed and were parked: see GET /api/v1/dead-letters.",
        )
        for name, function in maker.functions.items():
            self._function_alarms(name, function)
        self._alarm(
            "ServerErrors",
            api.http_api.metric_server_error(period=_PERIOD, statistic="Sum"),
            "Requests were answered with a 5xx: webhooks may not have been stored.",
        )
        # The API's own 4xx metric counts every wrong secret too; only the access log tells a 429 from it.
        self._alarm(
            "ThrottledRequests",
            self._lines("ThrottledRequests", api.access_log, '{ $.status = "429" }'),
            "Requests were answered 429; Tactical RMM sends no webhook a second time.",
        )

    def _function_alarms(self, name: str, function: lambda_.Function) -> None:
        prefix = "".join(word.capitalize() for word in name.split("_"))
        self._alarm(f"{prefix}Errors", function.metric_errors(period=_PERIOD), f"{name} failed.")
        self._alarm(
            f"{prefix}Throttles",
            function.metric_throttles(period=_PERIOD),
            f"{name} was held back: the account's or the function's concurrency is used up.",
        )

    def _lines(self, name: str, log_group: logs.ILogGroup, pattern: str) -> cloudwatch.Metric:
        """How many JSON lines of `log_group` match, as a metric by the tenant that each line names."""
        return logs.MetricFilter(
            self,
            f"{name}Filter",
            log_group=log_group,
            metric_namespace=METRICS_NAMESPACE,
            metric_name=name,
            filter_pattern=logs.FilterPattern.literal(pattern),
            metric_value="1",
            dimensions={"tenant": "$.tenant"},
        ).metric(period=_PERIOD, statistic="Sum", dimensions_map={"tenant": self._tenant.name})

    def _alarm(self, construct_id: str, metric: cloudwatch.IMetric, description: str, *, above: float = 0) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            alarm_description=f"Tandem {self._tenant.name}: {description}",
            metric=metric,
            threshold=above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        action = SnsAction(self.topic)
        alarm.add_alarm_action(action)
        alarm.add_ok_action(action)
