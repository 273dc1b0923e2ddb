"""A simulated RMM with a large fleet, in a process of its own: started by devices.py.

Prints a JSON line about where it is, and one for each line that it is sent:

    drift          every device has reported again: another last seen, reboot, user and free space
    rename <n>     so many devices, evenly spread, have another name
    requests       by path, since the last time; ids are shown as *
    device         the external id of one device
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from tandem.alerts.models import Provider
from tests.simulators import world
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.simulator import Simulator
from tests.simulators.tacticalrmm.simulator import TacticalRmm

CUSTOMERS = 50
PROGRAMS = 100
SOFTWARE = "software"
"""Instead of a vendor: Tactical RMM, with that many programs on each of its agents."""

_ID = re.compile(r"(?<=/)(?!v\d+(?:/|$))(?:[^/]*\d[^/]*|[^/]{30,})")


def main(what: str, devices: int) -> int:
    """Runs until its standard input ends."""
    simulator, names, rename = _filled(what, devices)
    with simulator:
        _say({"url": simulator.url})
        renamed = 0
        for line in sys.stdin:
            command, _, number = line.strip().partition(" ")
            if command == "drift":
                _say(simulator.operations()["drift"]())
            elif command == "rename":
                step = max(1, len(names) // int(number))
                renamed += 1
                for place in range(int(number)):
                    rename(names[place * step], f"RENAMED-{renamed}-{place}")
                _say(int(number))
            elif command == "requests":
                _say(Counter(_ID.sub("*", each.path) for each in simulator.requests.all()))
                simulator.requests.clear()
            elif command == "device":
                _say(str(names[0]))
    return 0


def _filled(what: str, devices: int) -> tuple[Simulator, list[Any], Callable[[Any, str], object]]:
    """The simulator, its devices' external ids, and what gives one another name."""
    if what == SOFTWARE:
        tactical = TacticalRmm(seed=1)
        state = tactical.state
        clients = [state.add_client(f"Customer {number:03d}").id for number in range(CUSTOMERS)]
        for number in range(devices):
            state.add_agent(clients[number % CUSTOMERS], f"DESKTOP-{number:05d}")
        tactical.fill_software(PROGRAMS)
        return tactical, [each.agent_id for each in state.agents], tactical.rename_device
    provider = Provider(what)
    if provider is Provider.NINJAONE:
        ninja = NinjaOne(seed=1)
        world.ninjaone(ninja, organizations=CUSTOMERS, devices=devices)
        # Without its webhook, which nobody hears here.
        return ninja, [each.id for each in ninja.state.devices], ninja.state.rename_device
    if provider is Provider.TACTICALRMM:
        tactical = TacticalRmm(seed=1)
        world.tacticalrmm(tactical, clients=CUSTOMERS, agents=devices)
        return tactical, [each.agent_id for each in tactical.state.agents], tactical.state.rename_agent
    level = Level(seed=1)
    world.level(level, groups=CUSTOMERS, devices=devices)
    return level, [each.id for each in level.state.devices], level.state.rename_device


def _say(value: Any) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
