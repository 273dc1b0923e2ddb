"""Reading and writing many items in one call."""

import random
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from tandem.store.codec import Item, encode_item
from tandem.store.errors import BusyError, translating
from tandem.store.keys import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEYS_A_CALL = 100  # BatchGetItem's own limit
WRITES_A_CALL = 25  # BatchWriteItem's
_ATTEMPTS = 6
_FIRST_WAIT_SECONDS = 0.05


def get_items(
    client: "DynamoDBClient", table: str, wanted: Iterable[Key], *, consistent: bool = False
) -> dict[tuple[str, str], dict[str, Any]]:
    """The items that exist, still encoded, by (pk, sk). Each key is asked for once. Raises BusyError when the table
    leaves keys unanswered for too long."""
    distinct = iter({(key["pk"], key["sk"]): key for key in wanted}.values())
    found = {}
    while chunk := list(islice(distinct, KEYS_A_CALL)):
        for item in _chunk(client, table, chunk, consistent):
            found[(item["pk"]["S"], item["sk"]["S"])] = item
    return found


def _chunk(client: "DynamoDBClient", table: str, chunk: list[Key], consistent: bool) -> Iterator[dict[str, Any]]:
    request: dict[str, Any] = {
        table: {"Keys": [encode_item(key) for key in chunk], **({"ConsistentRead": True} if consistent else {})}
    }
    for attempt in range(_ATTEMPTS):
        with translating():
            answer = client.batch_get_item(RequestItems=request)
        yield from answer["Responses"].get(table, [])
        request = dict(answer.get("UnprocessedKeys") or {})
        if not request:
            return
        time.sleep(random.uniform(0, _FIRST_WAIT_SECONDS * 2**attempt))
    raise BusyError("the table left keys unanswered")


def write_items(client: "DynamoDBClient", table: str, puts: Iterable[Item] = (), deletes: Iterable[Key] = ()) -> None:
    """Put and delete these items, each key at most once, in any order and on no condition: for what is written again
    when this fails half-way. Raises BusyError when the table leaves writes undone for too long."""
    requests: list[dict[str, Any]] = [{"PutRequest": {"Item": item}} for item in puts]
    requests += [{"DeleteRequest": {"Key": encode_item(key)}} for key in deletes]
    for start in range(0, len(requests), WRITES_A_CALL):
        _write_chunk(client, table, requests[start : start + WRITES_A_CALL])


def _write_chunk(client: "DynamoDBClient", table: str, chunk: list[dict[str, Any]]) -> None:
    request: dict[str, Any] = {table: chunk}
    for attempt in range(_ATTEMPTS):
        with translating():
            answer = client.batch_write_item(RequestItems=request)
        request = dict(answer.get("UnprocessedItems") or {})
        if not request:
            return
        time.sleep(random.uniform(0, _FIRST_WAIT_SECONDS * 2**attempt))
    raise BusyError("the table left writes undone")
