"""The daily check: the schedules that there are, held against the integrations that are to have one.

Connecting, changing and disconnecting write the schedule after the integration; where the second write failed, or
somebody changed a schedule by hand, this mends it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from tandem.scheduling.schedules import Schedules
from tandem.store.configuration.records import Integration


class AllIntegrations(Protocol):
    """Where integrations stand."""

    def all(self) -> Iterable[Integration]:
        """Every integration."""
        ...


@dataclass(frozen=True, slots=True)
class Mended:
    """What was not as it should be: integrations without schedule, schedules without integration, and those that said
    something else."""

    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.surplus or self.changed)


def mend(
    integrations: AllIntegrations, schedules: Schedules, minutes_of: Callable[[Integration], int | None]
) -> Mended:
    """Makes the schedules what they should be. `minutes_of`: between two turns of an integration; None for one that is
    to have no schedule. Raises a StoreError or SchedulesUnavailableError.

    The schedules are read first: an integration that is connected meanwhile is not taken for a surplus schedule.
    """
    there = schedules.intervals()
    wanted = {each.integration_id: minutes for each in integrations.all() if (minutes := minutes_of(each)) is not None}
    missing = tuple(sorted(wanted.keys() - there.keys()))
    surplus = tuple(sorted(there.keys() - wanted.keys()))
    changed = tuple(sorted(each for each, minutes in wanted.items() if each in there and there[each] != minutes))
    for each in (*missing, *changed):
        schedules.put(each, wanted[each])
    for each in surplus:
        schedules.remove(each)
    return Mended(missing, surplus, changed)
