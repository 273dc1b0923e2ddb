"""The fleets of the vendors' simulators, over real sockets."""

from datetime import timedelta

from tandem.assets.models import Device, Facts
from tandem.connections.address import AddressRule
from tandem.connections.advice import Advice
from tandem.connections.authorization import Authorization
from tandem.connections.calls import Around
from tandem.connections.fleet import DevicePart, Fleet, Unreadable
from tandem.connections.http import VendorHttp
from tandem.connections.limits import Deadline, Limits, RateLimit
from tandem.connections.transport import checked_transport
from tandem.providers.levelio import api as levelio
from tandem.providers.levelio.fleet import LevelFleet
from tandem.providers.levelio.sentences import ADVICE as LEVEL
from tandem.providers.tacticalrmm import api as tacticalrmm
from tandem.providers.tacticalrmm.fleet import TacticalFleet
from tandem.providers.tacticalrmm.sentences import ADVICE as TACTICAL
from tests.simulators.levelio import simulator as level_simulator
from tests.simulators.levelio.simulator import Level
from tests.simulators.tacticalrmm import simulator as tactical_simulator
from tests.simulators.tacticalrmm.simulator import TacticalRmm

_HERE = AddressRule(may_be_private=True, may_be_this_machine=True)
# The waits between attempts are not what is tested here.
_LIMITS = Limits(RateLimit(10_000, timedelta(seconds=1)), first_wait=0.001, longest_wait=0.002)


def tactical_fleet(simulator: TacticalRmm, key: str = tactical_simulator.API_KEY) -> TacticalFleet:
    """Of a simulated server."""
    return TacticalFleet(_http(simulator.url, TACTICAL, tacticalrmm.key_authorization(key)), "integration-1")


def level_fleet(simulator: Level, key: str = level_simulator.API_KEY) -> LevelFleet:
    """Of a simulated organization."""
    return LevelFleet(_http(simulator.url, LEVEL, levelio.authorization(key)), "integration-1")


def listed(fleet: Fleet, source: str) -> list[DevicePart | Unreadable]:
    """All rows of a listing, each page read by a request of its own where it can be gone on with."""
    rows: list[DevicePart | Unreadable] = []
    after: str | None = None
    while True:
        for page in fleet.pages(source, after):
            rows += page.rows
            after = page.after
            if not fleet.restarts(source):
                break
        if after is None:
            return rows


def parts(fleet: Fleet, source: str) -> dict[str, DevicePart]:
    """The devices of a listing all of which can be read, each of which is there once."""
    rows = listed(fleet, source)
    found = [row for row in rows if isinstance(row, DevicePart)]
    assert len(found) == len(rows) == len({each.external_id for each in found})
    return {each.external_id: each for each in found}


def known(facts: Facts) -> set[str]:
    """The names of the fields that say something."""
    return {name for name in Facts.__slots__ if getattr(facts, name) not in (None, ())}


def single(fleet: Fleet, external_id: str) -> Device:
    """One device that is there."""
    found = fleet.device(external_id)
    assert found is not None
    return found


def _http(url: str, advice: Advice, authorize: Authorization) -> VendorHttp:
    around = Around(checked_transport(_HERE))
    deadline = Deadline(60.0, around.clock)
    return VendorHttp(
        url, advice=advice, authorize=authorize, limits=_LIMITS, deadline=deadline, around=around, rule=_HERE
    )
