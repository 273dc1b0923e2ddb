"""Telling RMMs that alerts are over: from the bus through two queues to the RMMs' APIs."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.function_maker import FunctionMaker
from infra.queues import AlertQueues, failing_queue
from infra.rmm_access import allow_asking_rmms
from infra.table import TandemTable
from infra.tenant import Tenant

TIMEOUT = Duration.seconds(60)
"""Of both functions. The RMMs get 40 seconds of it in each batch (tandem/outbound/bootstrap.py)."""

ATTEMPTS_AT_CLOSES = 10
"""With the waits between them more than half an hour of a table or queue out of reach."""

ATTEMPTS_AT_RESETS = 200
"""The last resort: alert_reset gives up by itself after a day, which is some 100 attempts."""

_DISPATCHED_AT_ONCE = 2
"""Batches: the fewest that SQS allows."""

_INTEGRATIONS_AT_ONCE = 2
"""RMMs that are waited for at a time, the fewest that SQS allows; the next has its turn within a minute."""


class Outbound(Construct):
    """Rule, queues, their dead-letter queues, `ticket_close_reset` and `alert_reset`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        tenant: Tenant,
        *,
        maker: FunctionMaker,
        table: TandemTable,
        queues: AlertQueues,
        bus: events.IEventBus,
        source: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._maker = maker
        self.closes = failing_queue(
            self,
            "Closes",
            tenant,
            "ticket-closes",
            attempts=ATTEMPTS_AT_CLOSES,
            timeout=TIMEOUT,
            dead_letters_id="ClosesDeadLetters",
        )
        # A mass close may wait for a day behind an RMM that is down, and then is given up one by one.
        self.resets = failing_queue(
            self,
            "Resets",
            tenant,
            "alert-resets",
            attempts=ATTEMPTS_AT_RESETS,
            timeout=TIMEOUT,
            dead_letters_id="ResetsDeadLetters",
            fifo=True,
        )
        self.failing = [self.closes, self.resets]
        self._rules(bus, source)
        alert_queue = {"ALERT_QUEUE_URL": queues.alert_events.queue_url}
        reset_queue = {"RESET_QUEUE_URL": self.resets.queue.queue_url}
        self.ticket_close_reset = maker.make(
            self,
            "ticket_close_reset",
            timeout=TIMEOUT,
            environment={"CLOSES_QUEUE_URL": self.closes.queue.queue_url, **reset_queue, **alert_queue},
        )
        self.alert_reset = maker.make(self, "alert_reset", timeout=TIMEOUT, environment={**reset_queue, **alert_queue})
        self._dispatch(table, queues)
        self._reset(tenant, table, queues)

    def _dispatch(self, table: TandemTable, queues: AlertQueues) -> None:
        function = self.ticket_close_reset
        self._maker.allow(
            function,
            ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
            [table.arn],
        )
        self._maker.allow(function, ["sqs:SendMessage"], [self.resets.queue.queue_arn, queues.alert_events.queue_arn])
        self.closes.feed(function, at_once=_DISPATCHED_AT_ONCE)

    def _reset(self, tenant: Tenant, table: TandemTable, queues: AlertQueues) -> None:
        function = self.alert_reset
        allow_asking_rmms(self._maker, tenant, table, function)
        self._maker.allow(function, ["dynamodb:BatchGetItem", "dynamodb:Query"], [table.arn])
        self._maker.allow(function, ["sqs:SendMessage"], [queues.alert_events.queue_arn])
        self.resets.feed(function, at_once=_INTEGRATIONS_AT_ONCE)

    def _rules(self, bus: events.IEventBus, source: str) -> None:
        """The bus tries the queue for a day; then the event is a dead letter like any other of this queue."""
        self._rule(
            bus,
            "ClosedTickets",
            "Tickets of alerts that were closed; of what Tandem closes by itself nothing fires any more",
            events.EventPattern(
                source=[source],
                detail_type=["TICKET_CLOSED"],
                detail={"condition_id": events.Match.exists(), "closed_by": events.Match.anything_but("tandem")},
            ),
        )
        self._rule(
            bus,
            "ResetsRequested",
            "Alerts that a person resolved",
            events.EventPattern(source=[source], detail_type=["RMM_ALERT_RESET_REQUESTED"]),
        )

    def _rule(self, bus: events.IEventBus, construct_id: str, description: str, pattern: events.EventPattern) -> None:
        rule = events.Rule(self, construct_id, description=description, event_bus=bus, event_pattern=pattern)
        rule.add_target(
            targets.SqsQueue(
                self.closes.queue,
                dead_letter_queue=self.closes.dead_letters,
                max_event_age=Duration.hours(24),
                retry_attempts=185,
            )
        )
