"""A fleet is served from memory: a walk over its pages costs what its bytes cost."""

import time

import pytest

from tests.simulators import world
from tests.simulators.levelio.simulator import API_KEY as LEVEL_KEY
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm.simulator import API_KEY as TACTICAL_KEY
from tests.simulators.tacticalrmm.simulator import TacticalRmm
from tests.unit.simulators.asking import client

DEVICES = 10_000
SECONDS = 10.0
"""Ten times what it takes: a machine may be busy."""


@pytest.fixture(autouse=True)
def quickly() -> object:
    """Fails a test that takes too long."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SECONDS


def test_ninjaone_lists_ten_thousand_devices(simulated_ninjaone: NinjaOne) -> None:
    world.ninjaone(simulated_ninjaone, organizations=100, devices=DEVICES, alerts=2_000)
    api = client(simulated_ninjaone.url, {"Authorization": f"Bearer {simulated_ninjaone.token()}"})
    after, count = 0, 0
    while page := api.get("/v2/devices-detailed", params={"pageSize": 1000, "after": after}).json():
        after, count = page[-1]["id"], count + len(page)

    assert count == DEVICES
    assert len(api.get("/v2/alerts").json()) == 2_000


def test_tactical_lists_ten_thousand_agents(simulated_tacticalrmm: TacticalRmm) -> None:
    world.tacticalrmm(simulated_tacticalrmm, clients=100, agents=DEVICES, alerts=2_000)
    api = client(simulated_tacticalrmm.url, {"X-API-KEY": TACTICAL_KEY})

    assert len(api.get("/agents/?detail=false", timeout=30).json()) == DEVICES
    assert len(api.get("/agents/", timeout=30).json()) == DEVICES
    assert len(api.patch("/alerts/", json={"resolvedFilter": False}, timeout=30).json()) == 2_000


def test_level_lists_ten_thousand_devices_a_hundred_at_a_time(simulated_level: Level) -> None:
    world.level(simulated_level, groups=100, devices=DEVICES, alerts=2_000)
    api = client(simulated_level.url, {"Authorization": LEVEL_KEY})

    for path, expected in (("/v2/devices", DEVICES), ("/v2/alerts?status=active", 2_000)):
        address = f"{path}{'&' if '?' in path else '?'}limit=100"
        rows = (page := api.get(address).json())["data"]
        while page["has_more"]:
            page = api.get(f"{address}&starting_after={rows[-1]['id']}").json()
            rows += page["data"]
        assert len(rows) == expected
