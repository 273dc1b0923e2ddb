"""A sweep that is killed between any two calls, and the next one: every alert that a window held is freed, and once."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tandem.alerts.windows import MaintenanceWindow, Span
from tests.emulator import EmulatedAws, create_table
from tests.integration.deployment import contents
from tests.integration.kills import Sandbox, moments, outline
from tests.integration.sweeping import Lapse, sweep_of_windows
from tests.unit.alerts.world import at, reset, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.emulator

WINDOW = MaintenanceWindow("w1", "Patch night", span=Span(at(-60), at(60)))
HELD = (triggered(), triggered(1, "b1", device="d2"), triggered(2, "c1", device="d3"), reset(3, "c1", device="d3"))


class Tenant:
    """In which the window has just let go of two alerts, and a sweep that may be killed."""

    def __init__(
        self, why: str, dynamodb: "DynamoDBClient", sqs: "SQSClient", queue_url: str, aws: EmulatedAws, sandbox: Sandbox
    ) -> None:
        self._dynamodb, self._table = dynamodb, create_table(dynamodb, f"kills-{uuid.uuid4().hex}")
        self.lapse = Lapse(dynamodb, sqs, self._table, queue_url, WINDOW)
        self.lapse.fires(*HELD)
        if why == "it ends":
            self.lapse.minutes_later(61)
        else:
            self.lapse.delete(WINDOW.window_id)
        watched, watched_sqs = aws.client("dynamodb"), aws.client("sqs")
        for client in (watched, watched_sqs):
            sandbox.attach(client.meta.events)
        self._doomed = sweep_of_windows(watched, watched_sqs, self._table, queue_url, self.lapse.clock)

    def sweep(self) -> None:
        """A run that may be killed."""
        self._doomed.run(lambda: True)

    def outline(self) -> list[tuple[str, ...]]:
        """What the table holds."""
        return outline(contents(self._dynamodb, self._table))

    def remove(self) -> None:
        self._dynamodb.delete_table(TableName=self._table)


@pytest.mark.parametrize("why", ["it ends", "it is deleted"])
def test_a_sweep_that_is_killed_at_any_call_and_run_again_frees_every_held_alert_once(
    why: str,
    emulated_aws: EmulatedAws,
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    new_queue: Callable[..., str],
) -> None:
    sandbox = Sandbox()

    def tenant() -> Tenant:
        return Tenant(why, dynamodb, sqs, new_queue(), emulated_aws, sandbox)

    undisturbed = tenant()
    calls = sandbox.count(undisturbed.sweep)
    undisturbed.lapse.work()
    end = undisturbed.outline()
    assert undisturbed.lapse.due() == []
    assert len(undisturbed.lapse.tickets()) == 2
    undisturbed.remove()
    for call, moment in moments(calls):
        disturbed = tenant()
        sandbox.kill(disturbed.sweep, call, moment)
        disturbed.lapse.sweep_and_work()
        assert disturbed.outline() == end, f"killed {moment} call {call}"
        disturbed.remove()
