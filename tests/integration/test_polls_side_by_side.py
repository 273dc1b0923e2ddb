"""Polls of several integrations at once: one RMM that hangs delays no other's poll."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tandem.connections.errors import TimeIsUp
from tandem.connections.rmm import AlertSeen
from tandem.polling.report import Report
from tests.emulator import EmulatedAws
from tests.integration.polled_lapse import PolledLapse
from tests.integration.sweeping import Lapse
from tests.unit.alerts.world import triggered
from tests.unit.polling.world import FakeRmm

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.emulator

LONGEST = 30.0
"""Seconds after which something is wrong with the test itself."""


@dataclass
class Hanging(FakeRmm):
    """An RMM that takes the request and answers nothing until its time is up."""

    is_asked: threading.Event = field(default_factory=threading.Event)
    is_up: threading.Event = field(default_factory=threading.Event)

    def active_alerts(self) -> Iterator[AlertSeen]:
        self.is_asked.set()
        assert self.is_up.wait(LONGEST)
        yield from ()
        raise TimeIsUp("Tactical RMM took longer than the 450 seconds that Tandem has for this.")


def test_an_rmm_that_hangs_delays_no_other_integrations_poll(
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    emulated_aws: EmulatedAws,
    table_name: str,
    new_queue: Callable[..., str],
) -> None:
    lapse = Lapse(dynamodb, sqs, table_name, new_queue())
    tenant = PolledLapse(lapse, dynamodb, table_name, emulated_aws, "i1", "i2")
    tenant.rmms["i2"] = hanging = Hanging()
    reports: list[Report] = []
    poll_of_i2 = threading.Thread(target=lambda: reports.append(tenant.work.poll("i2", 600)))
    poll_of_i2.start()
    try:
        assert hanging.is_asked.wait(LONGEST)
        for minutes in (1, 5):
            report = tenant.poll(minutes, [triggered(0)])
            assert report.outcome == "succeeded"
        assert len(lapse.tickets()) == 1
        assert tenant.work.poll("i2", 600).outcome == "busy", "its next poll does not wait either"
        assert reports == [], "it hangs to this moment"
    finally:
        hanging.is_up.set()
        poll_of_i2.join(LONGEST)
    assert [each.outcome for each in reports] == ["failed"]
    states = [tenant.polls.state(name, lapse.now) for name in ("i1", "i2")]
    assert [each.consecutive_failures for each in states] == [0, 1]
