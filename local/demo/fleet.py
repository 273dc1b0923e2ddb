"""The chapter in which the machines of three simulated RMMs become assets: their organizations are mapped, they are
synced, and what belongs to them is looked at."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from local.demo import estates, fleet_show, show
from local.demo.api import Api
from local.demo.estates import CUSTOMERS, FILE_SERVER, FRONT_DESK, LEAVING, Estates, Rmm
from local.demo.story import until

LISTINGS_UNTIL_MISSING = 3

_REQUESTS_PER_MINUTE = 1200
"""More than a vendor allows: nobody waits for a simulator."""

_RULE = {"name": "Everything", "conditions": {}, "actions": {"auto_resolve_ticket": True}}


def tell(console: Console, api: Api, run_number: int) -> None:
    """The whole chapter. Afterwards the RMMs are disconnected, for the simulators end with the demo."""
    with estates.running(run_number) as fleet:
        chapter = _Chapter(console, api, fleet)
        chapter.map()
        chapter.sync()
        chapter.use()
        chapter.change()
        chapter.sum_up()
        chapter.end()


class _Chapter:
    """The parts of the chapter, in their order."""

    def __init__(self, console: Console, api: Api, fleet: Estates) -> None:
        self._console = console
        self._api = api
        self._fleet = fleet
        known = {client["name"]: client["id"] for client in api.all("/clients")}
        self._clients = {name: known.get(name) or api.post("/clients", {"name": name})["id"] for name in CUSTOMERS}
        self._names = {client_id: name for name, client_id in self._clients.items()}
        self._ids: dict[str, str] = {}

    def map(self) -> None:
        """The RMMs' customers are those of the MSP: each RMM is told in another way."""
        with show.progress(self._console) as say:
            runs = {}
            for rmm in self._fleet.all:
                say(f"{rmm.provider}: connecting, and reading its organizations")
                self._ids[rmm.provider] = self._connect(rmm)
                runs[rmm.provider] = self._begin(rmm.provider, "organizations")
            for provider, run in runs.items():
                self._ended(provider, run)
            listed = {each: list(self._api.all(f"{self._path(each)}/organizations", mapped="false")) for each in runs}
            say("mapping them: those of NinjaOne and Level as suggested, those of Tactical RMM in bulk")
            for provider in ("ninjaone", "levelio"):
                suggested = [each["external_id"] for each in listed[provider] if each["suggested_client_id"]]
                path = f"{self._path(provider)}/organizations/suggestions/apply"
                self._api.post(path, {"external_ids": suggested})
            items = [
                {"external_id": each["external_id"], "client_id": each["suggested_client_id"]}
                for each in listed["tacticalrmm"]
            ]
            self._api.put(f"{self._path('tacticalrmm')}/organizations", {"items": items})
        fleet_show.organizations(self._console, listed, self._names)

    def sync(self) -> None:
        """All devices, and how far it has come meanwhile."""
        for provider in self._ids:
            self._api.patch(self._path(provider), {"device_sync": {"enabled": True}})
        runs = {provider: f"{self._path(provider)}/runs/{self._begin(provider)}" for provider in self._ids}
        fleet_show.follow(self._console, self._api, runs)

    def use(self) -> None:
        """An alert of the machine that two RMMs manage; and a look at the machines."""
        console, number = self._console, self._fleet.numbers[FILE_SERVER]
        with show.progress(console) as say:
            say(f"ninjaone: {FILE_SERVER} fires")
            self._fleet.ninjaone.trigger(number, "disk")
            shared = self._asset(FILE_SERVER)
            some = [shared, *self._api.get("/assets", client_id=self._clients["Fabrikam Foods"], limit=3)["items"]]
            until(lambda: self._ticket(number) is not None, "the alert has its ticket")
            ticket = self._api.get(f"/tickets/{self._ticket(number)}")
        fleet_show.assets(console, some, self._names)
        fleet_show.ticket(console, ticket)

    def change(self) -> None:
        """A machine is renamed, which a webhook tells; another one goes, which three listings tell."""
        desk, leaving = self._asset(FRONT_DESK), self._asset(LEAVING)
        with show.progress(self._console) as say:
            say(f"ninjaone: {FRONT_DESK} is renamed, and a webhook tells of it")
            self._fleet.ninjaone.rename_device(self._fleet.numbers[FRONT_DESK], f"{FRONT_DESK}-A")
            say("waiting for the software, whose sync has begun by itself")
            for provider in ("ninjaone", "tacticalrmm"):
                until(lambda provider=provider: self._has_software(provider), "the software is there")  # type: ignore[misc]
            self._fleet.tacticalrmm.remove_device(LEAVING)
            for number in range(1, LISTINGS_UNTIL_MISSING + 1):
                say(f"tacticalrmm: {LEAVING} is gone; listing {number} of {LISTINGS_UNTIL_MISSING} without it")
                self._ended("tacticalrmm", self._begin("tacticalrmm"))
            until(lambda: self._asset(f"{FRONT_DESK}-A", desk["id"])["name"] != desk["name"], "the new name is here")
        told = [(each, self._history(each)) for each in (desk["id"], leaving["id"])]
        names = {desk["id"]: FRONT_DESK, leaving["id"]: LEAVING}
        fleet_show.histories(self._console, [(names[asset_id], history) for asset_id, history in told])

    def sum_up(self) -> None:
        """What is asked of a fleet: software, compliance, a way in."""
        found = self._api.get("/software", q="7-zip")
        clients = [self._api.get("/compliance", client_id=each)["items"][0] for each in self._clients.values()]
        shared = self._asset(FILE_SERVER)["id"]
        device = {"integration_id": self._ids["ninjaone"], "external_id": str(self._fleet.numbers[FILE_SERVER])}
        link = self._api.post(f"/assets/{shared}/remote-access", device)
        audited = self._api.get("/audit", subject=f"asset:{shared}", limit=1)["items"][0]
        fleet_show.software(self._console, found)
        fleet_show.compliance(self._console, clients)
        fleet_show.way_in(self._console, FILE_SERVER, link, audited)

    def end(self) -> None:
        """The alert clears, so that a later run has a ticket of its own. Assets stay."""
        number = self._fleet.numbers[FILE_SERVER]
        for alert in self._fleet.ninjaone.state.alerts_of(number):
            self._fleet.ninjaone.clear(alert.uid)
        until(lambda: self._ticket(number) is None, "the alert is over")
        for provider in self._ids:
            self._api.post(f"{self._path(provider)}/disconnect")
        self._console.print("The RMMs are disconnected. Their assets stay; the next run of the demo knows them again.")

    def _connect(self, rmm: Rmm) -> str:
        """The integration's id. One of an earlier run is connected again, so that its devices are known; its mappings
        are forgotten."""
        name = f"{rmm.provider} fleet (demo)"
        # Its syncs wait until the organizations are mapped.
        words: dict[str, Any] = {
            "instance_url": rmm.simulator.url,
            "credentials": rmm.credentials,
            "device_sync": {"enabled": False},
            "requests_per_minute": _REQUESTS_PER_MINUTE,
        }
        known = next((each for each in self._api.all("/integrations") if each["name"] == name), None)
        if known is None:
            fresh = {"provider": rmm.provider, "name": name, "allow_private_address": True}
            made = self._api.post("/integrations", {**fresh, "polling": {"enabled": False}, **words})
            self._api.post(f"/integrations/{made['id']}/rules", _RULE)
            return str(made["id"])
        path = f"/integrations/{known['id']}"
        self._api.post(f"{path}/disconnect")
        mapped = [each["external_id"] for each in self._api.all(f"{path}/organizations", mapped="true")]
        if mapped:
            items = [{"external_id": each, "client_id": None} for each in mapped]
            self._api.put(f"{path}/organizations", {"items": items})
        self._api.patch(path, words)
        return str(known["id"])

    def _begin(self, provider: str, kind: str = "devices") -> str:
        """The run's id."""
        return str(self._api.post(f"{self._path(provider)}/sync", {"kind": kind})["id"])

    def _ended(self, provider: str, run_id: str) -> None:
        path = f"{self._path(provider)}/runs/{run_id}"
        until(lambda: self._api.get(path)["finished_at"] is not None, f"the sync of {provider} has ended")

    def _has_software(self, provider: str) -> bool:
        last = self._api.get(self._path(provider))["device_sync"]["last_runs"]
        return any(each["kind"] == "software" for each in last)

    def _asset(self, name: str, asset_id: str | None = None) -> dict[str, Any]:
        if asset_id is None:
            found = self._api.get("/assets", q=name, limit=10)["items"]
            asset_id = next(each["id"] for each in found if each["name"] == name)
        return self._api.get(f"/assets/{asset_id}")

    def _history(self, asset_id: str) -> Sequence[dict[str, Any]]:
        found: list[dict[str, Any]] = self._api.get(f"/assets/{asset_id}/history", limit=5)["items"]
        return found

    def _ticket(self, number: int) -> str | None:
        """Of the newest alert of a machine of NinjaOne."""
        found = self._api.get("/alerts", integration_id=self._ids["ninjaone"], status="active")["items"]
        return next((each["ticket_id"] for each in found if each["device"]["external_id"] == str(number)), None)

    def _path(self, provider: str) -> str:
        return f"/integrations/{self._ids[provider]}"
