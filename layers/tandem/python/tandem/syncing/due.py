"""What is due, by the clock. Pure.

A turn comes as often as settings.turn_every says, a third of that earlier or later. A sync of devices comes first; when
it has ended, what else is due follows (turns.py). A kind that failed or was cancelled is not tried again before a
quarter of its time has passed: each attempt costs the RMM a listing, and somebody a message.
"""

from datetime import datetime, timedelta

from tandem.store.configuration.records import Integration
from tandem.store.sync_records import RunKind, SyncState
from tandem.syncing.settings import (
    HAVE_SOFTWARE,
    PATCHES_EVERY,
    SOFTWARE_EVERY,
    TELL_PATCHES_WITH_DEVICES,
    synced_every,
    turn_every,
)


def due_in_turn(integration: Integration, state: SyncState, now: datetime) -> RunKind | None:
    """What is started when the integration's turn has come."""
    turn = _turn(integration)
    if turn is None:
        return None
    every = synced_every(integration)
    if every <= turn or _is_due(state, "devices", state.last_success_at.get("devices"), every, turn, now):
        return "devices"
    return due_beside_devices(integration, state, now)


def due_beside_devices(integration: Integration, state: SyncState, now: datetime) -> RunKind | None:
    """What is started when another sync has ended: never one of devices, which has its turn. None before the first
    sync of devices went well: there is nothing that patches or software could belong to."""
    turn = _turn(integration)
    devices_at = state.last_success_at.get("devices")
    if turn is None or devices_at is None:
        return None
    patches_at = state.last_success_at.get("patches")
    if integration.provider in TELL_PATCHES_WITH_DEVICES:
        patches_at = max(patches_at or devices_at, devices_at)
    if _is_due(state, "patches", patches_at, PATCHES_EVERY, turn, now):
        return "patches"
    software_at = state.last_success_at.get("software")
    if integration.provider in HAVE_SOFTWARE and _is_due(state, "software", software_at, SOFTWARE_EVERY, turn, now):
        return "software"
    return None


def _turn(integration: Integration) -> timedelta | None:
    minutes = turn_every(integration)
    return timedelta(minutes=minutes) if minutes is not None else None


def _is_due(
    state: SyncState, kind: RunKind, good_at: datetime | None, every: timedelta, turn: timedelta, now: datetime
) -> bool:
    """`good_at`: when what the kind tells was last heard. Half a turn early is due: the next turn would be late."""
    early = turn / 2
    if good_at is not None and now - good_at < every - early:
        return False
    last = state.last.get(kind)
    failed = last is not None and last.state != "succeeded"
    return not (failed and last is not None and now - last.finished_at < every / 4 - early)
