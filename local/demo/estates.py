"""The simulated RMMs whose fleets are synced: the same machines in each run, so that a second one knows them again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from tests.simulators.levelio import simulator as levelio
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone import simulator as ninjaone
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm import simulator as tacticalrmm
from tests.simulators.tacticalrmm.simulator import TacticalRmm

CUSTOMERS = ("Northwind Dental", "Contoso Legal", "Fabrikam Foods")
"""As the MSP calls them. Each RMM has a spelling of its own."""

OWN_LAB = "Our lab"
"""Nobody's: its devices get no asset."""

FILE_SERVER, FRONT_DESK, LEAVING = "ND-FILES01", "ND-DESK01", "CL-OLD01"
"""The machine that two RMMs manage, the one that somebody renames, and the one that goes."""

_NINJAONE_DEVICES, _TACTICAL_AGENTS, _LEVEL_DEVICES = 500, 12, 20
_CLASSES = ("WINDOWS_WORKSTATION", "WINDOWS_WORKSTATION", "WINDOWS_SERVER", "MAC", "LINUX_SERVER")
_SEED = 4711
_SHARED_SERIAL_NUMBER = "CZJ2470DEMO"
_PROGRAMS = (("7-Zip 23.01 (x64)", "23.01"), ("7-Zip 22.01 (x64 edition)", "22.01"))


@dataclass(frozen=True)
class Rmm:
    """One of them, and what Tandem is told to reach it."""

    provider: str
    simulator: NinjaOne | TacticalRmm | Level
    credentials: dict[str, Any]


@dataclass(frozen=True)
class Estates:
    """All three, started. NinjaOne's own numbers of its machines with a part in the story, by name."""

    ninjaone: NinjaOne
    tacticalrmm: TacticalRmm
    levelio: Level
    numbers: dict[str, int]

    @property
    def all(self) -> list[Rmm]:
        """In the order in which they are told of."""
        app = {"client_id": ninjaone.CLIENT_ID, "client_secret": ninjaone.CLIENT_SECRET, "region": "eu"}
        return [
            Rmm("ninjaone", self.ninjaone, app | {"grant": "client_credentials"}),
            Rmm("tacticalrmm", self.tacticalrmm, {"api_key": tacticalrmm.API_KEY}),
            Rmm("levelio", self.levelio, {"api_key": levelio.API_KEY}),
        ]


@contextmanager
def running(run_number: int) -> Iterator[Estates]:
    """The RMMs. Their alerts are this run's own."""
    with (
        NinjaOne(seed=_SEED) as ninja,
        TacticalRmm(seed=_SEED) as tactical,
        Level(seed=_SEED) as level,
    ):
        numbers = _fill_ninjaone(ninja)
        _fill_tactical(tactical)
        _fill_level(level)
        tactical.set_hardware(FILE_SERVER, _SHARED_SERIAL_NUMBER)
        ninja.set_hardware(numbers[FILE_SERVER], _SHARED_SERIAL_NUMBER)
        ninja.random.seed(run_number)
        yield Estates(ninja, tactical, level, numbers)


def _fill_ninjaone(ninja: NinjaOne) -> dict[str, int]:
    with ninja.lock:
        state = ninja.state
        names = ("Northwind Dental, Inc.", "CONTOSO LEGAL", "Fabrikam Foods Ltd", OWN_LAB)
        customers = [state.add_organization(name).id for name in names]
        numbers = {
            name: state.add_device(customers[0], name, node_class=node_class, is_news=False).id
            for name, node_class in ((FILE_SERVER, "WINDOWS_SERVER"), (FRONT_DESK, "WINDOWS_WORKSTATION"))
        }
        for number, customer in enumerate(islice(cycle(customers[:3]), _NINJAONE_DEVICES), 1):
            node_class = _CLASSES[number % len(_CLASSES)]
            device = state.add_device(customer, f"PC-{number:04d}", node_class=node_class, is_news=False)
            if number % 40 == 0:
                name, version = _PROGRAMS[number % 80 == 0]
                state.install(device.id, [{"name": name, "version": version, "publisher": "Igor Pavlov"}])
            if number % 50 == 0:
                state.set_offline(device.id, True)
        for number in range(1, 8):
            state.add_device(customers[3], f"LAB-{number:02d}", is_news=False)
        state.happened.clear()
    return numbers


def _fill_tactical(tactical: TacticalRmm) -> None:
    with tactical.lock:
        state = tactical.state
        northwind, contoso = (state.add_client(name).id for name in ("Northwind Dental", "Contoso Legal LLC"))
        state.add_agent(northwind, FILE_SERVER)
        state.add_agent(contoso, LEAVING, monitoring_type="workstation")
        for number in range(1, _TACTICAL_AGENTS - 1):
            state.add_agent(contoso, f"CL-{number:02d}", plat="windows" if number % 3 else "linux")


def _fill_level(level: Level) -> None:
    with level.lock:
        state = level.state
        fabrikam = state.add_group("Fabrikam Foods GmbH").id
        kitchens = state.add_group("Kitchens", fabrikam).id
        for number in range(1, _LEVEL_DEVICES + 1):
            state.add_device(f"KITCHEN-{number:02d}", kitchens, is_news=False)
        state.happened.clear()
