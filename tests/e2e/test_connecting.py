"""Each vendor's simulator connected over HTTP, as docs/connecting.md says, up to an alert's ticket."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.e2e.conftest import Stack, eventually
from tests.simulators.levelio import simulator as levelio
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone import simulator as ninjaone
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm import simulator as tacticalrmm
from tests.simulators.tacticalrmm.simulator import TacticalRmm

pytestmark = pytest.mark.emulator

SIGNING = "a-signing-secret-that-level-made"


def connect(stack: Stack, provider: str, url: str, credentials: dict[str, Any], **words: Any) -> dict[str, Any]:
    """A new integration of a simulator, with one rule that tickets everything."""
    body = {
        "provider": provider,
        "name": f"{provider} simulated",
        "instance_url": url,
        "allow_private_address": True,
        "credentials": credentials,
        "default_client_id": stack.new_client(),
    } | words
    made: dict[str, Any] = stack.ok("POST", "/integrations", body)
    stack.ok("POST", f"/integrations/{made['id']}/rules", {"name": "Everything", "conditions": {}, "actions": {}})
    return made


def test_tactical_is_connected_with_a_key_and_its_ready_made_actions_bring_alerts(
    stack: Stack, simulated_tacticalrmm: TacticalRmm
) -> None:
    made = connect(stack, "tacticalrmm", simulated_tacticalrmm.url, {"api_key": tacticalrmm.API_KEY})
    assert made["status"] == "connected"
    vendor = simulated_tacticalrmm
    vendor.set_webhook(made["webhook"]["url"], made["webhook"]["secret"])
    vendor.state.add_agent(vendor.add_client("Northwind Dental").id, "NW-DC01")
    vendor.trigger("NW-DC01", "service")
    has_a_ticket(stack, made["id"])
    assert stack.ok("POST", f"/integrations/{made['id']}/test")["ok"] is True
    ended(stack, made["id"])


def test_level_is_connected_with_a_key_and_signs_its_webhooks(stack: Stack, simulated_level: Level) -> None:
    made = connect(stack, "levelio", simulated_level.url, {"api_key": levelio.API_KEY}, signing_secret=SIGNING)
    assert made["status"] == "connected"
    vendor = simulated_level
    vendor.set_webhook(made["webhook"]["url"], SIGNING)
    device = vendor.add_device("NW-PC7", vendor.add_group("Northwind Dental").id)
    vendor.trigger(device.id)
    has_a_ticket(stack, made["id"])
    assert stack.ok("POST", f"/integrations/{made['id']}/test")["ok"] is True
    ended(stack, made["id"])


def test_ninjaone_is_signed_in_to_in_a_browser_and_sends_its_webhooks_by_itself(
    stack: Stack, simulated_ninjaone: NinjaOne
) -> None:
    vendor = simulated_ninjaone
    app = {"client_id": ninjaone.CLIENT_ID, "client_secret": ninjaone.CLIENT_SECRET, "region": "eu"}
    made = connect(stack, "ninjaone", vendor.url, app)
    assert (made["status"], made["credentials"]["waits_for_sign_in"]) == ("webhook_only", True)
    vendor.add_redirect_uri(made["setup"]["redirect_uri"])
    vendor.consent("allow")

    start_url = stack.ok("POST", f"/integrations/{made['id']}/oauth/start")["start_url"]
    with httpx.Client(trust_env=False, timeout=30) as browser:
        consent = browser.get(start_url)
        assert consent.status_code == 302, consent.text
        back = browser.get(consent.headers["location"]).headers["location"]
        stranger = httpx.get(back, trust_env=False, timeout=30)
        assert (stranger.status_code, "not begun in this browser" in stranger.text) == (400, True)
        shown = browser.get(back)
        assert (shown.status_code, "NinjaOne is connected" in shown.text) == (200, True), shown.text
        assert browser.get(back).status_code == 400, "a code is taken once"

    connected = stack.ok("GET", f"/integrations/{made['id']}")
    assert (connected["status"], connected["webhook_registration"]["problem"]) == ("connected", None)
    organization = vendor.state.add_organization("Northwind Dental")
    device = vendor.state.add_device(organization.id, "NW-DC01", is_news=False)
    vendor.trigger(device.id)
    has_a_ticket(stack, made["id"])
    assert stack.ok("POST", f"/integrations/{made['id']}/test")["ok"] is True

    told = "\n".join(stack.log_lines()) + json.dumps(stack.ok("GET", f"/integrations/{made['id']}"))
    queries = [parse_qs(urlsplit(url).query) for url in (start_url, back)]
    private = [queries[0]["ticket"][0], queries[1]["code"][0], queries[1]["state"][0], ninjaone.CLIENT_SECRET]
    private += [*vendor.oauth._access, *vendor.oauth._refresh, *browser.cookies.values()]
    assert [each for each in private if each in told] == []
    ended(stack, made["id"])
    assert vendor.api.registrations == {}


def test_what_a_vendor_refuses_is_told_and_makes_no_integration(
    stack: Stack, simulated_tacticalrmm: TacticalRmm
) -> None:
    before = len(stack.ok("GET", "/integrations", limit=200)["items"])
    for url, field in (
        (simulated_tacticalrmm.url, "credentials"),
        (simulated_tacticalrmm.dashboard_url, "instance_url"),
    ):
        body = {"provider": "tacticalrmm", "name": "x", "instance_url": url, "allow_private_address": True}
        answer = stack.api("POST", "/integrations", body | {"credentials": {"api_key": "WRONG"}})
        assert answer.status_code == 422
        assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert len(stack.ok("GET", "/integrations", limit=200)["items"]) == before


def has_a_ticket(stack: Stack, integration_id: str) -> None:
    def ticketed() -> bool:
        found = stack.ok("GET", "/alerts", integration_id=integration_id)["items"]
        return len(found) == 1 and found[0]["ticket_id"] is not None

    eventually(ticketed, "the simulator's alert has a ticket")


def ended(stack: Stack, integration_id: str) -> None:
    """Disconnected, with its alert and ticket left."""
    gone = stack.ok("POST", f"/integrations/{integration_id}/disconnect")
    assert (gone["status"], gone["credentials"]) == ("disconnected", None)
    assert len(stack.ok("GET", "/alerts", integration_id=integration_id)["items"]) == 1
    secrets = stack.aws.client("secretsmanager").list_secrets(MaxResults=100)["SecretList"]
    left = [each["Name"] for each in secrets if integration_id in each["Name"]]
    if left:
        kept = stack.aws.client("secretsmanager").get_secret_value(SecretId=left[0])["SecretString"]
        assert set(json.loads(kept)) == {"signing_secret"}
