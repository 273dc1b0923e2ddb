"""Lists over the indexes: several sharded partitions as one list, newest first, page by page.

Every partition is sorted by `<time>#<id>`, which never changes for an alert or ticket. So the place in the list is
just the sort value of the last entry seen: whatever is added or moves to another partition meanwhile, a walk shows what
stays exactly once.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tandem.alerts.models import Alert, AlertStatus
from tandem.alerts.tickets import Ticket
from tandem.store import keys
from tandem.store.batches import get_items
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import translating
from tandem.store.expiry import unless_expired
from tandem.store.keys import Key
from tandem.store.records import alert_from, ticket_from

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Record = TypeVar("Record")

MOST_LOOKED_AT = 1000
"""Entries that one page looks at: a filter that fits almost nothing gives a short page soon, not a full one late."""

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition of one index: `name` is the index, `pk` its partition's key."""

    index: str
    pk: str

    @property
    def attributes(self) -> tuple[str, str]:
        """The names of the index's partition and sort key."""
        prefix = {"by_time": "list", "by_owner": "owner", "live": "live"}[self.index]
        return f"{prefix}_pk", "list_sk"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an index: where it sorts, and the key of the item it stands for."""

    sort: str
    key: Key


@dataclass(frozen=True, slots=True)
class Found(Generic[Record]):
    """One page. `after` is where the next one goes on; None at the end."""

    records: list[Record]
    after: str | None


def all_alerts() -> list[Partition]:
    """Every alert."""
    return [Partition("by_time", keys.alerts_by_time(shard)) for shard in range(keys.SHARDS)]


def live_alerts(integration_ids: Iterable[str]) -> list[Partition]:
    """The live alerts of these integrations."""
    return [
        Partition("live", keys.live_alerts(each, shard)) for each in integration_ids for shard in range(keys.SHARDS)
    ]


def alerts_of_device(integration_ids: Iterable[str], external_device_id: str) -> list[Partition]:
    """The alerts of the device that these integrations call so."""
    return [Partition("by_owner", keys.device_owner(each, external_device_id)) for each in integration_ids]


def all_tickets(is_closed: bool | None) -> list[Partition]:
    """Every ticket, or only the closed or open ones."""
    wanted = (True, False) if is_closed is None else (is_closed,)
    return [Partition("by_time", keys.tickets_by_time(each, shard)) for each in wanted for shard in range(keys.SHARDS)]


def tickets_of_client(client_id: str) -> list[Partition]:
    """The tickets of a client."""
    return [Partition("by_owner", keys.client_owner(client_id))]


class Listing:
    """Lists of one table. Reads of an index are a moment behind what was written."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def alerts(
        self,
        partitions: Sequence[Partition],
        fits: Callable[[Alert], bool],
        after: str | None,
        limit: int,
        now: datetime,
    ) -> Found[Alert]:
        """The alerts that fit, newest first. What has expired or never fired is not there."""

        def shown(alert: Alert) -> bool:
            return alert.status is not AlertStatus.TOMBSTONE and fits(alert)

        return self._page(partitions, lambda item: unless_expired(item, now, alert_from), shown, after, limit)

    def tickets(
        self, partitions: Sequence[Partition], fits: Callable[[Ticket], bool], after: str | None, limit: int
    ) -> Found[Ticket]:
        """The tickets that fit, newest first."""
        return self._page(partitions, ticket_from, fits, after, limit)

    def _page(
        self,
        partitions: Sequence[Partition],
        parse: Callable[[dict[str, Any]], Record | None],
        fits: Callable[[Record], bool],
        after: str | None,
        limit: int,
    ) -> Found[Record]:
        records: list[Record] = []
        looked_at = 0
        while looked_at < MOST_LOOKED_AT:
            wanted = max(limit - len(records), limit // 4) + 1  # one more, to know whether there are more
            entries = self._entries(partitions, after, wanted)
            for entry, record in zip(entries, self._aligned(entries, parse), strict=True):
                after = entry.sort
                if record is not None and fits(record):
                    records.append(record)
                    if len(records) == limit:
                        last = entry is entries[-1] and len(entries) < wanted
                        return Found(records, None if last else after)
            if len(entries) < wanted:
                return Found(records, None)
            looked_at += len(entries)
        return Found(records, after)

    def _items(self, entries: Sequence[Entry], parse: Callable[[dict[str, Any]], Record | None]) -> Iterator[Record]:
        return (record for record in self._aligned(entries, parse) if record is not None)

    def _aligned(
        self, entries: Sequence[Entry], parse: Callable[[dict[str, Any]], Record | None]
    ) -> list[Record | None]:
        items = get_items(self._client, self._table, [entry.key for entry in entries])
        found = (items.get((entry.key["pk"], entry.key["sk"])) for entry in entries)
        return [parse(item) if item is not None else None for item in found]

    def _entries(self, partitions: Sequence[Partition], after: str | None, limit: int) -> list[Entry]:
        """The next entries of all partitions together; fewer than `limit` only at the end."""
        each = [self._entries_of(partition, after, limit) for partition in partitions]
        merged = heapq.merge(*each, key=lambda entry: entry.sort, reverse=True)
        distinct: dict[tuple[str, str], Entry] = {}
        for entry in merged:
            # A ticket that closes right now may stand in two partitions for a moment.
            distinct.setdefault((entry.sort, entry.key["pk"]), entry)
            if len(distinct) == limit:
                break
        return list(distinct.values())

    def _entries_of(self, partition: Partition, after: str | None, limit: int) -> list[Entry]:
        pk, sk = partition.attributes
        condition = f"{pk} = :pk" if after is None else f"{pk} = :pk AND {sk} < :after"
        values = {":pk": partition.pk} if after is None else {":pk": partition.pk, ":after": after}
        entries: list[Entry] = []
        request: dict[str, Any] = {}
        while True:
            with translating():
                answer = self._client.query(
                    TableName=self._table,
                    IndexName=partition.index,
                    KeyConditionExpression=condition,
                    ExpressionAttributeValues=encode_item(values),
                    ScanIndexForward=False,
                    Limit=limit - len(entries),
                    **request,
                )
            for item in map(decode_item, answer["Items"]):
                entries.append(Entry(item[sk], {"pk": item["pk"], "sk": item["sk"]}))
            if len(entries) >= limit or "LastEvaluatedKey" not in answer:
                return entries
            request = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
