"""How often an integration's devices are synced."""

from datetime import timedelta

from tandem.alerts.models import Provider
from tandem.store.configuration.records import Integration
from tandem.store.sync_records import RunKind

SHORTEST_MINUTES = 15
LONGEST_MINUTES = 24 * 60

SHORTEST_RETIRE_DAYS = 1
LONGEST_RETIRE_DAYS = 365

PATCHES_EVERY = timedelta(hours=6)
SOFTWARE_EVERY = timedelta(hours=24)

_LONGEST_BETWEEN_TURNS = 6 * 60
"""Minutes: patches are due that often, however seldom devices are."""

TELL_PATCHES_WITH_DEVICES = frozenset({Provider.NINJAONE, Provider.LEVELIO})
"""Their whole sync reads all that they say of patches: only between two of those has a sync of patches alone any
sense."""

HAVE_SOFTWARE = frozenset({Provider.NINJAONE, Provider.TACTICALRMM})
"""Level has no software inventory."""


def told_apart(integration: Integration) -> tuple[RunKind, ...]:
    """What of its devices no sync of devices tells: kinds of syncs of their own."""
    patches: tuple[RunKind, ...] = () if integration.provider in TELL_PATCHES_WITH_DEVICES else ("patches",)
    software: tuple[RunKind, ...] = ("software",) if integration.provider in HAVE_SOFTWARE else ()
    return patches + software


def synced_every(integration: Integration) -> timedelta:
    """Between two syncs of its devices."""
    minutes = min(LONGEST_MINUTES, max(SHORTEST_MINUTES, integration.device_sync_interval_minutes))
    return timedelta(minutes=minutes)


def turn_every(integration: Integration) -> int | None:
    """Minutes between two turns, in each of which is started what is due (starting.py): what its schedule says; None
    for an integration that has none."""
    if not integration.is_synced:
        return None
    return min(_LONGEST_BETWEEN_TURNS, int(synced_every(integration).total_seconds()) // 60)
