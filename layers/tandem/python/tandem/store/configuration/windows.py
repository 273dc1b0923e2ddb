"""The maintenance windows of the tenant.

A change that may free alerts enters the window into the due-time index, in its own transaction: so the sweep learns of
every change, and a window that changed by halves is never seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tandem.alerts.windows import MaintenanceWindow
from tandem.store import keys
from tandem.store.configuration.table import ConfigurationTable, Delete, Put, Scope, Values, Write
from tandem.store.windows import window_of, window_values

_PARTITION = keys.window_key("")["pk"]


@dataclass(frozen=True, slots=True)
class WindowRecord:
    """A window and how often it was written."""

    window: MaintenanceWindow
    version: int = 0


class Windows:
    """All maintenance windows of the tenant."""

    def __init__(self, table: ConfigurationTable) -> None:
        self._table = table

    def all(self) -> list[WindowRecord]:
        """Every window, in the order of their ids."""
        return [_record(values) for values in self._table.all(_PARTITION)]

    def page(self, after: str | None, limit: int) -> list[WindowRecord]:
        """Windows in the order of their ids, behind the id `after`."""
        return [_record(values) for values in self._table.page(_PARTITION, after, limit)]

    def get(self, window_id: str) -> WindowRecord | None:
        """One window."""
        values = self._table.get(keys.window_key(window_id))
        return _record(values) if values else None

    def add(self, window: MaintenanceWindow) -> None:
        """Write a new window. Nothing is held by it yet. Raises ConflictError."""
        self._table.commit(Scope.CONFIGURATION, [_put(window, onto=0)])

    def replace(self, record: WindowRecord, window: MaintenanceWindow, now: datetime) -> None:
        """Write `window` over the one in `record`. Raises ConflictError."""
        before = record.window
        if window == before:
            return
        means_the_same = replace(before, name=window.name) == window
        told = [] if means_the_same else [_changed(before, now)]
        self._table.commit(Scope.CONFIGURATION, [_put(window, record.version), *told])

    def remove(self, record: WindowRecord, now: datetime) -> None:
        """Remove a window. Raises ConflictError."""
        gone = Delete(keys.window_key(record.window.window_id), record.version)
        writes: Sequence[Write] = [gone, _changed(record.window, now)]
        self._table.commit(Scope.CONFIGURATION, writes)


def _record(values: Values) -> WindowRecord:
    return WindowRecord(window_of(values), values["version"])


def _put(window: MaintenanceWindow, onto: int) -> Put:
    return Put(keys.window_key(window.window_id), window_values(window), onto)


def _changed(window: MaintenanceWindow, now: datetime) -> Put:
    """The sweep looks at all that the window holds."""
    key = keys.due_key(now, window.window_id, keys.WINDOW_CHANGED)
    return Put(key, {"subject": window.window_id}, None)
