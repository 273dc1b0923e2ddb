"""The one way in which configuration is read from and written to the table."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from tandem.store import keys
from tandem.store.batches import get_items
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import ConflictError, translating
from tandem.store.keys import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

Values = dict[str, Any]
Result = TypeVar("Result")

ATTEMPTS = 8
"""How often a change is made anew when others write at the same time."""

LONGEST_PAUSE = 0.2
"""Seconds: the most that a retry waits."""


class Scope(Enum):
    """What a change belongs to. Its version counts its changes: CONFIGURATION is what the alert processor caches."""

    CONFIGURATION = "CONFIGURATION"
    ACCESS = "ACCESS"

    @property
    def key(self) -> Key:
        """Where the version of the scope stands."""
        return keys.configuration_version_key() if self is Scope.CONFIGURATION else keys.access_version_key()


@dataclass(frozen=True, slots=True)
class Put:
    """Write these values under the key, counted up to version `onto` + 1; 0 means that nothing may be there yet.

    `onto` None writes unconditionally, for what is written once under a key of its own.
    """

    key: Key
    values: Values
    onto: int | None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove what stands under the key in this version."""

    key: Key
    onto: int


Write = Put | Delete


class ConfigurationTable:
    """Reads (always consistent) and transactions; they raise the errors of store/errors.py.

    `pause` waits for some seconds between retries.
    """

    def __init__(self, client: "DynamoDBClient", name: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._name = name
        self._pause = pause

    def get(self, key: Key) -> Values | None:
        """The values under the key."""
        with translating():
            answer = self._client.get_item(TableName=self._name, Key=encode_item(key), ConsistentRead=True)
        return decode_item(answer["Item"]) if "Item" in answer else None

    def several(self, wanted: Sequence[Key]) -> list[Values]:
        """The values under those of these keys that are there, in no order."""
        return [decode_item(item) for item in get_items(self._client, self._name, wanted, consistent=True).values()]

    def version_of(self, scope: Scope) -> int:
        """How many changes the scope has seen."""
        values = self.get(scope.key)
        return int(values["version"]) if values else 0

    def page(self, partition: str, after: str | None, limit: int) -> list[Values]:
        """Up to `limit` items of the partition in the order of their sort key, behind `after`."""
        found: list[Values] = []
        for values in self._walk(partition, after, limit):
            found.append(values)
            if len(found) == limit:
                break
        return found

    def all(self, partition: str) -> list[Values]:
        """All items of the partition in the order of their sort key."""
        return list(self._walk(partition, None, None))

    def count(self, partition: str) -> int:
        """How many items the partition holds."""
        total = 0
        request: dict[str, Any] = {"Select": "COUNT"}
        while True:
            with translating():
                answer = self._client.query(**self._query(partition, None), **request)
            total += answer["Count"]
            if "LastEvaluatedKey" not in answer:
                return total
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def commit(self, scope: Scope, writes: Sequence[Write], expecting: int | None = None) -> None:
        """Apply all writes and count the scope's version up, or nothing. `expecting`: the version that the scope must
        still have. Raises ConflictError when a condition does not hold."""
        items: list[TransactWriteItemTypeDef] = [self._write(write) for write in writes]
        items.append(self._count_up(scope, expecting))
        with translating():
            self._client.transact_write_items(TransactItems=items)

    def retrying(self, change: Callable[[], Result]) -> Result:
        """Make the change, and make it anew when somebody else's came between. Raises ConflictError at last."""
        for attempt in range(ATTEMPTS - 1):
            try:
                return change()
            except ConflictError:
                self._pause(random.uniform(0, min(LONGEST_PAUSE, 0.01 * 2**attempt)))
        return change()

    def remove_all(self, partition: str) -> None:
        """Remove every item of a partition that nothing refers to any more."""
        for values in self.all(partition):
            key = encode_item({"pk": partition, "sk": values["sk"]})
            with translating():
                self._client.delete_item(TableName=self._name, Key=key)

    def _walk(self, partition: str, after: str | None, limit: int | None) -> Iterator[Values]:
        request: dict[str, Any] = {} if limit is None else {"Limit": limit}
        while True:
            with translating():
                answer = self._client.query(**self._query(partition, after), **request)
            for item in answer["Items"]:
                yield decode_item(item)
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _query(self, partition: str, after: str | None) -> Any:
        condition = "pk = :pk" if after is None else "pk = :pk AND sk > :after"
        values = {":pk": partition} if after is None else {":pk": partition, ":after": after}
        return {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": encode_item(values),
            "ConsistentRead": True,
        }

    def _write(self, write: Write) -> "TransactWriteItemTypeDef":
        same_version = "version = :onto"
        nothing_there = "attribute_not_exists(pk)"
        if isinstance(write, Delete):
            return {
                "Delete": {
                    "TableName": self._name,
                    "Key": encode_item(write.key),
                    "ConditionExpression": same_version,
                    "ExpressionAttributeValues": encode_item({":onto": write.onto}),
                }
            }
        if write.onto is None:
            return {"Put": {"TableName": self._name, "Item": encode_item({**write.values, **write.key})}}
        item = encode_item({**write.values, **write.key, "version": write.onto + 1})
        if write.onto == 0:
            return {"Put": {"TableName": self._name, "Item": item, "ConditionExpression": nothing_there}}
        return {
            "Put": {
                "TableName": self._name,
                "Item": item,
                "ConditionExpression": same_version,
                "ExpressionAttributeValues": encode_item({":onto": write.onto}),
            }
        }

    def _count_up(self, scope: Scope, expecting: int | None) -> "TransactWriteItemTypeDef":
        update: Any = {
            "TableName": self._name,
            "Key": encode_item(scope.key),
            "UpdateExpression": "ADD version :one",
            "ExpressionAttributeValues": encode_item({":one": 1}),
        }
        if expecting is not None:
            untouched = "attribute_not_exists(version)" if expecting == 0 else "version = :expecting"
            update["ConditionExpression"] = untouched
            if expecting:
                update["ExpressionAttributeValues"].update(encode_item({":expecting": expecting}))
        return {"Update": update}
