"""The objects of the archive: their keys, and what stands in them.

One object holds events of one integration and one day of one batch, as gzipped JSON lines in the order of the stream.
Its key begins with the integration and ends in time:

    alert-events/<integration>/<yyyy>/<mm>/<dd>/<hhmm>-<batch>.jsonl.gz

<hhmm> is the minute of its last event, so whoever has read all objects down to a minute has every event behind that
minute. The same batch always makes the same objects.
"""

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tandem.alerts.history import AppliedEvent
from tandem.alerts.models import AlertStatus, Kind, Provider, Severity
from tandem.times import from_text, to_text

PREFIX = "alert-events/"
SUFFIX = ".jsonl.gz"
CONTENT_TYPE = "application/gzip"
VERSION = 1

_NAMES = tuple(each.name for each in fields(AppliedEvent))
_PLACE = "%Y/%m/%d/%H%M"
_PLACE_LENGTH = len("yyyy/mm/dd/hhmm")
_GZIP_LEVEL = 6


class ArchiveError(Exception):
    """An object of the archive that cannot be read: not ours, cut, or of a newer version."""


@dataclass(frozen=True, slots=True)
class ArchiveObject:
    """One object to be written."""

    key: str
    body: bytes


def objects_of(events: Iterable[AppliedEvent], batch_id: str) -> list[ArchiveObject]:
    """The objects of one batch: an integration's events of one day each."""
    groups: dict[tuple[str, date], list[AppliedEvent]] = {}
    for event in events:
        groups.setdefault((event.integration_id, event.applied_at.astimezone(UTC).date()), []).append(event)
    return [
        ArchiveObject(_key(integration_id, max(each.applied_at for each in group), batch_id), encode(group))
        for (integration_id, _), group in groups.items()
    ]


def prefix_of(integration_id: str) -> str:
    """Where all objects of an integration begin."""
    return f"{PREFIX}{integration_id}/"


def start_of(integration_id: str, since: datetime) -> str:
    """Sorts before every object of the integration that may hold an event of `since` or later, and behind no other
    object of it."""
    return prefix_of(integration_id) + since.astimezone(UTC).strftime(_PLACE)


def ends_before(key: str) -> datetime | None:
    """The end of the minute of the object's last event; None for a key that is no archive object's."""
    if not (key.startswith(PREFIX) and key.endswith(SUFFIX)):
        return None
    place = key.removeprefix(PREFIX).partition("/")[2][:_PLACE_LENGTH]
    try:
        return datetime.strptime(place, _PLACE).replace(tzinfo=UTC) + timedelta(minutes=1)
    except ValueError:
        return None


def encode(events: Iterable[AppliedEvent]) -> bytes:
    """The events as gzipped JSON lines; the same bytes for the same events."""
    lines = "".join(json.dumps(_values(event), separators=(",", ":"), ensure_ascii=False) + "\n" for event in events)
    return gzip.compress(lines.encode(), _GZIP_LEVEL, mtime=0)


def decode(body: bytes) -> Iterator[AppliedEvent]:
    """The events of an object. Fields that are not known are passed over. Raises ArchiveError."""
    try:
        # By line feeds only: texts may hold what Unicode calls a line break.
        for line in gzip.decompress(body).decode().split("\n"):
            if line:
                yield _event(json.loads(line))
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveError(f"{type(error).__name__}: {error}") from error


def _key(integration_id: str, last_at: datetime, batch_id: str) -> str:
    return f"{start_of(integration_id, last_at)}-{batch_id}{SUFFIX}"


def _values(event: AppliedEvent) -> dict[str, Any]:
    values: dict[str, Any] = {"v": VERSION}
    for name in _NAMES:
        value = getattr(event, name)
        if value is not None and value is not False:
            values[name] = to_text(value) if isinstance(value, datetime) else value
    return values


def _event(values: dict[str, Any]) -> AppliedEvent:
    if values["v"] != VERSION:
        raise ValueError(f"version {values['v']}")
    known = {name: values[name] for name in _NAMES if name in values}
    return AppliedEvent(
        **{
            **known,
            "provider": Provider(values["provider"]),
            "kind": Kind(values["kind"]),
            "severity": Severity(values["severity"]),
            "status": AlertStatus(values["status"]),
            "occurred_at": from_text(values["occurred_at"]),
            "applied_at": from_text(values["applied_at"]),
        }
    )
