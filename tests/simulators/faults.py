"""What goes wrong, by order: how often, for which requests.

Latency comes on top of whatever else happens; of the other faults the first that fits happens, once for a request.
"""

import re
import threading
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What happens to a request."""

    LATENCY = "latency"
    """The answer comes `seconds` later."""
    STATUS = "status"
    """An error of that `status` in the vendor's own words; 502 and 504 are a gateway's HTML."""
    HTML = "html"
    """200 and a web page."""
    EMPTY_BODY = "empty_body"
    """200 and nothing."""
    RESET = "reset"
    """The connection is reset before any answer."""
    TRUNCATED = "truncated"
    """The right answer, cut in the middle, as if that were all of it."""
    CUT_OFF = "cut_off"
    """The right answer, but the connection ends in the middle of it."""
    WRONG_CONTENT_TYPE = "wrong_content_type"
    """The right answer, called text/plain."""
    EXPIRED_TOKEN = "expired_token"
    """401, as for a token or key that has expired."""
    REPEATED_PAGE = "repeated_page"
    """A listing's first page again, whatever page was asked for."""
    HALF_LISTING = "half_listing"
    """The first half of the rows, as if there were no more."""
    MISSING_PAGE = "missing_page"
    """The page after the one that was asked for."""
    EMPTY_LISTING = "empty_listing"
    """A listing without rows."""


LISTING_EFFECTS = frozenset({Kind.REPEATED_PAGE, Kind.HALF_LISTING, Kind.MISSING_PAGE, Kind.EMPTY_LISTING})


@dataclass
class Fault:
    """One order. `times`: for so many requests, None for all until it is cleared. `after`: so many fitting requests go
    well first. `path`: a regular expression, searched in the path."""

    kind: Kind
    times: int | None = 1
    after: int = 0
    path: str = ""
    method: str | None = None
    status: int = 500
    retry_after: str | None = None
    seconds: float = 0.0

    def fits(self, method: str, path: str) -> bool:
        """Whether it is about such a request."""
        return self.method in (None, method) and re.search(self.path, path) is not None


class Faults:
    """The orders in force. `down`: every connection is reset, whatever is asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self.down = False

    def add(
        self,
        kind: Kind | str,
        *,
        times: int | None = 1,
        after: int = 0,
        path: str = "",
        method: str | None = None,
        status: int = 500,
        retry_after: float | str | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Orders a fault. Raises ValueError for a kind that does not exist, or a path that is no regular expression."""
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"path: {error}") from None
        wait = None if retry_after is None else str(retry_after)
        fault = Fault(Kind(kind), times, after, path, method, status, wait, seconds)
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Everything works again."""
        with self._lock:
            self._faults.clear()
        self.down = False

    def take(self, method: str, path: str) -> tuple[float, Fault | None]:
        """How long this request is to wait and what then goes wrong with it; counts as one of the fault's times."""
        with self._lock:
            seconds, chosen = 0.0, None
            for fault in [each for each in self._faults if each.fits(method, path)]:
                if fault.kind is not Kind.LATENCY and chosen is not None:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                if fault.kind is Kind.LATENCY:
                    seconds += fault.seconds
                else:
                    chosen = fault
                if fault.times is not None:
                    fault.times -= 1
            self._faults = [fault for fault in self._faults if fault.times is None or fault.times > 0]
            return seconds, chosen

    def as_json(self) -> dict[str, Any]:
        """The orders that are still in force."""
        with self._lock:
            return {"down": self.down, "faults": [asdict(fault) for fault in self._faults]}
