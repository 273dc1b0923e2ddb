"""Simulators as pytest fixtures: each test has its own, started, empty and always the same."""

from collections.abc import Iterator

import pytest

from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm.simulator import TacticalRmm


@pytest.fixture
def simulated_ninjaone() -> Iterator[NinjaOne]:
    """A NinjaOne tenant."""
    with NinjaOne(seed=1) as simulator:
        yield simulator


@pytest.fixture
def simulated_tacticalrmm() -> Iterator[TacticalRmm]:
    """A Tactical RMM server."""
    with TacticalRmm(seed=1) as simulator:
        yield simulator


@pytest.fixture
def simulated_level() -> Iterator[Level]:
    """A Level organization; its webhooks are tried again at once."""
    with Level(seed=1, retry_delay=0.01) as simulator:
        yield simulator
