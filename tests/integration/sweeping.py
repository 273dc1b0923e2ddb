"""A tenant with maintenance windows in which time jumps: table, queue, processor and sweep on one clock."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tandem.alert_queue import AlertEventQueue
from tandem.alerts.event_message import decode
from tandem.alerts.models import AlertEvent
from tandem.alerts.windows import MaintenanceWindow
from tandem.processing.processor import Message, Processed
from tandem.store import keys
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.configuration.windows import WindowRecord, Windows
from tandem.store.due import DueTimes
from tandem.store.lookups import Lookups
from tandem.sweeping.held_alerts import HeldAlerts
from tandem.sweeping.sweep import Sweep, Taken
from tests.integration.deployment import configure, messages, of_kind, processor
from tests.unit.alerts.world import START, at

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


def sweep_of_windows(
    dynamodb: "DynamoDBClient", sqs: "SQSClient", table: str, queue_url: str, clock: Callable[[], datetime]
) -> Sweep:
    """The sweep, as far as windows go."""
    times = DueTimes(dynamodb, table)
    held = HeldAlerts(times, Lookups(dynamodb, table), AlertEventQueue(lambda: sqs, queue_url), clock)
    return Sweep(times, {keys.WINDOW_ENDS: held.ended, keys.WINDOW_CHANGED: held.changed}, clock)


class Lapse:
    """`now` is what every part takes for the time; `sweep_and_work` is what a minute brings."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        sqs: "SQSClient",
        table: str,
        queue_url: str,
        *windows: MaintenanceWindow,
        client_of_o1: str | None = "c1",
    ) -> None:
        self.now = START
        self.dynamodb, self.sqs, self._table, self.queue_url = dynamodb, sqs, table, queue_url
        configure(dynamodb, table, client_of_o1=client_of_o1)
        self.windows = Windows(ConfigurationTable(dynamodb, table))
        for window in windows:
            self.windows.add(window)
        self.processor = self.another_processor(dynamodb)

    def clock(self) -> datetime:
        return self.now

    def another_processor(self, dynamodb: "DynamoDBClient") -> Any:
        """As another function instance has it."""
        return processor(dynamodb, self._table, self.clock)

    def fires(self, *events: AlertEvent) -> list[Processed]:
        """The processor gets these events, as one batch."""
        results: list[Processed] = self.processor.process(messages(events))
        assert [result.failed or result.parked for result in results] == [None] * len(results)
        return results

    def minutes_later(self, minutes: float) -> None:
        """It is so many minutes after the start of the test's day, and as much as clocks may differ."""
        self.now = at(minutes) + timedelta(seconds=3)

    def change(self, window_id: str, **words: Any) -> None:
        """A person edits the window."""
        record = self._record(window_id)
        self.windows.replace(record, replace(record.window, **words), self.now)
        self.now += timedelta(seconds=3)

    def delete(self, window_id: str) -> None:
        """A person deletes the window."""
        self.windows.remove(self._record(window_id), self.now)
        self.now += timedelta(seconds=3)

    def sweep(self, has_time: Callable[[], bool] = lambda: True) -> Taken:
        """One run."""
        return self.a_sweep().run(has_time).taken

    def a_sweep(self) -> Sweep:
        return sweep_of_windows(self.dynamodb, self.sqs, self._table, self.queue_url, self.clock)

    def queued(self) -> list[Message]:
        """Takes all messages from the queue."""
        found: list[Message] = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self.queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
            )
            if not answer.get("Messages"):
                return found
            for each in answer["Messages"]:
                group_id = each["Attributes"]["MessageGroupId"]
                found.append(Message(each["MessageId"], each["Body"], group_id, self.now))
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=each["ReceiptHandle"])

    def work(self) -> list[AlertEvent]:
        """The processor takes what is queued; gives what it was."""
        taken = self.queued()
        for result in self.processor.process(taken):
            assert result.failed is None
            assert result.parked is None
        return [decode(each.body) for each in taken]

    def sweep_and_work(self) -> None:
        """One run, and all that follows from it."""
        self.sweep()
        self.work()

    def alert(self, external_id: str = "a1") -> dict[str, Any]:
        """The alert's item."""
        (found,) = [each for each in self.of_kind("ALERT") if each["external_alert_id"] == external_id]
        return found

    def tickets(self) -> list[dict[str, Any]]:
        """The items of all tickets, in the order in which they were made."""
        found = [each for each in self.of_kind("TICKET") if "number" in each]
        return sorted(found, key=lambda each: each["number"])

    def due(self) -> list[dict[str, Any]]:
        """All entries of the due-time index."""
        return sorted((each for each in self.of_kind("20") if each["pk"].startswith("DUE#")), key=lambda e: e["sk"])

    def of_kind(self, sort: str) -> Iterable[dict[str, Any]]:
        return of_kind(self.dynamodb, self._table, sort)

    def _record(self, window_id: str) -> WindowRecord:
        record = self.windows.get(window_id)
        assert record is not None
        return record
