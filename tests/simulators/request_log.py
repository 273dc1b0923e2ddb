"""What a simulator was asked, so that a test can say how often and how fast."""

import re
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and what came of it. `at`: seconds of a clock that only moves forward, when it came in."""

    at: float
    method: str
    path: str
    query: str
    status: int
    """0: no answer, the connection was reset."""
    fault: str | None
    milliseconds: float
    body: bytes
    headers: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """Without body and headers, for there may be credentials in them."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        shown = {"method": self.method, "path": target, "status": self.status, "milliseconds": self.milliseconds}
        return shown if self.fault is None else shown | {"fault": self.fault}


class RequestLog:
    """The newest 20,000 requests; those to the control routes are not among them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=_KEPT)

    def add(self, entry: Entry) -> None:
        """Keeps one."""
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._entries.clear()

    def all(self, method: str | None = None, path: str = "") -> list[Entry]:
        """In the order in which they were answered; `path` is a regular expression, searched in the path."""
        with self._lock:
            entries = list(self._entries)
        return [entry for entry in entries if method in (None, entry.method) and re.search(path, entry.path)]

    def count(self, method: str | None = None, path: str = "") -> int:
        """How many there were."""
        return len(self.all(method, path))

    def most_within(self, seconds: float, path: str = "") -> int:
        """The most that came within any such span: what a rate limit is held against."""
        times = sorted(entry.at for entry in self.all(path=path))
        most, first = 0, 0
        for last, at in enumerate(times):
            while at - times[first] >= seconds:
                first += 1
            most = max(most, last - first + 1)
        return most
