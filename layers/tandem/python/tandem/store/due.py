"""The due-time index: what is to be looked at again, and when (question 19).

Reads are consistent: what a window's change must free was held before it, and is seen.
"""

import heapq
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from tandem.store import keys
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import ConflictError, translating
from tandem.times import from_text, to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BEHIND_ALL = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Due:
    """One entry. `subject`: the id of the alert (reason keys.WINDOW_ENDS), window (keys.WINDOW_CHANGED) or user
    (keys.DIGEST).

    `place` sorts entries by time. `looked_up_to`: the place up to which a window's held alerts were handed over.
    """

    at: datetime
    reason: str
    subject: str
    looked_up_to: str | None = None

    @property
    def place(self) -> str:
        """Where it stands among all entries."""
        return self.key["sk"]

    @property
    def key(self) -> keys.Key:
        """Its key in the table."""
        return keys.due_key(self.at, self.subject, self.reason)


class DueTimes:
    """The due-time index of one table. Raises the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def due(self, by: datetime, after: str | None, limit: int) -> list[Due]:
        """Up to `limit` entries that are due by then, behind the place `after`, earliest first over all shards."""
        values = {":until": f"{to_text(by)}#{_BEHIND_ALL}"}
        return self._merged(after, limit, "pk = :pk AND sk BETWEEN :from AND :until", values, {})

    def held(self, window_id: str, after: str | None, limit: int) -> list[Due]:
        """Up to `limit` alerts that the window holds, behind the place `after`, by the time until which it holds
        them. Reads all that is due at any time, by the page."""
        values = {":window_id": window_id}
        filtered = {"FilterExpression": "window_id = :window_id"}
        return self._merged(after, limit, "pk = :pk AND sk >= :from", values, filtered)

    def remove(self, entry: Due) -> None:
        """Take it out, if it is still there."""
        with translating():
            self._client.delete_item(TableName=self._table, Key=encode_item(entry.key))

    def remember(self, entry: Due, place: str) -> None:
        """Remember with a changed window how far its held alerts were handed over, if it is still there."""
        with suppress(ConflictError), translating():
            self._client.update_item(
                TableName=self._table,
                Key=encode_item(entry.key),
                UpdateExpression="SET looked_up_to = :place",
                ConditionExpression="attribute_exists(pk)",  # another run may be through with it
                ExpressionAttributeValues=encode_item({":place": place}),
            )

    def _merged(
        self, after: str | None, limit: int, condition: str, values: dict[str, str], more: dict[str, Any]
    ) -> list[Due]:
        # The bounds include themselves: the text that sorts next behind `after`. Times begin with digits.
        start = {":from": "0" if after is None else after + "\x00"}
        shards = (
            self._shard(condition, {":pk": keys.due_partition(shard), **start, **values}, more, limit)
            for shard in range(keys.SHARDS)
        )
        return list(islice(heapq.merge(*shards, key=lambda entry: entry.place), limit))

    def _shard(self, condition: str, values: dict[str, str], more: dict[str, Any], limit: int) -> Iterator[Due]:
        request: dict[str, Any] = dict(more)
        if "FilterExpression" not in more:
            request["Limit"] = limit  # of what is read, which is what is found only where nothing is filtered out
        while True:
            with translating():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression=condition,
                    ExpressionAttributeValues=encode_item(values),
                    ConsistentRead=True,
                    **request,
                )
            yield from map(_entry, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _entry(item: dict[str, Any]) -> Due:
    values = decode_item(item)
    at, reason, subject = values["sk"].split("#", 2)
    return Due(from_text(at), reason, subject, values.get("looked_up_to"))
