"""Reading the archive back, newest first, within bounds of time, bytes and events.

What does not fit any more is left out at the old end, and the answer says from when on it is complete.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tandem import telemetry
from tandem.alerts.history import AppliedEvent
from tandem.archive.objects import ArchiveError, decode, ends_before, prefix_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOST_DAYS = 30

AT_ONCE = 16
"""Objects that are fetched side by side."""

_CHUNK = 4 * AT_ONCE
_DAY = timedelta(days=1)


class ArchiveUnavailableError(Exception):
    """The bucket could not be asked."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one reading may use: seconds, bytes of objects (compressed), events."""

    seconds: float = 8.0
    object_bytes: int = 32 * 1024 * 1024
    events: int = 50_000


@dataclass(frozen=True, slots=True)
class History:
    """Every archived event from `covered_from` on, once, in the order in which they were applied.

    `complete`: that is as far back as was asked. `unreadable`: objects that were passed over. `objects` and
    `object_bytes`: what was fetched.
    """

    events: list[AppliedEvent]
    covered_from: datetime
    complete: bool
    objects: int = 0
    object_bytes: int = 0
    unreadable: int = 0


_MOST_LISTINGS = 5
"""Of one day: objects that are compacted while they are read are looked for again."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One object of a listing. `until`: every event in it is before that."""

    key: str
    size: int
    until: datetime


class Archive:
    """The archive in one bucket. `client` makes the AWS client at the first use: most requests need none; `clock`
    counts seconds."""

    def __init__(
        self, client: "Callable[[], S3Client]", bucket: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._clock = clock

    def read(
        self, integration_ids: Collection[str], since: datetime, until: datetime, budget: Budget | None = None
    ) -> History:
        """The events of these integrations that were applied from `since` up to, not including, `until`.

        Raises ArchiveUnavailableError.
        """
        with ThreadPoolExecutor(AT_ONCE) as pool:
            reading = _Reading(self._client(), self._bucket, pool, since, until)
            try:
                covered_from = self._walk(reading, integration_ids, budget or Budget())
            except (BotoCoreError, ClientError) as error:
                raise ArchiveUnavailableError(f"the archive could not be read: {type(error).__name__}") from error
        events = sorted(
            (event for event in reading.events.values() if event.applied_at >= covered_from),
            key=lambda event: event.order,
        )
        complete = covered_from <= since and not reading.unreadable
        return History(events, covered_from, complete, reading.objects, reading.object_bytes, reading.unreadable)

    def _walk(self, reading: "_Reading", integration_ids: Collection[str], budget: Budget) -> datetime:
        """Read until all is read or the budget is used up. Gives from when on all is read."""
        stop_at = self._clock() + budget.seconds
        for day in _days_back(reading.until, reading.since):
            if self._clock() >= stop_at:
                return datetime(day.year, day.month, day.day, tzinfo=UTC) + _DAY
            found = reading.list_day(integration_ids, day)
            listings = 1
            while found:
                # The first object is always read: an answer about nothing helps nobody.
                room = budget.object_bytes - reading.object_bytes
                chunk = _fitting(found[:_CHUNK], room) or (found[:1] if not reading.objects else [])
                is_full = len(reading.events) >= budget.events or self._clock() >= stop_at
                if not chunk or (is_full and reading.objects):
                    return found[0].until
                if reading.fetch(chunk):
                    found = found[len(chunk) :]
                elif listings < _MOST_LISTINGS:
                    found = reading.list_day(integration_ids, day)
                    listings += 1
                else:
                    raise ArchiveUnavailableError("the archive kept changing while it was read")
        return reading.since


class _Reading:
    """One reading on its way: what was fetched so far."""

    def __init__(
        self, client: "S3Client", bucket: str, pool: ThreadPoolExecutor, since: datetime, until: datetime
    ) -> None:
        self.since = since
        self.until = until
        self.events: dict[object, AppliedEvent] = {}
        self.objects = 0
        self.object_bytes = 0
        self.unreadable = 0
        self._client = client
        self._bucket = bucket
        self._pool = pool
        self._fetched: set[str] = set()

    def list_day(self, integration_ids: Collection[str], day: date) -> list[_Found]:
        """The day's objects that may hold what is asked for and were not fetched yet, the one that ends last first."""
        each = self._pool.map(lambda integration_id: self._list(integration_id, day), integration_ids)
        listed = (one for of_integration in each for one in of_integration)
        found = [one for one in listed if one.until > self.since and one.key not in self._fetched]
        return sorted(found, key=lambda one: one.until, reverse=True)

    def fetch(self, chunk: list[_Found]) -> bool:
        """Read these objects side by side. False if some are gone: another one holds now what they held."""
        is_all = True
        for one, body in zip(chunk, self._pool.map(self._get, chunk), strict=True):
            if body is None:
                is_all = False
                continue
            self._fetched.add(one.key)
            self.objects += 1
            self.object_bytes += len(body)
            try:
                for event in decode(body):
                    if self.since <= event.applied_at < self.until:
                        self.events.setdefault(event.name, event)
            except ArchiveError as error:
                self.unreadable += 1
                telemetry.log(logging.ERROR, "archive object cannot be read", key=one.key, reason=type(error).__name__)
        return is_all

    def _list(self, integration_id: str, day: date) -> list[_Found]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{prefix_of(integration_id)}{day:%Y/%m/%d}/"
        )
        listed = ((each["Key"], each["Size"]) for page in pages for each in page.get("Contents", ()))
        return [_Found(key, size, until) for key, size in listed if (until := ends_before(key)) is not None]

    def _get(self, one: _Found) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=one.key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise


def _days_back(until: datetime, since: datetime) -> Iterator[date]:
    day, last = until.astimezone(UTC).date(), since.astimezone(UTC).date()
    while day >= last:
        yield day
        day -= _DAY


def _fitting(found: list[_Found], room: int) -> list[_Found]:
    """The first of these that fit into so many bytes together."""
    fitting = []
    for one in found:
        room -= one.size
        if room < 0:
            break
        fitting.append(one)
    return fitting
