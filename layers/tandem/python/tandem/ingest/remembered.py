"""A small cache in front of the table and the secret store, for as long as a function instance is warm."""

from collections.abc import Callable
from typing import Generic, TypeVar

from tandem.ingest.answers import NotStored

MAXIMUM_AGE_SECONDS = 60.0
MAXIMUM_ENTRIES = 256
REREADS = 5
REREAD_WINDOW_SECONDS = 10.0

_Value = TypeVar("_Value")


class _Entry(Generic[_Value]):
    __slots__ = ("asked_at", "loaded_at", "rereads", "value", "window_from")

    def __init__(self, value: _Value, now: float) -> None:
        self.value = value
        self.loaded_at = now
        self.asked_at = now
        self.window_from = now
        self.rereads = 0


class Remembered(Generic[_Value]):
    """What `load` found, for `fresh_seconds`, at most 256 values, the oldest dropped first.

    If `load` then fails, the value serves on until it is 60 s old, and is asked for again after another
    `fresh_seconds`: a sender that never sends twice must not lose an alert because the table stumbles while the queue
    is well. What was not found is not remembered: an integration must work at once when it has been made. `load` raises
    NotStored when it cannot say; `clock` counts seconds and never goes back.
    """

    def __init__(
        self,
        load: Callable[[str], _Value | None],
        clock: Callable[[], float],
        fresh_seconds: float = MAXIMUM_AGE_SECONDS,
    ) -> None:
        self._load = load
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._entries: dict[str, _Entry[_Value]] = {}

    def get(self, key: str) -> _Value | None:
        """The value; None if there is none. Raises NotStored when it cannot be read and none is remembered."""
        entry, now = self._entries.get(key), self._clock()
        if entry is None:
            return self._loaded(key)
        if now - entry.asked_at < self._fresh_seconds and now - entry.loaded_at < MAXIMUM_AGE_SECONDS:
            return entry.value
        try:
            return self._loaded(key)
        except NotStored:
            if now - entry.loaded_at >= MAXIMUM_AGE_SECONDS:
                self._entries.pop(key, None)
                raise
            entry.asked_at = self._clock()
            return entry.value

    def reread(self, key: str) -> _Value | None:
        """The value as it is now, for when the remembered one seems outdated; None if there is none, or if it has been
        read again five times within ten seconds: a sender with a wrong secret must not become load on the table.
        Raises NotStored when it cannot be read."""
        entry, now = self._entries.get(key), self._clock()
        if entry is None:
            return self._loaded(key)
        if now - entry.window_from >= REREAD_WINDOW_SECONDS:
            entry.window_from, entry.rereads = now, 0
        if entry.rereads >= REREADS:
            return None
        entry.rereads += 1
        return self._loaded(key)

    def _loaded(self, key: str) -> _Value | None:
        value = self._load(key)
        before = self._entries.pop(key, None)
        if value is None:
            return None
        if len(self._entries) >= MAXIMUM_ENTRIES:
            del self._entries[next(iter(self._entries))]
        entry = self._entries[key] = _Entry(value, self._clock())
        if before is not None:
            # Or a sender with a wrong secret would have five rereads more whenever the value is due.
            entry.window_from, entry.rereads = before.window_from, before.rereads
        return value
