"""With webhooks that never arrive, polls of each RMM find what fires and what is over."""

import random
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.conftest import Integration, Stack, eventually
from tests.simulators import world
from tests.simulators.levelio import simulator as levelio
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone import simulator as ninjaone
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm import simulator as tacticalrmm
from tests.simulators.tacticalrmm.simulator import TacticalRmm

pytestmark = pytest.mark.emulator

CREDENTIALS: dict[str, dict[str, Any]] = {
    "ninjaone": {
        "client_id": ninjaone.CLIENT_ID,
        "client_secret": ninjaone.CLIENT_SECRET,
        "region": "eu",
        "grant": "client_credentials",
    },
    "tacticalrmm": {"api_key": tacticalrmm.API_KEY},
    "levelio": {"api_key": levelio.API_KEY},
}


@dataclass
class Connected:
    """An integration whose RMM is asked, and whose webhooks are lost."""

    stack: Stack
    integration: Integration
    simulator: NinjaOne | TacticalRmm | Level

    def poll(self) -> dict[str, Any]:
        """One poll by hand, carried out; its run."""
        asked = self.stack.ok("POST", f"/integrations/{self.integration.id}/poll")
        path = f"/integrations/{self.integration.id}/runs/{asked['id']}"
        eventually(lambda: self.stack.ok("GET", path)["state"] in ("succeeded", "failed"), "the poll has ended")
        run: dict[str, Any] = self.stack.ok("GET", path)
        assert (run["state"], run["error"]) == ("succeeded", None)
        self.stack.drained()
        return run

    def alerts(self) -> list[dict[str, Any]]:
        return self.stack.alerts(self.integration)


def connect(stack: Stack, provider: str, simulator: NinjaOne | TacticalRmm | Level) -> Connected:
    simulator.webhooks(lose=True)
    world.small(simulator)
    integration = stack.connect(
        provider,
        instance_url=simulator.url,
        allow_private_address=True,
        credentials=CREDENTIALS[provider],
        default_client_id=stack.new_client(),
        polling={"enabled": False},
    )
    return Connected(stack, integration, simulator)


@pytest.fixture(params=list(CREDENTIALS))
def connected(
    request: pytest.FixtureRequest,
    stack: Stack,
    simulated_ninjaone: NinjaOne,
    simulated_tacticalrmm: TacticalRmm,
    simulated_level: Level,
) -> Connected:
    simulators: dict[str, NinjaOne | TacticalRmm | Level] = {
        "ninjaone": simulated_ninjaone,
        "tacticalrmm": simulated_tacticalrmm,
        "levelio": simulated_level,
    }
    return connect(stack, request.param, simulators[request.param])


def test_polls_heal_webhooks_that_were_missed(connected: Connected) -> None:
    assert connected.poll()["fired"] == 1
    (alert,) = connected.alerts()
    assert alert["status"] == "active"
    assert alert["ticket_id"] is not None
    assert alert["device"]["name"], "the poll learnt whose alert it is"
    assert connected.poll()["fired"] == 0, "what is known already makes nothing"

    assert world.clear_some(connected.simulator, 1, random.Random(1)) == [alert["external_id"]]
    assert connected.poll()["cleared"] == 0, "one listing without it proves nothing"
    assert connected.poll()["cleared"] == 1
    (alert,) = connected.alerts()
    assert alert["status"] == "resolved"
    shown = connected.stack.ok("GET", f"/integrations/{connected.integration.id}")
    assert shown["status"] == "connected"
    assert shown["polling"]["last_polled_at"] is not None
    assert shown["polling"]["last_error"] is None
