"""A small cache in front of the table and the secret store, for as long as a function instance is warm."""

from collections.abc import Callable
from typing import Generic, TypeVar

MAXIMUM_AGE_SECONDS = 60.0
MAXIMUM_ENTRIES = 256
REREADS = 5
REREAD_WINDOW_SECONDS = 10.0

_Value = TypeVar("_Value")


class _Entry(Generic[_Value]):
    __slots__ = ("loaded_at", "rereads", "value", "window_from")

    def __init__(self, value: _Value, now: float) -> None:
        self.value = value
        self.loaded_at = now
        self.window_from = now
        self.rereads = 0


class Remembered(Generic[_Value]):
    """What `load` found, for at most 60 s, at most 256 values, the oldest dropped first.

    What was not found is not remembered: an integration must work at once when it has been made. `clock` counts
    seconds and never goes back.
    """

    def __init__(self, load: Callable[[str], _Value | None], clock: Callable[[], float]) -> None:
        self._load = load
        self._clock = clock
        self._entries: dict[str, _Entry[_Value]] = {}

    def get(self, key: str) -> _Value | None:
        """The value; None if there is none."""
        entry = self._entries.get(key)
        if entry is not None and self._clock() - entry.loaded_at < MAXIMUM_AGE_SECONDS:
            return entry.value
        return self._loaded(key)

    def reread(self, key: str) -> _Value | None:
        """The value as it is now, for when the remembered one seems outdated; None if there is none, or if it has been
        read again five times within ten seconds: a sender with a wrong secret must not become load on the table."""
        entry, now = self._entries.get(key), self._clock()
        if entry is None:
            return self._loaded(key)
        if now - entry.window_from >= REREAD_WINDOW_SECONDS:
            entry.window_from, entry.rereads = now, 0
        if entry.rereads >= REREADS:
            return None
        value = self._loaded(key)
        fresh = self._entries.get(key)
        if fresh is not None:
            fresh.window_from, fresh.rereads = entry.window_from, entry.rereads + 1
        return value

    def _loaded(self, key: str) -> _Value | None:
        self._entries.pop(key, None)
        value = self._load(key)
        if value is not None:
            if len(self._entries) >= MAXIMUM_ENTRIES:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = _Entry(value, self._clock())
        return value
