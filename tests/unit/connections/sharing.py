"""Function instances that keep one integration's rate together, each with a clock that its own sleeps move."""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from tandem.connections.errors import Paced
from tandem.connections.limits import Deadline, Pace, RateLimit
from tandem.connections.shared_pace import Reservations, SharedPace
from tandem.store.rates import Reservation
from tests.unit.connections.world import World

MINUTE = timedelta(minutes=1)


class InMemory:
    """The table's part (store/rates.py), in one call each. `failure`: what it answers instead."""

    def __init__(self) -> None:
        self.end: int | None = None
        self.calls = 0
        self.failure: Exception | None = None

    def reserve(self, integration_id: str, *, earliest: int, latest: int, length: int) -> Reservation:
        self.calls += 1
        if self.failure is not None:
            raise self.failure
        begins = earliest if self.end is None else max(self.end, earliest)
        if begins > latest:
            return Reservation(begins, is_made=False)
        self.end = begins + length
        return Reservation(begins, is_made=True)


@dataclass
class Instance:
    """One function instance. `sent_at`: when its requests went out, in seconds; `paced`: how often they could not."""

    pace: SharedPace
    world: World = field(default_factory=World)
    sent_at: list[float] = field(default_factory=list)
    paced: int = 0

    def ask(self, takes: float, seconds: float = 900.0) -> None:
        """One request that takes so long, of work that has so much time left."""
        try:
            self.pace.wait(Deadline(seconds, self.world.around.clock), "Acme RMM")
        except Paced as error:
            self.paced += 1
            self.world.seconds += error.retry_after or 0.0
            return
        self.sent_at.append(self.world.seconds)
        self.world.seconds += takes


def instance(rate: RateLimit, reservations: Reservations, begins_at: float = 0.0) -> Instance:
    world = World()
    world.seconds = begins_at
    alone = Pace(rate, world.around.clock, world.around.sleep)
    return Instance(SharedPace("i1", rate, reservations, alone, world.around), world)


def run(instances: Iterable[Instance], until: float, takes: Callable[[], float]) -> list[float]:
    """Each asks again and again, whoever's time is the earliest first; gives when requests went out, in order."""
    there = list(instances)
    waiting = [(each.world.seconds, index) for index, each in enumerate(there)]
    heapq.heapify(waiting)
    while waiting:
        at, index = heapq.heappop(waiting)
        if at < until:
            there[index].ask(takes())
            heapq.heappush(waiting, (max(there[index].world.seconds, at + 0.001), index))
    return sorted(at for each in there for at in each.sent_at)


def most_in_a_window(sent_at: list[float], seconds: float) -> int:
    """The most requests in any window of this length."""
    most = begin = 0
    for end, at in enumerate(sent_at):
        while at - sent_at[begin] >= seconds:
            begin += 1
        most = max(most, end - begin + 1)
    return most
