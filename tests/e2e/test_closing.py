"""A ticket is closed in Tandem, and its RMM hears of it: through the deployed stack, to a simulated Tactical RMM."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.conftest import Integration, Stack, eventually
from tests.simulators.tacticalrmm.simulator import API_KEY, TacticalRmm

pytestmark = pytest.mark.emulator


@dataclass
class Connected:
    """A Tactical RMM that is connected and sends webhooks."""

    stack: Stack
    server: TacticalRmm
    integration: Integration
    device: str

    def fires(self, condition: str = "ping") -> str:
        """An alert of the server, and its id."""
        alert = self.server.trigger(self.device, condition)
        assert alert is not None
        return str(alert.id)

    def with_ticket(self, alert_id: str) -> dict[str, Any]:
        """The alert once it has a ticket."""
        eventually(lambda: bool((self.alert(alert_id) or {}).get("ticket_id")), f"alert {alert_id} has a ticket")
        return self.alert(alert_id) or {}

    def alert(self, alert_id: str) -> dict[str, Any] | None:
        return self.stack.alert(self.integration, alert_id)

    def is_resolved_there(self, alert_id: str) -> bool:
        return self.server.state.alerts[int(alert_id)].resolved

    def is_told(self, alert_id: str) -> bool:
        shown = (self.alert(alert_id) or {}).get("outbound_reset")
        return shown is not None and shown["state"] == "done"


@pytest.fixture
def connected(stack: Stack, simulated_tacticalrmm: TacticalRmm) -> Iterator[Connected]:
    """With one agent, whose client Tandem knows."""
    server = simulated_tacticalrmm
    customer = server.add_client("Acme")
    device = server.add_device(customer.id, "SRV-1")
    integration = stack.connect(
        "tacticalrmm",
        instance_url=server.url,
        allow_private_address=True,
        credentials={"api_key": API_KEY},
        default_client_id=stack.new_client(),
    )
    server.set_webhook(integration.url, integration.secret, integration.header)
    yield Connected(stack, server, integration, device.hostname)
    stack.ok("DELETE", f"/integrations/{integration.id}")


def test_closing_a_ticket_resolves_its_alert_in_the_rmm(connected: Connected) -> None:
    alert_id = connected.fires()
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


def test_a_rule_may_keep_closes_to_tandem(connected: Connected) -> None:
    (rule,) = connected.stack.ok("GET", f"/integrations/{connected.integration.id}/rules")["items"]
    words = {name: rule[name] for name in ("name", "conditions", "actions")}
    words["actions"] |= {"reset_alert_on_ticket_close": False}
    connected.stack.ok("PUT", f"/integrations/{connected.integration.id}/rules/{rule['id']}", words)
    kept = connected.fires("cpu")
    connected.stack.ok("POST", f"/tickets/{connected.with_ticket(kept)['ticket_id']}/close")
    words["actions"] |= {"reset_alert_on_ticket_close": True}
    connected.stack.ok("PUT", f"/integrations/{connected.integration.id}/rules/{rule['id']}", words)
    told = connected.fires("ping")
    connected.stack.ok("POST", f"/tickets/{connected.with_ticket(told)['ticket_id']}/close")
    eventually(lambda: connected.is_resolved_there(told), "the RMM was told of the later one")
    assert not connected.is_resolved_there(kept)
    assert (connected.alert(kept) or {})["status"] == "active"
    assert (connected.alert(kept) or {})["outbound_reset"] is None


def test_a_message_that_breaks_the_webhook_is_read_back_from_the_rmm(connected: Connected) -> None:
    alert_id = connected.fires("service")
    shown = connected.with_ticket(alert_id)
    assert '"' in shown["message"]
    assert connected.server.requests.count("GET", f"/alerts/{alert_id}/") == 1
