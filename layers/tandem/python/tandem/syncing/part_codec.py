"""What listings say of devices, as lines of compact JSON in the bucket and back.

Each line is a list that begins with the device's external id, so that lines are sorted without being read whole:

    [id, facts, seen, organization, its name, approval]   a DevicePart, or a Device that was put together
    [id, [[name, version, publisher, installed on], ...]] the programs of a device
    [id or null, reason]                                  a row that cannot be read
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tandem.assets.models import Device, Program, Seen
from tandem.connections.fleet import DevicePart, DeviceSoftware, Unreadable
from tandem.store.asset_records import facts_from, facts_values

Row = DevicePart | DeviceSoftware | Unreadable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_READER = json.JSONDecoder()


def encode(row: Row | Device) -> str:
    """The row's line, without a line break."""
    if isinstance(row, Unreadable):
        return _text([row.external_id, row.reason])
    if isinstance(row, DeviceSoftware):
        programs = [[each.name, each.version, each.publisher, each.installed_on] for each in row.programs]
        return _text([row.external_id, programs])
    facts = facts_values(row.facts)
    return _text(
        [row.external_id, facts, _seen_values(row.seen), row.organization_id, row.organization_name, row.approval]
    )


def decode(line: str) -> Row:
    """The row of a line; a Device comes as the part that says all of it."""
    external_id, content, *rest = json.loads(line)
    if isinstance(content, str):
        return Unreadable(external_id, content)
    if isinstance(content, list):
        return DeviceSoftware(external_id, tuple(Program(*each) for each in content))
    seen, organization_id, organization_name, approval = rest
    return DevicePart(external_id, facts_from(content), _seen(seen), organization_id, organization_name, approval)


def id_of(line: str) -> str | None:
    """The external id that the line begins with."""
    external_id: str | None = _READER.raw_decode(line, 1)[0]
    return external_id


def device_of(part: DevicePart) -> Device:
    """The device of which this part says all that is said."""
    return Device(part.external_id, part.organization_id, part.organization_name, part.facts, part.seen, part.approval)


def _text(values: list[Any]) -> str:
    return json.dumps(values, separators=(",", ":"))


def _seen_values(seen: Seen) -> list[Any]:
    values = [_since(seen.last_seen_at), _since(seen.booted_at), seen.last_user, dict(seen.free_gib) or None]
    while values and values[-1] is None:
        values.pop()
    return values


def _seen(values: list[Any]) -> Seen:
    last_seen, booted, last_user, free_gib = [*values, None, None, None, None][:4]
    return Seen(_moment(last_seen), _moment(booted), last_user, free_gib or {})


def _since(at: datetime | None) -> int | None:
    return (at - _EPOCH) // _MICROSECOND if at is not None else None


def _moment(microseconds: int | None) -> datetime | None:
    return _EPOCH + timedelta(microseconds=microseconds) if microseconds is not None else None
