"""What a maintenance window holds of an RMM that is polled, when the window ends: with a real table, queue, bucket,
processor and sweep, and a clock that jumps."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tandem.alerts.windows import MaintenanceWindow, Span
from tests.emulator import EmulatedAws
from tests.integration.polled_lapse import PolledLapse
from tests.integration.sweeping import Lapse
from tests.unit.alerts.world import at, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.emulator

PATCHING = MaintenanceWindow("w1", "Patch night", span=Span(at(-60), at(60)))
FIRES = triggered(10)


@pytest.fixture
def tenant(
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    emulated_aws: EmulatedAws,
    table_name: str,
    new_queue: Callable[..., str],
) -> PolledLapse:
    """Its window ends after an hour; an alert that a poll found at 15 is held by it."""
    lapse = Lapse(dynamodb, sqs, table_name, new_queue(), PATCHING)
    tenant = PolledLapse(lapse, dynamodb, table_name, emulated_aws, "i1")
    tenant.poll(15, [FIRES])
    assert (lapse.alert()["status"], lapse.tickets()) == ("suppressed", [])
    return tenant


@pytest.mark.parametrize("is_polled_first", [True, False], ids=["polled before the sweep", "polled after it"])
def test_what_a_window_held_and_the_rmm_still_lists_becomes_one_ticket_when_it_ends(
    tenant: PolledLapse, is_polled_first: bool
) -> None:
    lapse = tenant.lapse
    tenant.poll(30, [FIRES])
    tenant.poll(45, [FIRES])
    lapse.sweep_and_work()
    assert (lapse.alert()["status"], lapse.tickets()) == ("suppressed", []), "its window holds it"
    if is_polled_first:
        tenant.poll(60, [FIRES])
        assert lapse.tickets() == [], "a poll decides nothing of what is known"
    lapse.minutes_later(61)
    lapse.sweep_and_work()
    for minutes in (75, 90, 105):
        tenant.poll(minutes, [FIRES])
        lapse.sweep_and_work()
    assert len(lapse.tickets()) == 1
    assert (lapse.alert()["status"], lapse.alert()["occurrence_count"]) == ("active", 1)


def test_what_a_window_held_and_the_rmm_lists_no_more_is_resolved_without_a_ticket(tenant: PolledLapse) -> None:
    lapse = tenant.lapse
    tenant.poll(30, [])
    assert lapse.alert()["status"] == "suppressed", "one listing proves nothing"
    tenant.poll(45, [])
    assert lapse.alert()["status"] == "resolved"
    lapse.minutes_later(61)
    lapse.sweep_and_work()
    tenant.poll(75, [])
    assert (lapse.alert()["status"], lapse.tickets()) == ("resolved", [])


def test_what_ended_while_no_sweep_ran_is_resolved_without_a_ticket_also_after_the_window(tenant: PolledLapse) -> None:
    lapse = tenant.lapse
    tenant.poll(50, [])
    tenant.poll(65, [])
    assert lapse.alert()["status"] == "resolved"
    lapse.sweep_and_work()
    assert lapse.tickets() == []
