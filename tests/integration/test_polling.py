"""Polls of the three vendors' simulators with the vendors' real clients, on the table, queue and bucket of the
emulator."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest

from tandem.alerts.models import AlertEvent
from tandem.store.polls import Run
from tandem.times import utc_now
from tests.emulator import EmulatedAws
from tests.integration.polling import PolledTenant, Simulated, provider_of
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm.simulator import TacticalRmm
from tests.unit.providers.normalizing import event_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.emulator

NOWHERE = "http://127.0.0.1:9/webhooks/1"


class Estate:
    """One customer of a vendor with devices, and what can happen to them."""

    def __init__(self, simulator: Simulated, tenant: PolledTenant, devices: int) -> None:
        self.simulator, self.tenant = simulator, tenant
        names = [f"SRV-{number}" for number in range(devices)]
        if isinstance(simulator, NinjaOne):
            organization = simulator.add_organization("Acme").id
            self.devices: list[Any] = [simulator.add_device(organization, name).id for name in names]
        elif isinstance(simulator, TacticalRmm):
            organization = simulator.add_client("Acme").id
            self.devices = [simulator.add_device(organization, name).agent_id for name in names]
        else:
            group = simulator.add_group("Acme").id
            self.devices = [simulator.add_device(name, group).id for name in names]
            organization = group  # type: ignore[assignment]  # ids are numbers with two vendors, texts with one
        self.organization = str(organization)
        tenant.map(self.organization)

    def fires(self, device: int = 0, condition: str = "disk") -> str:
        """The vendor's id of the alert. Its webhook goes nowhere, or is held."""
        alert: Any = self.simulator.trigger(self.devices[device], condition)
        assert alert is not None
        return str(alert.uid if isinstance(self.simulator, NinjaOne) else alert.id)

    def ends(self, alert: str) -> None:
        """The condition is over."""
        if isinstance(self.simulator, TacticalRmm):
            self.simulator.clear(int(alert))
        else:
            self.simulator.clear(alert)

    def hold_webhooks(self) -> None:
        """Webhooks are on from now on; the test delivers them."""
        self.simulator.outbox.hold()
        if isinstance(self.simulator, NinjaOne):
            rmm: Any = self.tenant.open(cast("Any", _Named()), cast("Any", _Endless()))
            rmm.register_webhook(NOWHERE, {"X-Tandem-Secret": "s"})
        elif isinstance(self.simulator, TacticalRmm):
            self.simulator.set_webhook(NOWHERE, "s")
        else:
            self.simulator.set_webhook(NOWHERE, None)

    def webhooks(self) -> list[AlertEvent]:
        """What the webhooks of alerts said so far."""
        provider = provider_of(self.simulator)
        return [
            event_of(provider, delivery.body.decode(), utc_now())
            for delivery in self.simulator.outbox.deliveries
            if "alert" in delivery.body.decode().lower() or "condition" in delivery.body.decode().lower()
        ]


class _Named:
    integration_id = "integration-1"


class _Endless:
    seconds = 60.0

    def remaining(self) -> float:
        return 60.0


@pytest.fixture(params=["ninjaone", "tacticalrmm", "level"])
def estate(
    request: pytest.FixtureRequest,
    emulated_aws: EmulatedAws,
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    table_name: str,
    new_queue: Callable[..., str],
) -> Estate:
    """Three devices of one customer, who is a client."""
    simulator: NinjaOne | TacticalRmm | Level = request.getfixturevalue(f"simulated_{request.param}")
    s3 = emulated_aws.client("s3")
    tenant = PolledTenant(dynamodb, sqs, s3, table=table_name, queue_url=new_queue(), simulator=simulator)
    return Estate(simulator, tenant, devices=3)


def test_with_webhooks_off_a_poll_makes_tickets_and_closes_what_cleared_after_two_listings(estate: Estate) -> None:
    tenant = estate.tenant
    gone, stays = estate.fires(0), estate.fires(1)
    report = tenant.poll()
    assert report.polled is not None
    assert (report.outcome, report.polled.listed, report.polled.fired) == ("succeeded", 2, 2)
    assert [each["client_id"] for each in tenant.tickets()] == ["c1", "c1"], "the devices found their organization"
    assert {alert["organization_name"] for alert in tenant.alerts().values()} <= {"Acme", "Acme Corp"}

    estate.ends(gone)
    tenant.poll()
    assert tenant.statuses() == ["active", "active"], "one listing proves nothing"
    tenant.poll()
    assert tenant.alerts()[gone]["status"] == "auto_resolved"
    assert tenant.alerts()[stays]["status"] == "active"
    assert sorted(each["is_closed"] for each in tenant.tickets()) == [False, True]
    tenant.poll()
    assert len(tenant.tickets()) == 2


