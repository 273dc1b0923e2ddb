"""Whether a device is what it was at the last sync, without reading its asset.

What a listing does not say is left out of the fingerprint, so that a new field of Facts, which nothing says yet, makes
no device look changed.
"""

import hashlib
import json

from tandem.assets.merging import FACTS, PATCH_FIELDS, is_empty
from tandem.assets.models import AgentStatus, AssetType, Disk, Facts
from tandem.assets.placing import Placement
from tandem.times import to_text

LARGEST = 100_000
"""Bytes of a device's facts. More do not fit into an asset together with another device's."""

_WHOLE = 16
_PATCHES = 8
_LASTING = tuple(name for name in FACTS if name not in PATCH_FIELDS)
_PATCHED = tuple(sorted(PATCH_FIELDS))


def of_device(facts: Facts, organization_id: str | None, placement: Placement) -> str:
    """16 hexadecimal digits of all that an asset is written for, but patches. Raises ValueError for facts that cannot
    be kept: too many, or no text."""
    said = _said(facts, _LASTING)
    return _digest([said, organization_id, placement.client_id, placement.skip])[:_WHOLE]


def of_patches(facts: Facts) -> str:
    """8 hexadecimal digits of the facts about patches; empty if nothing is said of them. Raises as `of_device`."""
    said = _said(facts, _PATCHED)
    return _digest(said)[:_PATCHES] if said else ""


def _said(facts: Facts, names: tuple[str, ...]) -> dict[str, object]:
    return {name: value for name in names if not is_empty(value := getattr(facts, name))}


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    encoded = text.encode()
    if len(encoded) > LARGEST:
        raise ValueError(f"the RMM says {len(encoded)} bytes of it; at most {LARGEST} can be kept")
    return hashlib.sha256(encoded).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, AssetType | AgentStatus):
        return value.value
    if isinstance(value, Disk):
        return [value.name, value.total_gib]
    return to_text(value)  # type: ignore[arg-type]  # the one sort that is left; anything else is refused there
