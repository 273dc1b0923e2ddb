"""Many small objects become few large ones, or a preview would spend its time fetching.

The archiver writes an object every few minutes for each shard of the stream. Once an hour is over its objects become
one, and once a day is over that day's do. Gzip files one behind the other are a gzip file, so nothing is packed anew.

The large object is written before the small ones are removed: whoever reads meanwhile finds events twice, which
reading drops, and never finds one missing. Two runs at once do each other no harm: what one removed, the other leaves.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tandem import telemetry
from tandem.archive.objects import CONTENT_TYPE, PREFIX, SUFFIX, ArchiveError, decode, ends_before, prefix_of, start_of
from tandem.ids import derived_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SETTLED = timedelta(minutes=30)
"""So long after an hour nothing of it is on its way any more, as a rule. What comes later is taken with the day."""

DAYS_BACK = 3
"""Days that are looked at again: a stream that could not be read for long gives what is a day old."""

MOST_BYTES = 8 * 1024 * 1024
"""Of one large object."""

_MOST_KEYS = 1000  # DeleteObjects' own limit


@dataclass(frozen=True, slots=True)
class Compacted:
    """How many objects became how many."""

    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    key: str
    size: int
    until: datetime


class Compactor:
    """Works on one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def compact(self, now: datetime) -> Compacted:
        """Compact every integration's last days, but for what is not over yet. Raises what S3 raises; then some of it
        is done, and the next run goes on."""
        total = Compacted()
        for integration_id in self._integration_ids():
            today = now.astimezone(UTC).date()
            for days in range(DAYS_BACK, -1, -1):
                day = today - timedelta(days=days)
                for group in _groups(self._list(integration_id, day), is_over=days > 0, settled=now - SETTLED):
                    done = self._merge(integration_id, group)
                    total = Compacted(total.before + done.before, total.after + done.after)
        return total

    def _merge(self, integration_id: str, group: Sequence[_Found]) -> Compacted:
        merged, bodies = [], []
        for found in group:
            try:
                body = self._client.get_object(Bucket=self._bucket, Key=found.key)["Body"].read()
                for _ in decode(body):
                    pass
            except ArchiveError:
                telemetry.log(logging.ERROR, "archive object cannot be read", key=found.key)
                continue  # alone it hides nothing but itself
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
                return Compacted()  # another run is at it
            merged.append(found.key)
            bodies.append(body)
        if len(merged) < 2:
            return Compacted()
        last_minute = group[-1].until - timedelta(minutes=1)
        key = f"{start_of(integration_id, last_minute)}-{derived_id('compacted', *merged)}{SUFFIX}"
        self._client.put_object(Bucket=self._bucket, Key=key, Body=b"".join(bodies), ContentType=CONTENT_TYPE)
        self._remove(merged)
        return Compacted(len(merged), 1)

    def _remove(self, names: Sequence[str]) -> None:
        for start in range(0, len(names), _MOST_KEYS):
            objects = [{"Key": name} for name in names[start : start + _MOST_KEYS]]
            self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})  # type: ignore[typeddict-item]  # plain dicts

    def _integration_ids(self) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=PREFIX, Delimiter="/"
        )
        for page in pages:
            for each in page.get("CommonPrefixes", ()):
                yield each["Prefix"].removeprefix(PREFIX).rstrip("/")

    def _list(self, integration_id: str, day: date) -> list[_Found]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{prefix_of(integration_id)}{day:%Y/%m/%d}/"
        )
        listed = ((each["Key"], each["Size"]) for page in pages for each in page.get("Contents", ()))
        return [_Found(key, size, until) for key, size in listed if (until := ends_before(key)) is not None]


def _groups(found: Sequence[_Found], *, is_over: bool, settled: datetime) -> Iterator[list[_Found]]:
    """What becomes one object each: a day that is over, else its hours that are; in order of time. Objects come in the
    order of their keys, which is that of time."""
    group: list[_Found] = []
    for each in found:
        if each.until > settled:
            break
        hour = each.until - timedelta(minutes=1)
        is_another = bool(group) and not is_over and (group[-1].until - timedelta(minutes=1)).hour != hour.hour
        if is_another or sum(one.size for one in group) + each.size > MOST_BYTES:
            yield from _several(group)
            group = []
        group.append(each)
    is_open = bool(group) and not is_over and _end_of_hour(group[-1].until) > settled
    if not is_open:
        yield from _several(group)


def _several(group: list[_Found]) -> Iterator[list[_Found]]:
    if len(group) > 1:
        yield group


def _end_of_hour(until: datetime) -> datetime:
    began = (until - timedelta(minutes=1)).replace(minute=0, second=0, microsecond=0)
    return began + timedelta(hours=1)
