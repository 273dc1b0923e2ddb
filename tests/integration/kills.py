"""Workers that are killed at a chosen call, and what is left of them: how tests show that a crash loses and doubles
nothing."""

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from tests.integration.deployment import contents

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Moment = Literal["before", "after"]
"""The call is never sent; or it is done, and its answer is lost."""

Contents = dict[tuple[str, str], dict[str, Any]]

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?")
_NUMBER = re.compile(r"T-\d+")


class Killed(BaseException):
    """The worker's process is gone in the midst of a call; nothing in it can catch this and go on."""


class Sandbox:
    """Where a worker runs: every call of the clients that are attached is counted, and one of them may be its last."""

    def __init__(self) -> None:
        self._calls = 0
        self._dies_at: tuple[int, Moment] | None = None
        self._is_dead = False

    def attach(self, events: Any) -> None:
        """Watch a botocore client's, or a session's future clients', calls."""
        events.register("before-call", self._before)
        events.register("after-call", self._after)

    def count(self, work: Callable[[], None]) -> int:
        """How many calls the work makes when nothing disturbs it."""
        self._start(None)
        work()
        return self._calls

    def kill(self, work: Callable[[], None], call: int, moment: Moment) -> None:
        """Do the work until that call, from 0. AssertionError when the work survives, or outlives its own death."""
        self._start((call, moment))
        try:
            work()
        except Killed:
            return
        finally:
            self._start(None)
        raise AssertionError(f"there was no call {call}, or something caught the kill")

    def _start(self, dies_at: tuple[int, Moment] | None) -> None:
        self._calls, self._dies_at, self._is_dead = 0, dies_at, False

    def _before(self, **_: Any) -> None:
        if self._is_dead or self._dies_at == (self._calls, "before"):
            self._is_dead = True
            raise Killed
        self._calls += 1

    def _after(self, **_: Any) -> None:
        if self._dies_at == (self._calls - 1, "after"):
            self._is_dead = True
            raise Killed


def moments(calls: int) -> Iterator[tuple[int, Moment]]:
    """Every moment of so many calls at which a death makes a difference to others: a lost answer to one call is, for
    them, the same as the next call never sent."""
    yield from ((call, "before") for call in range(calls))
    yield calls - 1, "after"


def stored(client: "DynamoDBClient", table: str) -> Contents:
    """All that the table holds but the counter of ticket numbers; the numbers without their digits, for gaps are
    fine."""
    found: Contents = {}
    for key, item in contents(client, table).items():
        if key[0] != "COUNTER":
            found[key] = {name: _numberless(value) for name, value in item.items()}
    return found


def _numberless(value: Any) -> Any:
    if isinstance(value, bytes):
        return value
    return json.loads(_NUMBER.sub("T-n", json.dumps(value)))


def outline(found: Contents) -> list[tuple[str, ...]]:
    """What is there, in what state, without saying by which event or in how many steps it came to be so."""
    telling = ("status", "is_closed", "live_count", "occurrence_count", "body", "closed_by", "acknowledged_by")
    return sorted(
        (pk.split("#")[0], sk.split("#")[0][:2], *(_TIME.sub("then", str(item.get(name))) for name in telling))
        for (pk, sk), item in found.items()
    )


def items_of(client: "DynamoDBClient", table: str) -> list[dict[str, Any]]:
    """All that a table holds, as it is."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [dict(item) for page in pages for item in page["Items"]]


def restore(client: "DynamoDBClient", table: str, items: list[dict[str, Any]]) -> None:
    """Make these all that a table holds."""
    there = {tuple(each["S"] for each in _key(item).values()): item for item in items_of(client, table)}
    wanted = {tuple(each["S"] for each in _key(item).values()): item for item in items}
    requests: list[Any] = [{"DeleteRequest": {"Key": _key(there[key])}} for key in there.keys() - wanted.keys()]
    requests += [{"PutRequest": {"Item": item}} for key, item in wanted.items() if there.get(key) != item]
    for start in range(0, len(requests), 25):
        answer = client.batch_write_item(RequestItems={table: requests[start : start + 25]})
        assert not answer["UnprocessedItems"]


def _key(item: dict[str, Any]) -> dict[str, Any]:
    return {"pk": item["pk"], "sk": item["sk"]}
