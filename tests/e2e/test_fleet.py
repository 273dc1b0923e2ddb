"""Fleets on the deployed stack: the devices of simulated RMMs become assets, change, go, and are asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from tandem.assets.order import FIRST
from tandem.store.fleets import Fleets
from tests.e2e.conftest import Integration, Stack, eventually
from tests.e2e.test_each_rmm_is_polled import CREDENTIALS
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm.simulator import TacticalRmm

pytestmark = pytest.mark.emulator

SIGNING_SECRET = "a-signing-secret-that-level-made"
ENDED = ("succeeded", "failed", "cancelled", "needs_confirmation")


@dataclass
class Fleet:
    """An integration whose devices are synced, and the client that its organization is."""

    stack: Stack
    simulator: NinjaOne | TacticalRmm | Level
    integration: Integration
    client_id: str

    @property
    def path(self) -> str:
        return f"/integrations/{self.integration.id}"

    @property
    def syncs(self) -> dict[str, Any]:
        """How its syncs stand."""
        shown: dict[str, Any] = self.stack.ok("GET", self.path)["device_sync"]
        return shown

    def idle(self) -> None:
        """No sync is at work, nor begins by itself any more."""
        kinds = {"levelio": {"devices"}, "ninjaone": {"devices", "software"}}.get(
            self.simulator.name, {"devices", "patches", "software"}
        )

        def is_idle() -> bool:
            syncs = self.syncs
            return syncs["run"] is None and {each["kind"] for each in syncs["last_runs"]} >= kinds

        eventually(is_idle, "all syncs that begin by themselves have ended")

    def sync(self, kind: str = "devices") -> dict[str, Any]:
        """A sync by hand, and what came of it."""
        return self.ended(self.stack.ok("POST", f"{self.path}/sync", {"kind": kind})["id"])

    def ended(self, run_id: str) -> dict[str, Any]:
        """The run, once nothing goes on."""
        eventually(lambda: self.run(run_id)["state"] in ENDED, "the sync has ended")
        return self.run(run_id)

    def run(self, run_id: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.stack.ok("GET", f"{self.path}/runs/{run_id}")
        return shown

    def assets(self) -> dict[str, dict[str, Any]]:
        """By name."""
        listed = self.stack.ok("GET", "/assets", integration_id=self.integration.id, limit=200)
        return {each["name"]: each for each in listed["items"]}

    def map(self) -> None:
        """Its organization to the client, as suggested."""
        organizations = self.stack.ok("GET", f"{self.path}/organizations", mapped="false")["items"]
        suggested = [each["external_id"] for each in organizations if each["suggested_client_id"] == self.client_id]
        self.stack.ok("POST", f"{self.path}/organizations/suggestions/apply", {"external_ids": suggested})


def connect(stack: Stack, provider: str, simulator: NinjaOne | TacticalRmm | Level, devices: int = 2) -> Fleet:
    """One customer with these devices, which are called PC-1 and so on. NinjaOne's webhook registers itself."""
    client_id = stack.new_client("Fleet")
    customer = f"{stack.ok('GET', f'/clients/{client_id}')['name']} Ltd."
    names = [f"PC-{number}" for number in range(1, devices + 1)]
    match simulator:
        case NinjaOne():
            organization = simulator.add_organization(customer).id
            for name in names:
                simulator.add_device(organization, name)
        case TacticalRmm():
            client = simulator.add_client(customer).id
            for name in names:
                simulator.add_device(client, name)
        case Level():
            group = simulator.add_group("Front desks", simulator.add_group(customer).id).id
            for name in names:
                simulator.add_device(name, group)
    integration = stack.connect(
        provider,
        instance_url=simulator.url,
        allow_private_address=True,
        credentials=CREDENTIALS[provider],
        polling={"enabled": False},
        requests_per_minute=6000,
        **({"signing_secret": SIGNING_SECRET} if isinstance(simulator, Level) else {}),
    )
    if isinstance(simulator, Level):
        simulator.set_webhook(integration.url, SIGNING_SECRET)
    elif isinstance(simulator, TacticalRmm):
        simulator.set_webhook(integration.url, integration.secret, integration.header)
    return Fleet(stack, simulator, integration, client_id)


def by_number(simulator: NinjaOne | TacticalRmm | Level, number: int) -> Any:
    """A device, as the simulator's operations take it."""
    match simulator:
        case NinjaOne():
            return simulator.state.devices.after(None, number)[number - 1].id
        case TacticalRmm():
            return f"PC-{number}"
        case Level():
            return simulator.state.devices.after(None, number)[number - 1].id


