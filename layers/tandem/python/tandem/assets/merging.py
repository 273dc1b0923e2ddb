"""What a listing says, laid over what was known: nothing that it does not say takes anything back.

A None, an empty text or list is what an RMM says when it does not know (its agent is off, a query was not allowed), so
it never wins. A zero, False and an `unknown` status are said.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from enum import Enum
from typing import TypeVar

from tandem.assets.models import Device, Disk, Facts, FieldChange, FieldValue, Seen
from tandem.times import to_text

PATCH_FIELDS = frozenset({"patches_pending", "patches_failed", "has_patches_pending", "last_patch_scan_at"})
"""What a run of patches alone lists."""

SILENT = PATCH_FIELDS | {"agent_status"}
"""Facts that are written to the asset and shown, but change too often to be worth a line of its history. What they were
when is in the events and in the alerts."""

FACTS = tuple(each.name for each in fields(Facts))
_SEEN = tuple(each.name for each in fields(Seen))
_LOUD = tuple(name for name in FACTS if name not in SILENT)

Said = TypeVar("Said", Facts, Seen)


def overlay(over: Facts, under: Facts) -> Facts:
    """What `over` says, and what only `under` says."""
    return _overlay(over, under, FACTS)


def overlay_seen(over: Seen, under: Seen) -> Seen:
    """The same of what changes all the time."""
    return _overlay(over, under, _SEEN)


def merge_devices(earlier: Device, later: Device) -> Device:
    """The parts of one device from two sources: what the earlier one says of a field stands."""
    return Device(
        external_id=earlier.external_id,
        organization_id=earlier.organization_id or later.organization_id,
        organization_name=earlier.organization_name or later.organization_name,
        facts=overlay(earlier.facts, later.facts),
        seen=overlay_seen(earlier.seen, later.seen),
        approval=earlier.approval or later.approval,
    )


def patches_only(facts: Facts) -> Facts:
    """The facts about patches, and nothing else."""
    return replace(Facts(), **{name: getattr(facts, name) for name in PATCH_FIELDS})


def changes(before: Facts, after: Facts) -> tuple[FieldChange, ...]:
    """The changes that are worth a line of the history."""
    return tuple(
        FieldChange(name, field_value(old), field_value(new))
        for name in _LOUD
        if (old := getattr(before, name)) != (new := getattr(after, name))
    )


def field_value(value: object) -> FieldValue:
    """A fact as one value for people: lists as text, times in ISO 8601."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Enum):
        return field_value(value.value)
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, Disk):
        return value.name if value.total_gib is None else f"{value.name} {value.total_gib:g} GiB"
    if isinstance(value, tuple):
        return ", ".join(str(field_value(each)) for each in value) or None
    raise TypeError(f"no fact is a {type(value).__name__}")


def _overlay(over: Said, under: Said, names: tuple[str, ...]) -> Said:
    if over == under:
        return under
    missing = {
        name: value for name in names if is_empty(getattr(over, name)) and not is_empty(value := getattr(under, name))
    }
    return replace(over, **missing) if missing else over


def is_empty(value: object) -> bool:
    """Whether it says nothing."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, tuple | Mapping) and not value
