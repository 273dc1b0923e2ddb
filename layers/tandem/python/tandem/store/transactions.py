"""Transactions, and updates of what they write, that wait for one another.

DynamoDB refuses a write at once when a transaction is at work on its item. Where many workers write one item
with their own (the progress of a sync), that is no conflict of what they know: the loser only has to wait a moment.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tandem.store.codec import Item
from tandem.store.errors import BusyError, ConflictError, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ACTIONS_A_CALL = 100  # TransactWriteItems' own limit
_ATTEMPTS = 6
_FIRST_WAIT_SECONDS = 0.03

Answer = TypeVar("Answer")
Refusals = dict[int, dict[str, Any]]


class ConditionsFailedError(ConflictError):
    """Conditions of the write do not hold; nothing was written. `refused`: the places of their actions, each with
    the item that was there, encoded, where the action asked for it (else it is empty)."""

    def __init__(self, refused: Refusals) -> None:
        super().__init__("a record moved since it was read")
        self.refused = refused


def transact(client: "DynamoDBClient", actions: Sequence[dict[str, Any]]) -> None:
    """Write all or nothing. Raises ConditionsFailedError when conditions do not hold, BusyError when the table is
    throttled, out of reach, or others are at work on these items all the time; UnwritableError."""
    _waiting(lambda: client.transact_write_items(TransactItems=list(actions)))  # type: ignore[arg-type]  # plain dicts


def update(client: "DynamoDBClient", request: Mapping[str, Any]) -> Item:
    """Update one item by itself, in the terms of UpdateItem, and give it as it is then. Raises as `transact`."""
    answer = _waiting(lambda: client.update_item(**request, ReturnValues="ALL_NEW"))
    return {name: dict(value) for name, value in answer["Attributes"].items()}


def _waiting(write: Callable[[], Answer]) -> Answer:
    for attempt in range(_ATTEMPTS):
        try:
            return write()
        except BotoCoreError as error:
            raise BusyError(f"no answer from the table: {type(error).__name__}") from error
        except ClientError as error:
            refused = _refused(error.response)
            if refused:
                raise ConditionsFailedError(refused) from error
            if not _only_others_at_work(error.response):
                raise translated(error) from error
        time.sleep(random.uniform(0, _FIRST_WAIT_SECONDS * 2**attempt))
    raise BusyError("others are at work on these records all the time")


def _only_others_at_work(response: Mapping[str, Any]) -> bool:
    codes = {reason.get("Code", "None") for reason in response.get("CancellationReasons", [])}
    return response["Error"].get("Code") == "TransactionConflictException" or (
        "TransactionConflict" in codes and codes <= {"None", "TransactionConflict"}
    )


def _refused(response: Mapping[str, Any]) -> Refusals:
    if response["Error"].get("Code") == "ConditionalCheckFailedException":
        return {0: response.get("Item", {})}
    return {
        place: reason.get("Item", {})
        for place, reason in enumerate(response.get("CancellationReasons", []))
        if reason.get("Code") == "ConditionalCheckFailed"
    }
