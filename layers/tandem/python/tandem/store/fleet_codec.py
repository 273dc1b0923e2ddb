"""Pages of a fleet as items and back: hundreds of devices in one binary attribute.

It is a gzip of a JSON list of rows, one a device, in the order of FIELDS, cut behind the last value that says anything.
Measured with made-up devices: 35 bytes a device whose id is a number, 70 bytes with an id of 40 random letters; so 500
stay far below the 400 KB of an item, and 250 cost 9 to 17 write units. Where they do not (hosts of containers have
dozens of volumes with random names), free space is left out, and then users: no device's sync may end by that.

What changes all the time is kept no finer than it is of use, or it would not compress: times as whole seconds, free
space as tenths of GiB.
"""

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tandem.assets.identity import asset_id_of
from tandem.assets.models import FleetEntry, FleetPage, Presence, Seen
from tandem.store import keys
from tandem.store.codec import Item, decode_item, encode_item

FIELDS = (
    "external_id",
    "fingerprint",
    "asset",  # 1: the id that follows from the device's own; a text: another asset's
    "patches",
    "organization_id",
    "last_seen_at",
    "booted_at",
    "last_user",
    "free_gib",
    "absent",
    "absent_since",
    "presence",
    "refreshed_at",
)
"""What a row holds, in this order. New fields go to the end: rows of before are shorter, and read as if they lacked
it."""

LARGEST = 350_000
"""Bytes of the packed rows: an item may have 400 KB."""

_MISSED_LEAST = ("free_gib", "last_user")
_ITS_OWN = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_GZIP_LEVEL = 6


def fleet_page_item(page: FleetPage) -> Item:
    """The page. The same page gives the same bytes."""
    packed = _packed(page)
    for name in _MISSED_LEAST:
        if len(packed) <= LARGEST:
            break
        packed = _packed(page := _without(page, name))
    return encode_item(
        {
            **keys.fleet_page_key(page.integration_id, page.begins),
            "integration_id": page.integration_id,
            "begins": page.begins,
            "run_id": page.run_id,
            "version": page.version,
            "entries": packed,
        }
    )


def fleet_page_from(item: Mapping[str, Any]) -> FleetPage:
    """The page of an item."""
    values = decode_item(item)
    rows = json.loads(gzip.decompress(values["entries"]))
    entries = (_entry(values["integration_id"], row) for row in rows)
    return FleetPage(
        integration_id=values["integration_id"],
        begins=values["begins"],
        entries={entry.external_id: entry for entry in entries},
        run_id=values.get("run_id"),
        version=values["version"],
    )


def _packed(page: FleetPage) -> bytes:
    rows = [_row(page.integration_id, entry) for _, entry in sorted(page.entries.items())]
    return gzip.compress(json.dumps(rows, separators=(",", ":")).encode(), _GZIP_LEVEL, mtime=0)


def _without(page: FleetPage, name: str) -> FleetPage:
    empty = {name: getattr(Seen(), name)}
    entries = {key: replace(each, seen=replace(each.seen, **empty)) for key, each in page.entries.items()}
    return replace(page, entries=entries)


def _row(integration_id: str, entry: FleetEntry) -> list[Any]:
    seen = entry.seen
    is_its_own = entry.asset_id == asset_id_of(integration_id, entry.external_id)
    row: list[Any] = [
        entry.external_id,
        entry.fingerprint,
        _ITS_OWN if is_its_own else entry.asset_id,
        entry.patches or None,
        entry.organization_id,
        _seconds(seen.last_seen_at),
        _seconds(seen.booted_at),
        seen.last_user,
        {name: round(gib, 1) for name, gib in seen.free_gib.items()} or None,
        entry.absent or None,
        _seconds(entry.absent_since),
        entry.presence.value if entry.presence is not Presence.LISTED else None,
        _seconds(entry.refreshed_at),
    ]
    while row[-1] is None:  # the first one never is
        row.pop()
    return row


def _entry(integration_id: str, row: list[Any]) -> FleetEntry:
    values = dict(zip(FIELDS, row, strict=False))
    external_id = values["external_id"]
    asset = values.get("asset")
    return FleetEntry(
        external_id=external_id,
        fingerprint=values["fingerprint"],
        asset_id=asset_id_of(integration_id, external_id) if asset == _ITS_OWN else asset,
        patches=values.get("patches") or "",
        organization_id=values.get("organization_id"),
        seen=Seen(
            last_seen_at=_moment(values.get("last_seen_at")),
            booted_at=_moment(values.get("booted_at")),
            last_user=values.get("last_user"),
            free_gib=values.get("free_gib") or {},
        ),
        absent=values.get("absent") or 0,
        absent_since=_moment(values.get("absent_since")),
        presence=Presence(values.get("presence") or Presence.LISTED),
        refreshed_at=_moment(values.get("refreshed_at")),
    )


def _seconds(at: datetime | None) -> int | None:
    return (at - _EPOCH) // _SECOND if at is not None else None


def _moment(seconds: int | None) -> datetime | None:
    return _EPOCH + timedelta(seconds=seconds) if seconds is not None else None