@pytest.fixture
def removing() -> Iterator[Callable[[Fleet], Fleet]]:
    """Hands fleets on, and removes their integrations after the test."""
    fleets: list[Fleet] = []

    def kept(fleet: Fleet) -> Fleet:
        fleets.append(fleet)
        return fleet

    yield kept
    for fleet in fleets:
        fleet.stack.ok("DELETE", fleet.path)


@pytest.mark.parametrize("rmm", ["ninjaone", "tacticalrmm", "level"])
def test_what_is_connected_is_synced_by_itself_and_becomes_assets_of_its_client_once_it_is_mapped(
    request: pytest.FixtureRequest, stack: Stack, removing: Callable[[Fleet], Fleet], rmm: str
) -> None:
    simulator = request.getfixturevalue(f"simulated_{rmm}")
    fleet = removing(connect(stack, {"level": "levelio"}.get(rmm, rmm), simulator))
    eventually(lambda: fleet.syncs["last_synced_at"] is not None, "the sync that connecting begins has ended")
    (first,) = [each for each in stack.ok("GET", f"{fleet.path}/runs")["items"] if each["kind"] == "devices"]
    assert (first["state"], first["skipped"]) == ("succeeded", {"organization_not_mapped": 2})
    assert fleet.assets() == {}

    # An alert comes before its asset.
    simulator.trigger(by_number(simulator, 1), "disk")
    eventually(lambda: len(stack.alerts(fleet.integration)) == 1, "the alert is here")
    assert stack.alerts(fleet.integration)[0]["ticket_id"] is None, "nobody knows whose it is"

    fleet.map()
    eventually(lambda: set(fleet.assets()) == {"PC-1", "PC-2"}, "the devices are assets")
    found = fleet.assets()
    assert {each["client_id"] for each in found.values()} == {fleet.client_id}

    def placed() -> bool:
        (alert,) = stack.alerts(fleet.integration)
        return alert["device"]["asset_id"] == found["PC-1"]["id"] and alert["ticket_id"] is not None

    eventually(placed, "the alert has its asset, and a ticket")
    ticket = stack.ok("GET", f"/tickets/{stack.alerts(fleet.integration)[0]['ticket_id']}")
    assert ticket["client_id"] == fleet.client_id
    assert any(found["PC-1"]["serial_number"] in each["body"] for each in ticket["comments"]), "the asset's facts"

    # Tactical RMM sends no webhooks of devices: it is asked.
    simulator.rename_device(by_number(simulator, 2), "PC-TWO")
    if isinstance(simulator, TacticalRmm):
        stack.ok("POST", "/assets/sync", {"ids": [found["PC-2"]["id"]]})
    eventually(lambda: set(fleet.assets()) == {"PC-1", "PC-TWO"}, "the device was looked at anew")
    (changed, _) = stack.ok("GET", f"/assets/{found['PC-2']['id']}/history")["items"]
    assert {"field": "name", "old": "PC-2", "new": "PC-TWO"} in changed["changes"]

    assert stack.ok("POST", f"{fleet.path}/disconnect")["device_sync"]["enabled"] is False
    left = fleet.assets()
    assert {name: each["is_managed"] for name, each in left.items()} == {"PC-1": False, "PC-TWO": False}
    refused = stack.api("POST", f"/assets/{left['PC-1']['id']}/remote-access")
    assert (refused.status_code, "no connected RMM" in refused.json()["detail"]) == (409, True)


def test_devices_that_are_gone_are_missing_after_three_listings_and_a_person_lets_many_be_retired(
    stack: Stack, removing: Callable[[Fleet], Fleet], simulated_tacticalrmm: TacticalRmm
) -> None:
    fleet = removing(connect(stack, "tacticalrmm", simulated_tacticalrmm, devices=5))
    eventually(lambda: fleet.syncs["last_synced_at"] is not None, "the organization is known")
    fleet.map()
    eventually(lambda: len(fleet.assets()) == 5, "the devices are assets")
    fleet.idle()
    for name in ("PC-1", "PC-2"):
        simulated_tacticalrmm.remove_device(name)

    assert [fleet.sync()["missing"] for _ in range(3)] == [0, 0, 2]
    presences = {name: each["presence"] for name, each in fleet.assets().items()}
    assert {name for name, presence in presences.items() if presence == "missing"} == {"PC-1", "PC-2"}
    shown = stack.ok("GET", "/compliance", client_id=fleet.client_id)["items"][0]
    assert (shown["assets"], shown["missing"], shown["online"]) == (5, 2, 3)

    gone_for(fleet, days=31)
    asked = fleet.sync()
    assert asked["state"] == "needs_confirmation"
    assert [(each["retiring"], each["of"]) for each in asked["confirm"]] == [(2, 5)]
    assert fleet.syncs["needs_confirmation"]["id"] == asked["id"]
    assert {each["presence"] for each in fleet.assets().values()} == {"listed", "missing"}, "nothing is retired yet"
    assert stack.ok("POST", f"{fleet.path}/runs/{asked['id']}/confirm")["id"] == asked["id"]
    eventually(lambda: fleet.run(asked["id"])["state"] == "succeeded", "the sync has gone on")
    assert fleet.run(asked["id"])["retired"] == 2
    assert fleet.run(asked["id"])["confirmed_by"] is not None
    presences = {name: each["presence"] for name, each in fleet.assets().items()}
    assert {name for name, presence in presences.items() if presence == "retired"} == {"PC-1", "PC-2"}
    assert audited(stack, asked["id"]) == ["confirm_retiring"]


