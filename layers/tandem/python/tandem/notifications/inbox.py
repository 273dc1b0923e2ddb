"""What users read in Tandem: their notifications, newest first, and which of them are read.

Reading all at once is one write: a mark up to which everything counts as read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tandem.notifications.notice import Notification, TicketNotice
from tandem.notifications.records import notices_of, notification_of
from tandem.store import keys
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import ConflictError, translating
from tandem.times import from_text, to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class _Mark:
    """All notifications up to this one are read, since then."""

    notification_id: str
    read_at: datetime


class Inbox:
    """The notifications of one table. Raises the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def page(
        self, user_id: str, after: str | None, limit: int, now: datetime, *, unread_only: bool = False
    ) -> list[Notification]:
        """Up to `limit` notifications of the user, newest first, older than the one with the id `after`."""
        mark = self._mark(user_id)
        oldest = mark.notification_id if mark is not None and unread_only else ""
        found: list[Notification] = []
        for values in self._notifications(user_id, oldest, after or _END, limit + 2):
            notification = _seen(notification_of(values), mark)
            is_shown = notification.read_at is None or not unread_only
            if is_shown and notification.notification_id != after and not _has_expired(values, now):
                found.append(notification)
            if len(found) == limit:
                break
        return found

    def get(self, user_id: str, notification_id: str, now: datetime) -> Notification | None:
        """One notification of the user."""
        values = self._item(keys.notification_key(user_id, notification_id))
        if values is None or _has_expired(values, now):
            return None
        return _seen(notification_of(values), self._mark(user_id))

    def mark_read(self, user_id: str, notification_id: str, now: datetime) -> Notification | None:
        """Mark one notification of the user as read, if it is not, and give it; None when there is none."""
        before = self.get(user_id, notification_id, now)
        if before is None or before.read_at is not None:
            return before
        try:
            with translating():
                self._client.update_item(
                    TableName=self._table,
                    Key=encode_item(keys.notification_key(user_id, notification_id)),
                    UpdateExpression="SET read_at = if_not_exists(read_at, :now)",
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeValues=encode_item({":now": to_text(now)}),
                )
        except ConflictError:
            return None
        return replace(before, read_at=now)

    def read_all(self, user_id: str, now: datetime) -> None:
        """Mark all notifications that the user has by now as read."""
        newest = self.page(user_id, None, 1, now)
        if newest and self.page(user_id, None, 1, now, unread_only=True):
            mark = {"notification_id": newest[0].notification_id, "read_at": to_text(now)}
            with translating():
                self._client.put_item(TableName=self._table, Item=encode_item({**keys.read_mark_key(user_id), **mark}))

    def tickets(self, user_id: str, digest_id: str, after: str | None, limit: int) -> list[tuple[str, TicketNotice]]:
        """Up to `limit` tickets of the user's digest in their order, each with its place, behind the place `after`."""
        part, _, position_before = (after or "").partition(".")
        found: list[tuple[str, TicketNotice]] = []
        for values in self._gathered(user_id, digest_id, part, limit):
            name = values["sk"].rpartition("#")[2]
            for position, ticket in enumerate(notices_of(values)):
                if name == part and position <= int(position_before):
                    continue
                found.append((f"{name}.{position}", ticket))
                if len(found) == limit:
                    return found
        return found

    def _notifications(self, user_id: str, oldest: str, newest: str, at_once: int) -> Iterator[dict[str, Any]]:
        low, high = keys.notification_key(user_id, oldest), keys.notification_key(user_id, newest)
        return self._between(low, high["sk"], at_once, newest_first=True)

    def _gathered(self, user_id: str, digest_id: str, part: str, at_once: int) -> Iterator[dict[str, Any]]:
        low, high = keys.gathered_key(user_id, digest_id, part), keys.gathered_key(user_id, digest_id, _END)
        return self._between(low, high["sk"], at_once, newest_first=False)

    def _between(self, low: keys.Key, high: str, at_once: int, *, newest_first: bool) -> Iterator[dict[str, Any]]:
        """The values of a partition's items from `low` to the sort key `high`, both included."""
        values = encode_item({":pk": low["pk"], ":low": low["sk"], ":high": high})
        request: dict[str, Any] = {}
        while True:
            with translating():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
                    ExpressionAttributeValues=values,
                    ScanIndexForward=not newest_first,
                    ConsistentRead=True,
                    Limit=at_once,
                    **request,
                )
            yield from map(decode_item, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _mark(self, user_id: str) -> _Mark | None:
        values = self._item(keys.read_mark_key(user_id))
        return _Mark(values["notification_id"], from_text(values["read_at"])) if values else None

    def _item(self, key: keys.Key) -> dict[str, Any] | None:
        with translating():
            answer = self._client.get_item(TableName=self._table, Key=encode_item(key), ConsistentRead=True)
        return decode_item(answer["Item"]) if "Item" in answer else None


def _seen(notification: Notification, mark: _Mark | None) -> Notification:
    """The notification with the time at which it was read, by itself or with all."""
    if notification.read_at is None and mark is not None and notification.notification_id <= mark.notification_id:
        return replace(notification, read_at=mark.read_at)
    return notification


def _has_expired(values: Mapping[str, Any], now: datetime) -> bool:
    """TTL removes late."""
    return int(values["expires_at"]) < now.timestamp()
