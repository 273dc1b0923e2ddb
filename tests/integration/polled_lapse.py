"""Tenants that are polled while time jumps: the sweep's table, queue and clock, and RMMs that list what a test says."""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from tandem.alert_queue import AlertEventQueue
from tandem.alerts.models import AlertEvent, Provider
from tandem.connections.limits import Deadline
from tandem.connections.rmm import Rmm
from tandem.ids import new_id
from tandem.polling.listings import BucketListings
from tandem.polling.poller import Poller
from tandem.polling.report import Report
from tandem.polling.work import Around, PollWork
from tandem.store.beliefs import Beliefs
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.records import Integration
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.polls import Polls
from tests.emulator import EmulatedAws
from tests.integration.sweeping import Lapse
from tests.unit.alerts.world import START
from tests.unit.polling.world import FakeRmm, MemorySchedules, polled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class PolledLapse:
    """Integrations on the table of a Lapse, each with an RMM in `rmms`."""

    def __init__(self, lapse: Lapse, dynamodb: "DynamoDBClient", table: str, aws: EmulatedAws, *names: str) -> None:
        self.lapse = lapse
        self.rmms: dict[str, Rmm] = {name: FakeRmm() for name in names}
        self._integrations = Integrations(ConfigurationTable(dynamodb, table))
        for name in names:
            # The lapse has made i1.
            connected = Integration(name, Provider.TACTICALRMM, "Tactical", "connected", START)
            self._integrations.put(replace(connected, version=1 if name == "i1" else 0))
        s3, bucket = aws.client("s3"), f"test-{uuid.uuid4().hex}"
        s3.create_bucket(Bucket=bucket)
        beliefs = Beliefs(dynamodb, table)
        queue = AlertEventQueue(lambda: lapse.sqs, lapse.queue_url)
        self.polls = Polls(dynamodb, table)
        self.work = PollWork(
            integrations=self._integrations,
            statuses=self,
            polls=self.polls,
            opening=self,
            poller=Poller(beliefs, BucketListings(lambda: s3, bucket), queue, lapse.clock),
            beliefs=beliefs,
            queue=queue,
            schedules=MemorySchedules(),
            around=Around(lapse.clock, lambda: lapse.now.timestamp(), new_id),
        )

    def open(self, integration: Integration, deadline: Deadline) -> Rmm:
        return self.rmms[integration.integration_id]

    def works(self, integration_id: str) -> None:
        raise NotImplementedError

    def poll(self, minutes: float, active: Iterable[AlertEvent], name: str = "i1") -> Report:
        """A poll at that time, of an RMM that lists these, and all that follows from it."""
        self.lapse.minutes_later(minutes)
        self.rmms[name] = FakeRmm(active=[polled(each) for each in active])
        report = self.work.poll(name, 600)
        self.lapse.work()
        return report