def test_with_webhooks_and_polls_on_nothing_doubles(estate: Estate) -> None:
    tenant = estate.tenant
    estate.hold_webhooks()
    estate.fires(0)
    tenant.hear(*estate.webhooks())
    report = tenant.poll()
    assert report.polled is not None
    assert (report.polled.listed, report.polled.fired) == (1, 0)

    polled_first = estate.fires(1)
    tenant.poll()
    tenant.hear(*estate.webhooks())  # all of them, the first alert's again
    assert len(tenant.tickets()) == len(tenant.alerts()) == 2
    assert [each["occurrence_count"] for each in tenant.alerts().values()] == [1, 1]

    estate.ends(polled_first)
    tenant.hear(*estate.webhooks())
    assert tenant.alerts()[polled_first]["status"] == "auto_resolved"
    tenant.poll()
    tenant.poll()
    assert len(tenant.tickets()) == 2
    assert sorted(each["is_closed"] for each in tenant.tickets()) == [False, True]


@pytest.mark.parametrize("kind", ["html", "truncated", "empty_body", "status", "cut_off", "reset"])
def test_a_listing_that_fails_resolves_nothing_and_says_why(estate: Estate, kind: str) -> None:
    tenant = estate.tenant
    estate.fires(0)
    tenant.poll()
    estate.simulator.faults.add(kind, times=None, path="alerts")
    for number in (1, 2, 3):
        assert tenant.poll().outcome == "failed"
        assert tenant.state.consecutive_failures == number
    assert tenant.state.last_error
    assert tenant.state.last_error.endswith(".")
    assert tenant.statuses() == ["active"]
    estate.simulator.faults.clear()
    assert tenant.poll().outcome == "succeeded"
    after = tenant.polls.state(tenant.integration_id, utc_now())
    assert (after.consecutive_failures, after.last_error) == (0, None)
    assert tenant.statuses() == ["active"]


@pytest.mark.parametrize("kind", ["empty_listing", "half_listing"])
def test_a_listing_that_is_empty_or_half_by_error_resolves_nothing(estate: Estate, kind: str) -> None:
    tenant = estate.tenant
    for device in range(3):
        estate.fires(device)
    tenant.poll()
    for _ in range(2):
        estate.simulator.faults.add(kind, times=1, path="alerts")
        tenant.poll()
        assert tenant.statuses() == ["active"] * 3
        tenant.poll()
        assert tenant.statuses() == ["active"] * 3
    assert len(tenant.tickets()) == 3


def test_a_poll_in_the_middle_of_another_does_nothing(estate: Estate) -> None:
    tenant = estate.tenant
    estate.fires(0)
    now = utc_now()
    assert tenant.polls.begin(tenant.integration_id, "another", now, now.replace(year=now.year + 1)) is not None
    assert tenant.poll().outcome == "busy"
    assert tenant.alerts() == {}


def test_an_import_takes_over_ended_alerts_without_tickets(estate: Estate) -> None:
    tenant = estate.tenant
    over, live = estate.fires(0), estate.fires(1)
    estate.ends(over)
    now = utc_now()
    for number in (1, 2):
        run = Run(f"r{number}", tenant.integration_id, "alerts", "queued", now, "u1", days=7)
        tenant.polls.put_run(run, now)
        assert tenant.work.poll(tenant.integration_id, 60, run.run_id).outcome == "succeeded"
        tenant.process()
        done = tenant.polls.run(tenant.integration_id, run.run_id, now)
        assert done is not None
        assert (done.state, done.listed, done.history) == ("succeeded", 1, 2 - number)
    assert {name: alert["status"] for name, alert in tenant.alerts().items()} == {over: "resolved", live: "active"}
    assert len(tenant.tickets()) == 1
    assert "ticket_id" not in tenant.alerts()[over]
