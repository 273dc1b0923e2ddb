"""The chapter in which Tandem calls simulated RMMs itself. It connects, polls, gets a webhook, and tells the RMM when a
ticket is closed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from local.demo.api import Api
from local.demo.setup import Progress
from local.demo.story import until
from tests.simulators import world
from tests.simulators.levelio import simulator as levelio
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone import simulator as ninjaone
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm import simulator as tacticalrmm
from tests.simulators.tacticalrmm.simulator import TacticalRmm

LEVEL_SECRET = "the-signing-secret-of-the-demo"  # noqa: S105  a simulator's


@dataclass(frozen=True)
class Line:
    """What was done, and what came of it."""

    provider: str
    what: str
    outcome: str


@dataclass(frozen=True)
class Rmm:
    """One simulated RMM, and how the demo drives it. `fire` makes a second alert; `active` counts its live ones."""

    provider: str
    url: str
    credentials: dict[str, Any]
    extra: dict[str, Any]
    take_webhooks: Callable[[dict[str, Any]], None]
    fire: Callable[[], None]
    active: Callable[[], int]


def tell(api: Api, run_number: int, client_id: str, say: Progress) -> list[Line]:
    """The chapter with all RMMs, side by side. Afterwards they are disconnected, for the simulators end with the
    demo."""
    with ExitStack() as running:
        rmms = _simulated(running, run_number)
        with ThreadPoolExecutor(len(rmms)) as side_by_side:
            told = list(side_by_side.map(lambda rmm: _with(api, rmm, client_id, say), rmms))
    return [line for lines in told for line in lines]


def _with(api: Api, rmm: Rmm, client_id: str, say: Progress) -> list[Line]:
    say(f"{rmm.provider}: connecting, with the credentials tried first")
    for old in list(api.all("/integrations")):
        if old["name"] == _name(rmm):
            api.delete(f"/integrations/{old['id']}")
    made = api.post(
        "/integrations",
        {
            "provider": rmm.provider,
            "name": _name(rmm),
            "instance_url": rmm.url,
            "allow_private_address": True,
            "credentials": rmm.credentials,
            "default_client_id": client_id,
            "polling": {"enabled": False},
            "device_sync": {"enabled": False},
            **rmm.extra,
        },
    )
    path = f"/integrations/{made['id']}"
    api.post(f"{path}/rules", {"name": "Everything", "conditions": {}, "actions": {}})
    lines = [Line(rmm.provider, "connect", f"{made['status']}, {made['credentials']['kind']}")]

    say(f"{rmm.provider}: a poll finds what no webhook told")
    asked = api.post(f"{path}/poll")
    until(lambda: api.get(f"{path}/runs/{asked['id']}")["finished_at"] is not None, "the poll has ended")
    done = api.get(f"{path}/runs/{asked['id']}")
    lines.append(Line(rmm.provider, "poll", f"{done['state']}: {done['listed']} active, {done['fired']} new"))

    say(f"{rmm.provider}: a device fires, and its webhook arrives")
    rmm.take_webhooks(made["webhook"])
    rmm.fire()
    until(lambda: len(_tickets(api, made["id"])) == 2, "both alerts have a ticket")
    tickets = _tickets(api, made["id"])
    numbers = ", ".join(sorted(ticket["number"] for ticket in tickets))
    lines.append(Line(rmm.provider, "webhook", f"tickets {numbers}"))

    say(f"{rmm.provider}: closing the tickets, and waiting for the RMM to hear of it")
    before = rmm.active()
    for ticket in tickets:
        api.post(f"/tickets/{ticket['id']}/close")
    until(lambda: rmm.active() == 0, f"{rmm.provider} has heard that its alerts are over")
    lines.append(Line(rmm.provider, "close", f"reset in the RMM: {before} alerts active before, none now"))
    status = api.post(f"{path}/disconnect")["status"]
    return [*lines, Line(rmm.provider, "disconnect", f"{status}: its alerts and tickets stay")]


def _tickets(api: Api, integration_id: str) -> list[dict[str, Any]]:
    ids = {alert["ticket_id"] for alert in api.all("/alerts", integration_id=integration_id) if alert["ticket_id"]}
    return [api.get(f"/tickets/{each}") for each in ids]


def _name(rmm: Rmm) -> str:
    return f"{rmm.provider} simulated (demo)"


def _simulated(running: ExitStack, run_number: int) -> list[Rmm]:
    """All three, started, each with a few devices and one alert in force. Their ids are this run's own."""
    first_id = run_number * 100
    ninja = running.enter_context(NinjaOne(seed=run_number, first_id=first_id))
    tactical = running.enter_context(TacticalRmm(seed=run_number, first_id=first_id))
    level = running.enter_context(Level(seed=run_number, retry_delay=0.1))
    world.small(ninja, tactical, level)

    def tactical_webhooks(webhook: dict[str, Any]) -> None:
        tactical.set_webhook(webhook["url"], webhook["secret"], webhook["header"])

    def level_webhooks(webhook: dict[str, Any]) -> None:
        level.set_webhook(webhook["url"], LEVEL_SECRET)

    def ninja_webhooks(_webhook: dict[str, Any]) -> None:
        """Tandem has registered its own."""

    return [
        Rmm(
            "ninjaone",
            ninja.url,
            {
                "client_id": ninjaone.CLIENT_ID,
                "client_secret": ninjaone.CLIENT_SECRET,
                "region": "eu",
                "grant": "client_credentials",
            },
            {},
            ninja_webhooks,
            lambda: _ignore(ninja.trigger(ninja.state.devices.after(None, 2)[1].id, "memory")),
            lambda: len(ninja.state.alerts),
        ),
        Rmm(
            "tacticalrmm",
            tactical.url,
            {"api_key": tacticalrmm.API_KEY},
            {},
            tactical_webhooks,
            lambda: _ignore(tactical.trigger(tactical.state.agents.after(None, 2)[1].hostname, "cpu")),
            lambda: sum(not alert.resolved for alert in tactical.state.alerts),
        ),
        Rmm(
            "levelio",
            level.url,
            {"api_key": levelio.API_KEY},
            {"signing_secret": LEVEL_SECRET},
            level_webhooks,
            lambda: _ignore(level.trigger(level.state.devices.after(None, 2)[1].id, "cpu")),
            lambda: sum(alert.resolved_at is None for alert in level.state.alerts),
        ),
    ]


def _ignore(_made: object) -> None:
    """The alert is seen in Tandem."""
