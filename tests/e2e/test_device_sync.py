"""A fleet on the deployed stack: connecting makes assets of its devices, and a webhook has one looked at anew."""

import pytest

from tests.e2e.conftest import Stack, eventually
from tests.simulators import world
from tests.simulators.levelio import simulator as levelio
from tests.simulators.levelio.simulator import Level

pytestmark = pytest.mark.emulator


def test_devices_become_assets_and_news_of_one_is_looked_at(stack: Stack, simulated_level: Level) -> None:
    simulated_level.webhooks(lose=True)
    world.small(simulated_level)
    place = {"instance_url": simulated_level.url, "allow_private_address": True, "polling": {"enabled": False}}
    integration, client_id = stack.connect("levelio", **place), stack.new_client()
    path = f"/integrations/{integration.id}"
    for group in simulated_level.state.groups:
        if group.parent_id is None:
            stack.ok("PUT", f"{path}/organizations/{group.id}", {"client_id": client_id})
    stack.ok("PATCH", path, {"credentials": {"api_key": levelio.API_KEY}})

    def names() -> set[str]:
        return {each["name"] for each in stack.ok("GET", f"/assets?client_id={client_id}")["items"]}

    eventually(lambda: len(names()) == len(simulated_level.state.devices), "the first sync has made assets of all")
    device = next(iter(simulated_level.state.devices))
    simulated_level.rename_device(device.id, "RENAMED-BY-LEVEL")
    news = {"event_type": "device_updated", "event_id": "e-1", "data": {"id": device.id}}
    assert stack.post(integration, news).json()["status"] == "accepted"
    eventually(lambda: "RENAMED-BY-LEVEL" in names(), "the device has been looked at")
