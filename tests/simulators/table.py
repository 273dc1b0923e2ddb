"""Things by key, in the order in which they are listed, with their JSON kept until they change.

A hundred thousand devices are rendered once: a page is then a slice and a join.
"""

import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterator
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


class UnknownKeyError(KeyError):
    """There never was a thing with this key, so nothing comes after it."""


class Table(Generic[Key, Item]):
    """Keys that are numbers are listed in their order, others in the order of their coming."""

    def __init__(self, key: Callable[[Item], Key]) -> None:
        self._key = key
        self._items: dict[int, Item] = {}
        self._order: list[int] = []
        self._positions: dict[Key, int] = {}
        self._rendered: dict[str, dict[int, bytes]] = {}
        self._next = 1

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter([self._items[position] for position in self._order])

    def __contains__(self, key: Key) -> bool:
        return self._positions.get(key, -1) in self._items

    def get(self, key: Key) -> Item | None:
        """The thing, unless there is none (any more)."""
        return self._items.get(self._positions.get(key, -1))

    def __getitem__(self, key: Key) -> Item:
        return self._items[self._positions[key]]

    def add(self, item: Item) -> Item:
        """Puts it at its place and gives it back."""
        key = self._key(item)
        position = key if isinstance(key, int) else self._next
        self._next = max(self._next, position) + 1
        self._positions[key] = position
        self._items[position] = item
        if self._order and position < self._order[-1]:
            insort(self._order, position)
        else:
            self._order.append(position)
        return item

    def remove(self, key: Key) -> Item:
        """Takes it away; what comes after it stays known, so that a walk over pages goes on. Raises KeyError."""
        position = self._positions[key]
        item = self._items.pop(position)
        del self._order[bisect_left(self._order, position)]
        self._forget(position)
        return item

    def touch(self, key: Key) -> None:
        """Says that it changed."""
        self._forget(self._positions[key])

    def touch_all(self) -> None:
        """Says that everything changed."""
        self._rendered.clear()

    def after(self, key: Key | None, count: int) -> list[Item]:
        """At most so many of those behind the key; from the start without one. Raises UnknownKeyError."""
        start = 0 if key is None else bisect_right(self._order, self._position(key))
        return [self._items[position] for position in self._order[start : start + count]]

    def before(self, key: Key, count: int) -> list[Item]:
        """At most so many of those right before the key. Raises UnknownKeyError."""
        end = bisect_left(self._order, self._position(key))
        return [self._items[position] for position in self._order[max(0, end - count) : end]]

    def json(self, view: str, item: Item, render: Callable[[Item], Any]) -> bytes:
        """The item's JSON as this view shows it, made on first use."""
        kept = self._rendered.setdefault(view, {})
        position = self._positions[self._key(item)]
        if position not in kept:
            kept[position] = encoded(render(item))
        return kept[position]

    def _position(self, key: Key) -> int:
        if key not in self._positions and isinstance(key, int):
            return key
        try:
            return self._positions[key]
        except KeyError:
            raise UnknownKeyError(key) from None

    def _forget(self, position: int) -> None:
        for kept in self._rendered.values():
            kept.pop(position, None)


def encoded(value: Any) -> bytes:
    """JSON as the vendors write it: compact, UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def array(fragments: list[bytes]) -> bytes:
    """A JSON array of what is rendered already."""
    return b"[" + b",".join(fragments) + b"]"
