"""How DynamoDB counts what a request consumes. Pure: items in, units out.

Sources: the Developer Guide's "DynamoDB item sizes and formats" (CapacityUnitCalculations), "Read and write operations"
(a missing item costs a read, too), "Transactions" (each item of a transaction is prepared and committed: twice) and
"Global Secondary Indexes" (GSI.ThroughputConsiderations.Writes). Index writes follow a transaction's commit and are
counted once, as measurements of the real service say.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Attribute = Mapping[str, Any]
Item = Mapping[str, Attribute]
Indexes = Mapping[str, tuple[str, str]]
"""Name → (partition key, sort key) of an index that holds keys only."""

_WRITE_UNIT_BYTES = 1024
_READ_UNIT_BYTES = 4096
_TRANSACTION = 2
_CONTAINER_BYTES = 3
_ELEMENT_BYTES = 1
STORED_OVERHEAD_BYTES = 100
"""Charged for each stored item, beside its own size."""


@dataclass(frozen=True, slots=True)
class Units:
    """Read request units, write request units of the table and of its indexes."""

    reads: float = 0.0
    table_writes: float = 0.0
    index_writes: float = 0.0

    @property
    def writes(self) -> float:
        """All write request units: they cost the same."""
        return self.table_writes + self.index_writes

    def __add__(self, other: "Units") -> "Units":
        return Units(
            self.reads + other.reads,
            self.table_writes + other.table_writes,
            self.index_writes + other.index_writes,
        )


def item_bytes(item: Item) -> int:
    """The size of an item as DynamoDB counts it: UTF-8 bytes of names and values."""
    return sum(len(name.encode()) + attribute_bytes(value) for name, value in item.items())


def attribute_bytes(attribute: Attribute) -> int:
    """The size of one attribute's value. Raises ValueError for a type that is none of DynamoDB's."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return number_bytes(value)
        case "B":
            return len(value)
        case "BOOL" | "NULL":
            return 1
        case "M":
            return _CONTAINER_BYTES + item_bytes(value) + _ELEMENT_BYTES * len(value)
        case "L":
            return _CONTAINER_BYTES + sum(attribute_bytes(element) + _ELEMENT_BYTES for element in value)
        case "SS":
            return sum(len(element.encode()) for element in value)
        case "NS":
            return sum(number_bytes(element) for element in value)
        case "BS":
            return sum(len(element) for element in value)
        case _:
            raise ValueError(f"DynamoDB has no type {kind}")


def number_bytes(text: str) -> int:
    """About a byte for two significant digits, and one more; and one for a minus."""
    mantissa = text.lower().partition("e")[0]
    digits = mantissa.lstrip("-+").replace(".", "").strip("0")
    return math.ceil(len(digits) / 2) + 1 + (1 if text.startswith("-") else 0)


def read_units(size: int, *, consistent: bool) -> float:
    """Of one item of a GetItem or BatchGetItem, or of all items of a Query together; 0 bytes: there was none."""
    units = max(1, math.ceil(size / _READ_UNIT_BYTES))
    return float(units) if consistent else units / 2


def write_units(before: Item | None, after: Item | None, *, transactional: bool) -> float:
    """Of putting, updating or deleting one item: the larger of what it was and what it is."""
    size = max(item_bytes(before) if before else 0, item_bytes(after) if after else 0)
    units = max(1, math.ceil(size / _WRITE_UNIT_BYTES))
    return float(units * (_TRANSACTION if transactional else 1))


def check_units(item: Item | None) -> float:
    """Of a transaction's condition check: like a write that writes nothing."""
    return write_units(item, None, transactional=True)


def index_write_units(before: Item | None, after: Item | None, indexes: Indexes, table_key: tuple[str, str]) -> float:
    """Of keeping keys-only indexes up to date: 1 for an entry that appears or goes, 2 for one that moves, 0 for one
    that stays as it is."""
    units = 0.0
    for key in indexes.values():
        entries = [index_entry(item, key, table_key) for item in (before, after)]
        if entries[0] == entries[1]:
            continue
        units += sum(max(1, math.ceil(item_bytes(entry) / _WRITE_UNIT_BYTES)) for entry in entries if entry)
    return units


def stored_bytes(items: Iterable[Item], indexes: Indexes, table_key: tuple[str, str]) -> int:
    """What these items and their index entries take in storage, overhead included."""
    total = 0
    for item in items:
        entries = [item, *(entry for key in indexes.values() if (entry := index_entry(item, key, table_key)))]
        total += sum(item_bytes(entry) + STORED_OVERHEAD_BYTES for entry in entries)
    return total


def index_entry(item: Item | None, key: tuple[str, str], table_key: tuple[str, str]) -> Item | None:
    """The item's entry in an index; None where it has none, for the index is sparse."""
    if item is None or any(name not in item for name in key):
        return None
    return {name: item[name] for name in (*key, *table_key)}
