"""Counts what boto3 clients ask of DynamoDB: calls, units by item size, and the time spent waiting for answers.

The units are computed from the real requests and answers (capacity.py), because the emulator's own ConsumedCapacity
says nothing of BatchGetItem. What it says of writes is summed beside ours, as a check.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.table_schema import INDEXES, PARTITION_KEY, SORT_KEY
from local.bench.capacity import (
    Item,
    Units,
    check_units,
    index_write_units,
    item_bytes,
    read_units,
    stored_bytes,
    write_units,
)
from local.bench.updates import updated

_TABLE_KEY = (PARTITION_KEY, SORT_KEY)
_WRITES = frozenset({"TransactWriteItems", "BatchWriteItem", "PutItem", "UpdateItem", "DeleteItem"})


@dataclass
class Usage:
    """What was used. `waited`: seconds between sending a request and having its answer, before it is parsed.
    `emulator_writes`: write units as the emulator counts them. `queue_calls`: calls of SQS."""

    calls: Counter[str] = field(default_factory=Counter)
    queue_calls: Counter[str] = field(default_factory=Counter)
    units: Units = field(default_factory=Units)
    waited: float = 0.0
    emulator_writes: float = 0.0


class Meter:
    """Attach it to a session's or a client's events; it remembers every item that it saw written or read."""

    def __init__(self, *, ask_the_emulator: bool = False) -> None:
        self._usage = Usage()
        self._items: dict[tuple[str, str], Item] = {}
        self._sent_at = 0.0
        self._ask_the_emulator = ask_the_emulator

    def attach(self, events: Any) -> None:
        """`events`: `boto3.DEFAULT_SESSION.events`, for all clients made later, or a client's `meta.events`."""
        events.register("provide-client-params.dynamodb.*", self._asked)
        events.register("after-call.dynamodb.*", self._answered)
        events.register("after-call.sqs.*", self._queue_answered)
        events.register("before-send.*", self._sent)
        events.register("before-parse.*", self._received)

    def take(self) -> Usage:
        """What was used since the last time."""
        usage, self._usage = self._usage, Usage()
        return usage

    def stored_bytes(self) -> int:
        """What the items written so far take in the table and its indexes."""
        return stored_bytes(self._items.values(), INDEXES, _TABLE_KEY)

    def _asked(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
        asked = {**params, "ReturnConsumedCapacity": "INDEXES"} if self._ask_the_emulator else params
        context["bench_params"] = asked
        return asked

    def _sent(self, **_: Any) -> None:
        self._sent_at = time.perf_counter()

    def _received(self, **_: Any) -> None:
        self._usage.waited += time.perf_counter() - self._sent_at

    def _queue_answered(self, model: Any, **_: Any) -> None:
        self._usage.queue_calls[model.name] += 1

    def _answered(self, model: Any, parsed: Mapping[str, Any], context: Mapping[str, Any], **_: Any) -> None:
        self._usage.calls[model.name] += 1
        if "Error" in parsed:
            return
        if model.name in _WRITES:
            self._usage.emulator_writes += _consumed(parsed)
        self._usage.units += self.units(model.name, context["bench_params"], parsed)

    def units(self, call: str, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> Units:
        """What a call consumed that went well; what it wrote is remembered. Raises NotImplementedError."""
        match call:
            case "BatchGetItem":
                return _batch_read(params["RequestItems"], parsed["Responses"])
            case "GetItem":
                size = item_bytes(parsed.get("Item", {}))
                return Units(reads=read_units(size, consistent=bool(params.get("ConsistentRead"))))
            case "Query":
                size = sum(item_bytes(item) for item in parsed["Items"])
                return Units(reads=read_units(size, consistent=bool(params.get("ConsistentRead"))))
            case "TransactWriteItems":
                return self._transaction(params["TransactItems"])
            case "BatchWriteItem":
                return self._batch_write(params["RequestItems"], parsed.get("UnprocessedItems") or {})
            case "PutItem":
                return self._put(params["Item"], transactional=False)
            case "DeleteItem":
                return self._delete(params["Key"], transactional=False)
            case "UpdateItem":
                return self._update(params, transactional=False)
            case _:
                raise NotImplementedError(f"the meter does not know what {call} consumes")

    def _transaction(self, actions: Iterable[Mapping[str, Any]]) -> Units:
        total = Units()
        for action in actions:
            if "Put" in action:
                total += self._put(action["Put"]["Item"], transactional=True)
            elif "Delete" in action:
                total += self._delete(action["Delete"]["Key"], transactional=True)
            elif "Update" in action:
                total += self._update(action["Update"], transactional=True)
            elif "ConditionCheck" in action:
                total += Units(table_writes=check_units(self._items.get(_key(action["ConditionCheck"]["Key"]))))
            else:
                raise NotImplementedError(f"the meter does not know what {sorted(action)} consumes")
        return total

    def _batch_write(self, requests: Mapping[str, Any], undone: Mapping[str, Any]) -> Units:
        total = Units()
        for table, writes in requests.items():
            left = undone.get(table, [])
            for write in writes:
                if write in left:
                    continue
                if "PutRequest" in write:
                    total += self._put(write["PutRequest"]["Item"], transactional=False)
                else:
                    total += self._delete(write["DeleteRequest"]["Key"], transactional=False)
        return total

    def _update(self, request: Mapping[str, Any], *, transactional: bool) -> Units:
        # Of an item that was there before the meter, only what is updated is known: it seems smaller than it is.
        return self._put(updated(self._items.get(_key(request["Key"])), request), transactional=transactional)

    def _put(self, item: Item, *, transactional: bool) -> Units:
        before = self._items.get(_key(item))
        self._items[_key(item)] = item
        return Units(
            table_writes=write_units(before, item, transactional=transactional),
            index_writes=index_write_units(before, item, INDEXES, _TABLE_KEY),
        )

    def _delete(self, key: Item, *, transactional: bool) -> Units:
        before = self._items.pop(_key(key), None)
        return Units(
            table_writes=write_units(before, None, transactional=transactional),
            index_writes=index_write_units(before, None, INDEXES, _TABLE_KEY),
        )


def _batch_read(requests: Mapping[str, Any], responses: Mapping[str, Any]) -> Units:
    units = 0.0
    for table, request in requests.items():
        consistent = bool(request.get("ConsistentRead"))
        found = responses.get(table, [])
        units += sum(read_units(item_bytes(item), consistent=consistent) for item in found)
        units += (len(request["Keys"]) - len(found)) * read_units(0, consistent=consistent)
    return Units(reads=units)


def _consumed(parsed: Mapping[str, Any]) -> float:
    consumed = parsed.get("ConsumedCapacity") or []
    entries = [consumed] if isinstance(consumed, dict) else consumed
    return float(sum(entry.get("CapacityUnits", 0.0) for entry in entries))


def _key(item: Item) -> tuple[str, str]:
    return item[PARTITION_KEY]["S"], item[SORT_KEY]["S"]
