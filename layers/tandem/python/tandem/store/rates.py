"""How far ahead each integration's requests are reserved (question 39): one number, moved on by whoever reserves.

Function instances that ask the same RMM keep its rate together so (connections/shared_pace.py). Times and lengths are
microseconds, times since 1970.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tandem.store import keys
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import ConflictError, translating

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SECOND = 1_000_000
_KEPT_SECONDS = 24 * 60 * 60
"""Long after it means anything: what is reserved lies seconds ahead."""

_ABSURD = 60 * 60 * _SECOND
"""Nobody reserves so far ahead: what a clock that was wrong has left behind is not waited for."""

_ATTEMPTS = 10
"""Each that fails is one that somebody else had."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Where the stretch begins. Not `is_made`: it would have begun too late, and nothing was reserved."""

    begins: int
    is_made: bool


class Rates:
    """Those of all integrations."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        self._ends: dict[str, int] = {}

    def reserve(self, integration_id: str, *, earliest: int, latest: int, length: int) -> Reservation:
        """Reserve the stretch of this length that follows on what is reserved, from `earliest` on, if it begins by
        `latest`. One call while the end is about where it was seen last; another where somebody else moved it. Raises a
        StoreError."""
        for _ in range(_ATTEMPTS):
            seen, absurd = self._ends.get(integration_id, 0), latest + _ABSURD
            if latest < seen <= absurd:
                return Reservation(seen, is_made=False)
            values = {":earliest": earliest, ":expires_at": latest // _SECOND + _KEPT_SECONDS}
            if earliest <= seen <= latest:
                is_near = "reserved_until BETWEEN :earliest AND :latest"
                values = {**values, ":latest": latest, ":length": length}
                end = self._moved(integration_id, "reserved_until + :length", is_near, values)
            else:
                is_new, is_over = "attribute_not_exists(reserved_until)", "reserved_until < :earliest"
                is_absurd = "reserved_until > :absurd"
                values = {**values, ":absurd": absurd, ":end": earliest + length}
                end = self._moved(integration_id, ":end", f"{is_new} OR {is_over} OR {is_absurd}", values)
            if end is not None:
                return Reservation(end - length, is_made=True)
        raise ConflictError("others kept reserving")

    def _moved(self, integration_id: str, end: str, condition: str, values: dict[str, int]) -> int | None:
        """The end as it is now; None if the condition does not hold, and then it is seen anew."""
        try:
            with translating():
                answer: Any = self._client.update_item(
                    TableName=self._table,
                    Key=encode_item(keys.rate_key(integration_id)),
                    UpdateExpression=f"SET reserved_until = {end}, expires_at = :expires_at",
                    ConditionExpression=condition,
                    ExpressionAttributeValues=encode_item(values),
                    ReturnValues="UPDATED_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConflictError as error:
            self._ends[integration_id] = _end(error.__cause__)
            return None
        moved = int(decode_item(answer["Attributes"])["reserved_until"])
        self._ends[integration_id] = moved
        return moved


def _end(failure: BaseException | None) -> int:
    """The end that a condition did not hold for; 0 where there is none."""
    item: Any = failure.response.get("Item") if isinstance(failure, ClientError) else None
    return int(decode_item(item).get("reserved_until", 0)) if item else 0