def test_a_sync_that_its_rmm_holds_up_says_so_and_is_cancelled(
    stack: Stack, removing: Callable[[Fleet], Fleet], simulated_level: Level
) -> None:
    fleet = removing(connect(stack, "levelio", simulated_level))
    fleet.idle()
    simulated_level.down()
    run = stack.ok("POST", f"{fleet.path}/sync", {"kind": "devices"})
    again = stack.ok("POST", f"{fleet.path}/sync", {"kind": "devices"})
    assert again["id"] == run["id"], "one sync is at work at a time"
    other = stack.api("POST", f"{fleet.path}/sync", {"kind": "organizations"})
    assert (other.status_code, run["id"] in other.json()["detail"]) == (409, True)
    eventually(lambda: fleet.run(run["id"])["trouble"] is not None, "what is wrong is told while it is tried again")
    assert fleet.syncs["run"]["id"] == run["id"]
    stack.ok("POST", f"{fleet.path}/runs/{run['id']}/cancel")
    assert fleet.ended(run["id"])["state"] == "cancelled"
    assert stack.api("POST", f"{fleet.path}/runs/{run['id']}/cancel").status_code == 409
    assert audited(stack, run["id"]) == ["cancel_sync"]
    simulated_level.up()
    assert fleet.sync()["state"] == "succeeded"


def test_what_cannot_be_asked_of_a_fleet_is_refused_with_what_is_wrong(stack: Stack) -> None:
    integration = stack.connect("levelio", signing_secret=SIGNING_SECRET)
    path = f"/integrations/{integration.id}"
    items = {"items": [{"external_id": "1", "client_id": "none"}]}
    refused: list[tuple[str, str, Any, int, str]] = [
        ("POST", f"{path}/sync", {"kind": "devices"}, 409, "no credentials"),
        ("POST", f"{path}/sync", {"kind": "software"}, 422, "Level has no software inventory"),
        ("POST", f"{path}/sync", {"kind": "everything"}, 422, "kind"),
        ("POST", f"{path}/runs/none/confirm", None, 404, "none"),
        ("PUT", f"{path}/organizations", items, 422, "items.0.client_id"),
        ("POST", f"{path}/organizations/suggestions/apply", {"external_ids": ["1"]}, 422, "no suggestion"),
        ("PATCH", path, {"device_sync": {"interval_minutes": 5}}, 422, "device_sync.interval_minutes"),
        ("POST", "/assets/sync", {"ids": ["none"]}, 422, "no asset"),
        ("POST", "/assets/none/remote-access", None, 404, "none"),
        ("GET", "/assets", {"agent_status": "well"}, 400, "agent_status"),
        ("GET", "/assets", {"q": "-"}, 400, "two characters"),
        ("GET", "/software", {"q": "7"}, 400, "q"),
        ("GET", "/compliance", {"client_id": "none"}, 400, "none"),
    ]
    for method, called, content, status, words in refused:
        answer = stack.api(method, called, **content) if method == "GET" else stack.api(method, called, content)
        assert (answer.status_code, words in answer.text) == (status, True), f"{method} {called}: {answer.text}"
    stack.ok("DELETE", path)


def gone_for(fleet: Fleet, days: int) -> None:
    """Who is missing is so for longer: nobody waits for it."""
    client = fleet.stack.aws.client("dynamodb")
    (table,) = [each for each in client.list_tables()["TableNames"] if "tandem" in each.lower()]
    fleets = Fleets(client, table)
    page = fleets.page(fleet.integration.id, FIRST, consistent=True)
    entries = {
        external_id: replace(each, absent_since=each.absent_since and each.absent_since - timedelta(days=days))
        for external_id, each in page.entries.items()
    }
    fleets.put_page(replace(page, entries=entries, version=page.version + 1))


def audited(stack: Stack, run_id: str) -> list[str]:
    """What somebody did to a run."""
    return [each["action"] for each in stack.ok("GET", "/audit", subject=f"run:{run_id}")["items"]]
