"""`make simulators`: all three vendors on this machine, with a small estate, until Ctrl-C."""

import argparse
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Sequence

from tests.simulators import world
from tests.simulators.levelio import simulator as levelio
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone import simulator as ninjaone
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.simulator import Simulator
from tests.simulators.tacticalrmm import simulator as tacticalrmm
from tests.simulators.tacticalrmm.simulator import TacticalRmm

_FIRST_PORT = 4801
_HOW = """
NinjaOne      {ninjaone.url}
  client id   {ninjaone_client_id}
  secret      {ninjaone_client_secret}
  callback    curl -d '{{"uri": "<Tandem's callback>"}}' {ninjaone.url}/_simulator/add_redirect_uri

Tactical RMM  {tacticalrmm.url}   (the API's host; the dashboard's, which is the wrong one: {tacticalrmm.dashboard_url})
  API key     {tactical_key}
  or log in   {tactical_user} / {tactical_password}, code by: curl -d '' {tacticalrmm.url}/_simulator/code
  webhook     curl -d '{{"url": "<webhook url>", "secret": "<secret>"}}' {tacticalrmm.url}/_simulator/set_webhook

Level         {level.url}
  API key     {level_key}
  webhook     curl -d '{{"url": "<webhook url>", "secret": "<signing secret>"}}' {level.url}/_simulator/set_webhook

Drive each with curl, for instance:

  curl {tacticalrmm.url}/_simulator                              what can be done
  curl {tacticalrmm.url}/_simulator/state
  curl -d '{{"device": {ninjaone_device}, "condition": "memory"}}' {ninjaone.url}/_simulator/trigger
  curl -d '{{"device": "{tactical_device}", "condition": "service"}}' {tacticalrmm.url}/_simulator/trigger
  curl -d '{{"alert": {tactical_alert}}}' {tacticalrmm.url}/_simulator/clear
  curl -d '{{"device": "{level_device}"}}' {level.url}/_simulator/trigger
  curl {tacticalrmm.url}/_simulator/webhooks                     what was sent, and what was answered
  curl {tacticalrmm.url}/_simulator/requests                     what was asked, newest last

and let things go wrong:

  curl -d '{{"kind": "status", "status": 429, "retry_after": 5, "times": 3}}' {ninjaone.url}/_simulator/faults
  curl -d '{{"kind": "half_listing", "path": "/alerts"}}' {tacticalrmm.url}/_simulator/faults
  curl -d '' {level.url}/_simulator/down
  curl -X DELETE {level.url}/_simulator/faults                   all is well again

Ctrl-C stops them; nothing is kept.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until it is interrupted; 1 if a port that was asked for is taken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators", description=__doc__)
    parser.add_argument("--port", type=int, help="the first of four ports in a row; 0 for any that are free")
    parser.add_argument("--devices", type=int, default=9, help="how many devices each vendor has")
    given = parser.parse_args(arguments)
    started = _started(given.port)
    if started is None:
        sys.stderr.write(f"one of the ports {given.port} to {given.port + 3} is taken; choose others with --port\n")
        return 1
    ninja, tactical, level = started
    _populate(ninja, tactical, level, given.devices)
    sys.stdout.write(_how(ninja, tactical, level))
    sys.stdout.flush()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    for simulator in started:
        simulator.stop()
    return 0


def _started(port: int | None) -> tuple[NinjaOne, TacticalRmm, Level] | None:
    """At the ports that were asked for, else at the usual ones, or at any if those are taken."""
    for first in (_FIRST_PORT, 0) if port is None else (port,):
        ports = [first + number if first else 0 for number in range(4)]
        # Ids that no run before this one gave, in case Tandem kept what it learnt then.
        run = int(time.time()) % 10_000_000
        ninja = NinjaOne(port=ports[0], first_id=run)
        tactical = TacticalRmm(port=ports[1], dashboard_port=ports[2], first_id=run)
        simulators: tuple[Simulator, ...] = (ninja, tactical, level := Level(port=ports[3]))
        try:
            for simulator in simulators:
                simulator.start()
        except OSError:
            for simulator in simulators:
                simulator.stop()
            continue
        return ninja, tactical, level
    return None


def _populate(ninja: NinjaOne, tactical: TacticalRmm, level: Level, devices: int) -> None:
    customers = max(3, devices // 500)
    world.ninjaone(ninja, organizations=customers, devices=devices, alerts=1)
    world.tacticalrmm(tactical, clients=customers, agents=devices, alerts=1)
    world.level(level, groups=customers, devices=devices, alerts=1)


def _how(ninja: NinjaOne, tactical: TacticalRmm, level: Level) -> str:
    return textwrap.dedent(_HOW).format(
        ninjaone=ninja,
        tacticalrmm=tactical,
        level=level,
        ninjaone_client_id=ninjaone.CLIENT_ID,
        ninjaone_client_secret=ninjaone.CLIENT_SECRET,
        ninjaone_device=ninja.state.devices.after(None, 2)[-1].id,
        tactical_key=tacticalrmm.API_KEY,
        tactical_user=tacticalrmm.USERNAME,
        tactical_password=tacticalrmm.PASSWORD,
        tactical_device=tactical.state.agents.after(None, 2)[-1].hostname,
        tactical_alert=tactical.state.alerts.after(None, 1)[0].id,
        level_key=levelio.API_KEY,
        level_device=level.state.devices.after(None, 2)[-1].id,
    )


if __name__ == "__main__":
    sys.exit(main())
