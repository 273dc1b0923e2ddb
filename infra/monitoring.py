"""Alarms: what somebody must look at, sent to one topic. docs/operations.md says of each what to do."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_cloudwatch_actions import SnsAction
from constructs import Construct

from infra.api import Api
from infra.dead_letters import DeadLetterKeeping
from infra.function_maker import FunctionMaker
from infra.metrics import NAMESPACE, PERIOD, own_metric
from infra.queues import FailingQueue
from infra.tenant import Tenant

_FURTHEST_BEHIND = Duration.minutes(15)
_SWEEP_LAG = Duration.minutes(5)

PARKING = (
    "alert_processor",
    "event_publisher",
    "notifier",
    "ticket_close_reset",
    "alert_reset",
    "read_back",
    "device_sync",
)
"""Functions that park what can never be processed, and acknowledge it: no queue shows that."""

SWEEP = "due_sweep"
POLL = "scheduled_poll"
SYNC = "device_sync"

_POLLS_FAILED = 2
"""In a row, of one integration: one more rings."""

_LONGEST_BETWEEN_POLLS = Duration.hours(1)

_SYNCS_FAILED = 2
_SYNCS_FAILED_WITHIN = Duration.hours(3)
"""One more rings: of an hourly integration three in a row."""

_LONGEST_BETWEEN_TURNS = Duration.hours(8)
_LAST_GOOD_SYNC = Duration.hours(48)
"""A sync that is to run daily failed twice."""


class Monitoring(Construct):
    """The topic and its alarms. An alarm is also sent when it ends."""

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
        self.topic = sns.Topic(self, "Topic", display_name=f"Tandem {tenant.name}", enforce_ssl=True)
        # enforce_ssl's policy replaces SNS's own, which let the account's alarms in.
        self.topic.grant_publish(iam.ServicePrincipal("cloudwatch.amazonaws.com"))
        if tenant.alarms.email:
            self.topic.add_subscription(subscriptions.EmailSubscription(tenant.alarms.email))

        for name, function in maker.functions.items():
            self._function_alarms(name, function)
        for each in keeping.queues:
            self._queue_alarms(each)
        self._stuck_alarm("StreamFailures", keeping.notices, "notices of failed stream records")
        for source, function in keeping.streams.items():
            self._stream_alarm(source, function)
        self._letter_alarms(maker)
        if SWEEP in maker.functions:
            self._sweep_alarms(maker.functions[SWEEP])
        if POLL in maker.functions:
            self._poll_alarms()
        if SYNC in maker.functions:
            self._sync_alarms()
        self._api_alarms(api)

    def _function_alarms(self, name: str, function: lambda_.Function) -> None:
        prefix = _camel(name)
        self._alarm(f"{prefix}Errors", function.metric_errors(period=PERIOD), f"{name} failed.")
        self._alarm(
            f"{prefix}Throttles",
            function.metric_throttles(period=PERIOD),
            f"{name} was held back: the account's or the function's concurrency is used up.",
        )

    def _queue_alarms(self, failing: FailingQueue) -> None:
        prefix = _camel(failing.source)
        self._alarm(
            f"{prefix}OldestMessage",
            failing.queue.metric_approximate_age_of_oldest_message(period=PERIOD, statistic="Maximum"),
            f"Messages of {failing.source} wait longer than {failing.oldest.to_minutes():.0f} minutes.",
            above=failing.oldest.to_seconds(),
        )
        self._stuck_alarm(prefix, failing.dead_letters, f"dead letters of {failing.source}")

    def _stuck_alarm(self, prefix: str, queue: sqs.Queue, what: str) -> None:
        """A letter stays a moment in its queue; where it stays for a quarter of an hour, nobody takes it."""
        self._alarm(
            f"{prefix}DeadLetters",
            queue.metric_approximate_number_of_messages_visible(period=PERIOD, statistic="Maximum"),
            f"dead_letter_keeper leaves {what} in their queue.",
            periods=3,
        )

    def _stream_alarm(self, source: str, function: lambda_.Function) -> None:
        self._alarm(
            f"{_camel(source)}Behind",
            function.metric("IteratorAge", period=PERIOD, statistic="Maximum"),
            f"{source} is more than 15 minutes behind the table's changes, which are kept for a day.",
            above=_FURTHEST_BEHIND.to_milliseconds(),
        )

    def _letter_alarms(self, maker: FunctionMaker) -> None:
        for name in PARKING:
            if name in maker.functions:
                self._alarm(
                    f"{_camel(name)}Parked",
                    own_metric(self._tenant, name, "parked"),
                    f"{name} parked what it can never process: see GET /api/v1/dead-letters.",
                )
        self._alarm(
            "LettersKept",
            own_metric(self._tenant, "dead_letter_keeper", "kept"),
            "Something failed again and again and is a dead letter now: see GET /api/v1/dead-letters.",
        )
        self._alarm(
            "LettersGivenBack",
            own_metric(self._tenant, "dead_letter_keeper", "given_back"),
            "dead_letter_keeper could not write letters; they stay in their queues and are tried again.",
        )

    def _sweep_alarms(self, sweep: lambda_.Function) -> None:
        self._alarm(
            "DueSweepLag",
            own_metric(self._tenant, SWEEP, "sweep_lag_seconds", statistic="Maximum"),
            "What maintenance windows held is decided more than 5 minutes late.",
            above=_SWEEP_LAG.to_seconds(),
        )
        self._alarm(
            "DueSweepMissing",
            sweep.metric_invocations(period=PERIOD, statistic="Sum"),
            "due_sweep has not run: its schedule is off, or may not call it.",
            below=1,
            periods=3,
        )

    def _poll_alarms(self) -> None:
        failing = own_metric(self._tenant, POLL, "poll_failures_in_a_row", statistic="Maximum")
        self._alarm(
            "PollsFailing",
            # So long that an integration that keeps failing does not end its alarm between two polls.
            failing.with_(period=_LONGEST_BETWEEN_POLLS),
            "Polls of an integration failed three times in a row: GET /api/v1/integrations says which, and why.",
            above=_POLLS_FAILED,
        )

    def _sync_alarms(self) -> None:
        failed = own_metric(self._tenant, SYNC, "sync_runs_failed")
        self._alarm(
            "DeviceSyncsFailing",
            failed.with_(period=_SYNCS_FAILED_WITHIN),
            "Syncs of devices failed three times within three hours: GET /api/v1/integrations says why.",
            above=_SYNCS_FAILED,
        )
        # So long that an integration that is synced daily does not end its alarm between two turns.
        behind = own_metric(self._tenant, SYNC, "sync_seconds_since_good", statistic="Maximum")
        self._alarm(
            "DeviceSyncsBehind",
            behind.with_(period=_LONGEST_BETWEEN_TURNS),
            "The last good sync of an integration's devices is more than two days old.",
            above=_LAST_GOOD_SYNC.to_seconds(),
        )

    def _api_alarms(self, api: Api) -> None:
        self._alarm(
            "ServerErrors",
            api.http_api.metric_server_error(period=PERIOD, statistic="Sum"),
            "Requests were answered with a 5xx: webhooks may not have been stored.",
        )
        # The API's own 4xx metric counts every wrong secret too; only the access log tells a 429 from it.
        self._alarm(
            "ThrottledRequests",
            self._lines("ThrottledRequests", api.access_log, '{ $.status = "429" }'),
            "Requests were answered 429; Tactical RMM sends no webhook a second time.",
        )

    def _lines(self, name: str, log_group: logs.ILogGroup, pattern: str) -> cloudwatch.Metric:
        """How many JSON lines of `log_group` match, as a metric by the tenant that each line names."""
        return logs.MetricFilter(
            self,
            f"{name}Filter",
            log_group=log_group,
            metric_namespace=NAMESPACE,
            metric_name=name,
            filter_pattern=logs.FilterPattern.literal(pattern),
            metric_value="1",
            dimensions={"tenant": "$.tenant"},
        ).metric(period=PERIOD, statistic="Sum", dimensions_map={"tenant": self._tenant.name})

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        above: float = 0,
        below: float | None = None,
        periods: int = 1,
    ) -> None:
        """An alarm on `periods` in a row `above` the one, or `below` the other; only then does no data mean trouble."""
        operators = cloudwatch.ComparisonOperator
        missing = cloudwatch.TreatMissingData
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            # The alarm's own name is what the message says and what docs/operations.md lists.
            alarm_name=f"tandem-{self._tenant.name}-{construct_id}",
            alarm_description=f"Tandem {self._tenant.name}: {description}",
            metric=metric,
            threshold=above if below is None else below,
            comparison_operator=operators.GREATER_THAN_THRESHOLD if below is None else operators.LESS_THAN_THRESHOLD,
            evaluation_periods=periods,
            treat_missing_data=missing.NOT_BREACHING if below is None else missing.BREACHING,
        )
        action = SnsAction(self.topic)
        alarm.add_alarm_action(action)
        alarm.add_ok_action(action)


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.replace("-", "_").split("_"))
