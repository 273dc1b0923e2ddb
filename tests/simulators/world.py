"""Estates to start with: a small one to look at, and large ones to measure with."""

import random
from itertools import cycle, islice

from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm.simulator import TacticalRmm

CUSTOMERS = ("Acme Corp", "Globex & Sons", "Initech")
_NINJAONE_CLASSES = ("WINDOWS_WORKSTATION", "WINDOWS_WORKSTATION", "WINDOWS_SERVER", "MAC", "LINUX_SERVER")
_TACTICAL_PLATFORMS = ("windows", "windows", "windows", "linux", "darwin")
_LEVEL_PLATFORMS = ("Windows", "Windows", "Mac", "Linux")


def small(*simulators: NinjaOne | TacticalRmm | Level) -> None:
    """Three customers each, a few devices, one alert in force that no webhook has told."""
    for simulator in simulators:
        with simulator.lock:
            match simulator:
                case NinjaOne():
                    ninjaone(simulator, organizations=3, devices=9, alerts=1)
                case TacticalRmm():
                    tacticalrmm(simulator, clients=3, agents=9, alerts=1)
                case Level():
                    level(simulator, groups=3, devices=9, alerts=1)


def ninjaone(simulator: NinjaOne, *, organizations: int, devices: int, alerts: int = 0) -> None:
    """Devices are spread over the organizations; the alerts are those of the first devices."""
    with simulator.lock:
        state = simulator.state
        ids = [state.add_organization(name).id for name in _names(organizations)]
        for number, organization in enumerate(islice(cycle(ids), devices), 1):
            node_class = _NINJAONE_CLASSES[number % len(_NINJAONE_CLASSES)]
            name = f"SRV-{number:02d}" if "SERVER" in node_class else f"WS-{number:02d}"
            state.add_device(organization, name, node_class=node_class, is_news=False)
        for device in state.devices.after(None, alerts):
            state.trigger(device.id, "disk", is_news=False)


def tacticalrmm(simulator: TacticalRmm, *, clients: int, agents: int, alerts: int = 0) -> None:
    """The same for Tactical RMM."""
    with simulator.lock:
        state = simulator.state
        ids = [state.add_client(name).id for name in _names(clients)]
        for number, client in enumerate(islice(cycle(ids), agents), 1):
            plat = _TACTICAL_PLATFORMS[number % len(_TACTICAL_PLATFORMS)]
            is_server = number % 3 == 0 and plat != "darwin"
            name = f"SRV-{number:02d}" if is_server else f"DESKTOP-{number:02d}"
            state.add_agent(client, name, plat=plat, monitoring_type="server" if is_server else "workstation")
        for agent in state.agents.after(None, alerts):
            state.trigger(agent.id, "disk", is_news=False)


def level(simulator: Level, *, groups: int, devices: int, alerts: int = 0) -> None:
    """The same for Level; each customer's group has one for its servers below it."""
    with simulator.lock:
        state = simulator.state
        roots = [state.add_group(name).id for name in _names(groups)]
        below = [state.add_group("Servers", root).id for root in roots]
        for number, group in enumerate(islice(cycle([*roots, *below]), devices), 1):
            is_server = group in below
            state.add_device(
                f"SRV-{number:02d}" if is_server else f"FRONTDESK-{number:02d}",
                group,
                platform=_LEVEL_PLATFORMS[number % len(_LEVEL_PLATFORMS)],
                role="server" if is_server else "workstation",
                is_news=False,
            )
        for device in state.devices.after(None, alerts):
            state.trigger(device.id, "disk", is_news=False)
        state.happened.clear()


def clear_some(simulator: NinjaOne | TacticalRmm | Level, count: int, dice: random.Random) -> list[str]:
    """So many alerts, chosen by the dice, end without a webhook; gives their ids."""
    with simulator.lock:
        match simulator:
            case NinjaOne():
                chosen = dice.sample(sorted(simulator.state.alerts), count)
                for uid in chosen:
                    simulator.state.clear(uid)
                simulator.state.happened.clear()
                return chosen
            case TacticalRmm():
                numbers = dice.sample([each.id for each in simulator.state.alerts if not each.resolved], count)
                for number in numbers:
                    simulator.state.clear(number)
                simulator.state.happened.clear()
                return [str(number) for number in numbers]
            case Level():
                chosen = dice.sample([each.id for each in simulator.state.alerts if each.resolved_at is None], count)
                for each in chosen:
                    simulator.state.resolve(each)
                simulator.state.happened.clear()
                return chosen


def _names(count: int) -> list[str]:
    return [*CUSTOMERS, *(f"Customer {number:03d}" for number in range(4, count + 1))][:count]
