"""A ticket is closed in Tandem, and its RMM hears of it: through the deployed stack, to the simulated RMMs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.conftest import Integration, Stack, eventually
from tests.e2e.test_each_rmm_is_polled import CREDENTIALS
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm.simulator import TacticalRmm

pytestmark = pytest.mark.emulator

Simulated = NinjaOne | TacticalRmm | Level
SIGNING_SECRET = "a-signing-secret-that-level-made"


@dataclass
class Connected:
    """An RMM that is connected and sends webhooks."""

    stack: Stack
    simulator: Simulated
    integration: Integration
    device: Any

    def fires(self, condition: str) -> str:
        """An alert of the RMM, and its id."""
        alert: Any = self.simulator.trigger(self.device, condition)
        assert alert is not None
        return str(alert.uid if isinstance(self.simulator, NinjaOne) else alert.id)

    def with_ticket(self, alert_id: str) -> dict[str, Any]:
        """The alert once it has a ticket."""
        eventually(lambda: bool((self.alert(alert_id) or {}).get("ticket_id")), f"alert {alert_id} has a ticket")
        return self.alert(alert_id) or {}

    def alert(self, alert_id: str) -> dict[str, Any] | None:
        return self.stack.alert(self.integration, alert_id)

    def is_resolved_there(self, alert_id: str) -> bool:
        match self.simulator:
            case NinjaOne():
                return alert_id not in self.simulator.state.alerts
            case TacticalRmm():
                return self.simulator.state.alerts[int(alert_id)].resolved
            case Level():
                return self.simulator.state.alerts[alert_id].resolved_at is not None

    def is_told(self, alert_id: str) -> bool:
        shown = (self.alert(alert_id) or {}).get("outbound_reset")
        return shown is not None and shown["state"] == "done"


def connect(stack: Stack, provider: str, simulator: Simulated) -> Connected:
    """With one device, whose client Tandem knows. NinjaOne's webhook is registered by Tandem itself."""
    words = {"signing_secret": SIGNING_SECRET} if isinstance(simulator, Level) else {}
    device: Any
    match simulator:
        case NinjaOne():
            device = simulator.add_device(simulator.add_organization("Acme").id, "SRV-1").id
        case TacticalRmm():
            device = simulator.add_device(simulator.add_client("Acme").id, "SRV-1").hostname
        case Level():
            device = simulator.add_device("SRV-1", simulator.add_group("Acme").id).id
    integration = stack.connect(
        provider,
        instance_url=simulator.url,
        allow_private_address=True,
        credentials=CREDENTIALS[provider],
        default_client_id=stack.new_client(),
        **words,
    )
    if isinstance(simulator, TacticalRmm):
        simulator.set_webhook(integration.url, integration.secret, integration.header)
    elif isinstance(simulator, Level):
        simulator.set_webhook(integration.url, SIGNING_SECRET)
    return Connected(stack, simulator, integration, device)


@pytest.fixture
def connected(stack: Stack, simulated_tacticalrmm: TacticalRmm) -> Iterator[Connected]:
    """A Tactical RMM."""
    connected = connect(stack, "tacticalrmm", simulated_tacticalrmm)
    yield connected
    stack.ok("DELETE", f"/integrations/{connected.integration.id}")


@pytest.fixture(params=["ninjaone", "tacticalrmm", "level"])
def each_connected(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Connected]:
    """Each RMM."""
    provider = {"level": "levelio"}.get(request.param, request.param)
    connected = connect(stack, provider, request.getfixturevalue(f"simulated_{request.param}"))
    yield connected
    stack.ok("DELETE", f"/integrations/{connected.integration.id}")


def test_closing_a_ticket_resolves_its_alert_in_the_rmm(connected: Connected) -> None:
    alert_id = connected.fires("ping")
    ticket_id = connected.with_ticket(alert_id)["ticket_id"]
    closed = connected.stack.ok("POST", f"/tickets/{ticket_id}/close")
    assert closed["is_closed"], "and the close waits for nothing"
    eventually(lambda: connected.is_resolved_there(alert_id), "the RMM was told")
    eventually(lambda: connected.is_told(alert_id), "and Tandem knows")
    eventually(lambda: (connected.alert(alert_id) or {})["status"] == "resolved", "the alert is resolved here, too")


def test_an_alert_that_a_person_resolves_is_resolved_in_the_rmm(connected: Connected) -> None:
    alert_id = connected.fires("disk")
    tandems_id = connected.with_ticket(alert_id)["id"]
    shown = connected.stack.ok("POST", f"/alerts/{tandems_id}/resolve")
    assert (shown["status"], shown["outbound_reset"]["state"]) == ("resolved", "pending")
    eventually(lambda: connected.is_resolved_there(alert_id), "the RMM was told")
    eventually(lambda: connected.is_told(alert_id), "and Tandem knows")


def test_each_rmm_hears_of_a_close_and_of_none_that_its_rule_keeps_to_tandem(each_connected: Connected) -> None:
    stack, rules = each_connected.stack, f"/integrations/{each_connected.integration.id}/rules"
    (rule,) = stack.ok("GET", rules)["items"]
    words = {name: rule[name] for name in ("name", "conditions", "actions")}
    words["actions"] |= {"reset_alert_on_ticket_close": False}
    stack.ok("PUT", f"{rules}/{rule['id']}", words)
    kept = each_connected.fires("cpu")
    stack.ok("POST", f"/tickets/{each_connected.with_ticket(kept)['ticket_id']}/close")
    words["actions"] |= {"reset_alert_on_ticket_close": True}
    stack.ok("PUT", f"{rules}/{rule['id']}", words)
    told = each_connected.fires("disk")
    stack.ok("POST", f"/tickets/{each_connected.with_ticket(told)['ticket_id']}/close")
    eventually(lambda: each_connected.is_resolved_there(told), "the RMM was told of the later one")
    eventually(lambda: each_connected.is_told(told), "and Tandem knows")
    eventually(lambda: (each_connected.alert(told) or {})["status"] == "resolved", "the alert is resolved here, too")
    assert not each_connected.is_resolved_there(kept)
    assert (each_connected.alert(kept) or {})["status"] == "active"
    assert (each_connected.alert(kept) or {})["outbound_reset"] is None


def test_a_message_that_breaks_the_webhook_is_read_back_from_the_rmm(connected: Connected) -> None:
    alert_id = connected.fires("service")
    shown = connected.with_ticket(alert_id)
    assert '"' in shown["message"]
    assert connected.simulator.requests.count("GET", f"/alerts/{alert_id}/") == 1
