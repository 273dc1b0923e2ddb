"""Assets and their history as items and back.

What providers and persons say of an asset stands in two JSON texts: names and values take half the bytes that they take
as DynamoDB's maps, and only what is set takes any. An asset of one device is some 1.1 KB.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from tandem.alerts.limits import sound_text
from tandem.assets.models import (
    AgentStatus,
    Asset,
    AssetType,
    Disk,
    Facts,
    FieldChange,
    HistoryEntry,
    Likeness,
    LinkedDevice,
    Presence,
)
from tandem.assets.shown import shown
from tandem.store import keys
from tandem.store.codec import Item, decode_item, encode_item
from tandem.times import from_text

HISTORY_RETENTION = timedelta(days=400)
"""As long as alerts, which it helps to understand."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_USUALLY_LINKED_BY = "device"

_SHAPED_FACTS = (
    "asset_type",
    "agent_status",
    "disks",
    "lan_addresses",
    "mac_addresses",
    "tags",
    "last_patch_scan_at",
)
_PLAIN_FACTS = tuple(each.name for each in fields(Facts) if each.name not in _SHAPED_FACTS)


def asset_item(asset: Asset) -> Item:
    """The asset with its index entries: by time, and its client's, which follows when it changes. One without devices
    is in no list."""
    client_id = shown(asset).client_id or keys.NO_CLIENT
    return encode_item(
        {
            **keys.asset_key(asset.asset_id),
            "created_at": _microseconds(asset.created_at),
            "updated_at": _microseconds(asset.updated_at),
            "devices": _text([_device_values(device) for device in asset.devices]) if asset.devices else None,
            "edited": _text(dict(asset.edited)) if asset.edited else None,
            "notes": sound_text(asset.notes) if asset.notes is not None else None,
            "maybe_same": _text([[each.asset_id, each.reason] for each in asset.maybe_same])
            if asset.maybe_same
            else None,
            "linked_to": asset.linked_to,
            "version": asset.version,
            "list_pk": keys.assets_by_time(keys.shard_of(asset.asset_id)) if asset.devices else None,
            "list_sk": keys.time_sort(asset.created_at, asset.asset_id),
            "owner_pk": keys.assets_of_client(client_id) if asset.devices else None,
        }
    )


def asset_from(item: Mapping[str, Any]) -> Asset:
    """The asset of an item."""
    values = decode_item(item)
    return Asset(
        asset_id=keys.asset_id_of(values["pk"]),
        created_at=_EPOCH + timedelta(microseconds=values["created_at"]),
        devices=tuple(_device(each) for each in json.loads(values.get("devices", "[]"))),
        edited=json.loads(values.get("edited", "{}")),
        notes=values.get("notes"),
        maybe_same=tuple(Likeness(*each) for each in json.loads(values.get("maybe_same", "[]"))),
        linked_to=values.get("linked_to"),
        updated_at=_moment(values.get("updated_at")),
        version=values["version"],
    )


def history_item(entry: HistoryEntry, number: str) -> Item:
    """One entry; `number` tells it from others of the same moment."""
    return encode_item(
        {
            **keys.asset_history_key(entry.asset_id, entry.at, number),
            "by": entry.by,
            "what": entry.what,
            "changes": _text([[each.field, each.old, each.new] for each in entry.changes]) if entry.changes else None,
            "expires_at": int((entry.at + HISTORY_RETENTION).timestamp()),
        }
    )


def history_from(item: Mapping[str, Any]) -> HistoryEntry:
    """The entry of an item."""
    values = decode_item(item)
    at, _, _ = values["sk"].removeprefix(keys.HISTORY_PREFIX).partition("#")
    return HistoryEntry(
        asset_id=keys.asset_id_of(values["pk"]),
        at=from_text(at),
        by=values["by"],
        what=values["what"],
        changes=tuple(FieldChange(*each) for each in json.loads(values.get("changes", "[]"))),
    )


def _device_values(device: LinkedDevice) -> dict[str, Any]:
    return _set_ones(
        {
            "integration_id": device.integration_id,
            "external_id": device.external_id,
            "organization_id": device.organization_id,
            "client_id": device.client_id,
            "presence": device.presence.value if device.presence is not Presence.LISTED else None,
            "missing_since": _microseconds(device.missing_since),
            "linked_at": _microseconds(device.linked_at),
            "linked_by": device.linked_by if device.linked_by != _USUALLY_LINKED_BY else None,
            "facts": facts_values(device.facts) or None,
        }
    )


def _device(values: Mapping[str, Any]) -> LinkedDevice:
    return LinkedDevice(
        integration_id=values["integration_id"],
        external_id=values["external_id"],
        facts=facts_from(values.get("facts", {})),
        organization_id=values.get("organization_id"),
        client_id=values.get("client_id"),
        presence=Presence(values.get("presence", Presence.LISTED)),
        missing_since=_moment(values.get("missing_since")),
        linked_at=_moment(values.get("linked_at")),
        linked_by=values.get("linked_by", _USUALLY_LINKED_BY),
    )


def facts_values(facts: Facts) -> dict[str, Any]:
    """What is set of the facts, as JSON knows it: times as microseconds since 1970, a disk as [name, GiB]."""
    plain = {name: getattr(facts, name) for name in _PLAIN_FACTS}
    return _set_ones(
        plain
        | {
            "asset_type": facts.asset_type.value if facts.asset_type else None,
            "agent_status": facts.agent_status.value if facts.agent_status else None,
            "disks": [[disk.name, disk.total_gib] for disk in facts.disks] or None,
            "lan_addresses": list(facts.lan_addresses) or None,
            "mac_addresses": list(facts.mac_addresses) or None,
            "tags": list(facts.tags) or None,
            "last_patch_scan_at": _microseconds(facts.last_patch_scan_at),
        }
    )


def facts_from(values: Mapping[str, Any]) -> Facts:
    """The facts of `facts_values`; names that are no fact (any more) are left out."""
    asset_type, agent_status = values.get("asset_type"), values.get("agent_status")
    return Facts(
        **{name: value for name, value in values.items() if name in _PLAIN_FACTS},
        asset_type=AssetType(asset_type) if asset_type else None,
        agent_status=AgentStatus(agent_status) if agent_status else None,
        disks=tuple(Disk(name, gib) for name, gib in values.get("disks", ())),
        lan_addresses=tuple(values.get("lan_addresses", ())),
        mac_addresses=tuple(values.get("mac_addresses", ())),
        tags=tuple(values.get("tags", ())),
        last_patch_scan_at=_moment(values.get("last_patch_scan_at")),
    )


def _set_ones(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _text(value: Mapping[str, Any] | Sequence[Any]) -> str:
    return sound_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _microseconds(at: datetime | None) -> int | None:
    return (at - _EPOCH) // _MICROSECOND if at is not None else None


def _moment(microseconds: int | None) -> datetime | None:
    return _EPOCH + timedelta(microseconds=microseconds) if microseconds is not None else None
