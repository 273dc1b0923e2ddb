"""The tenant's event bus (EventBridge).

BusError
├── UnavailableError   the bus is throttled or out of reach: it takes the event later
└── RefusedError       the bus will not take this event
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

MOST_ENTRIES = 10
MOST_BYTES = 256 * 1024
"""Of one call, and of one entry."""

_TIME_BYTES = 14
_PASSES = frozenset(
    {
        "InternalException",
        "InternalFailure",
        "InternalServerError",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)

_ONE_IS_WRONG = "ValidationException"
"""A call is refused as a whole for what one of its entries is, too large for one."""


class EventBridge(Protocol):
    """What is used of boto3's client."""

    def put_events(self, *, Entries: Sequence[Any]) -> Any:  # noqa: N803  AWS's name
        """Puts up to ten entries."""


class BusError(Exception):
    """The bus did not take an event."""


class UnavailableError(BusError):
    """The bus is throttled or out of reach."""


class RefusedError(BusError):
    """The bus will not take this event; the text says why, in its words."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event for the bus. `detail`: its payload as JSON; events of one `subject` are put one after the other."""

    name: str
    subject: str
    detail: str
    at: datetime


class EventBus:
    """One bus. `source`: who sends the events."""

    def __init__(self, client: EventBridge, name: str, source: str) -> None:
        self._client = client
        self._name = name
        self._source = source

    def size(self, entry: Entry) -> int:
        """The bytes that EventBridge counts for an entry."""
        return _TIME_BYTES + sum(len(part.encode()) for part in (self._source, entry.name, entry.detail))

    def put(self, entries: Sequence[Entry]) -> list[BusError | None]:
        """Put up to MOST_ENTRIES entries of MOST_BYTES together. Gives what went wrong with each; None: it is on the
        bus. Never raises for what AWS answers, or does not."""
        try:
            answer = self._client.put_events(Entries=[self._request(entry) for entry in entries])
        except BotoCoreError as error:
            return [UnavailableError(f"no answer from the bus: {type(error).__name__}") for _ in entries]
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            if code == _ONE_IS_WRONG:
                alone = [self.put([entry])[0] for entry in entries] if len(entries) > 1 else []
                return alone or [RefusedError(f"the bus answered {code}")]
            # For want of a permission or of the bus: no fault of these entries.
            return [UnavailableError(f"the bus answered {code}") for _ in entries]
        return [_fault(entry.get("ErrorCode"), entry.get("ErrorMessage", "")) for entry in answer["Entries"]]

    def _request(self, entry: Entry) -> dict[str, Any]:
        return {
            "EventBusName": self._name,
            "Source": self._source,
            "DetailType": entry.name,
            "Detail": entry.detail,
            "Time": entry.at,
        }


def _fault(code: str | None, message: str) -> BusError | None:
    if not code:
        return None
    text = f"{code}: {message}" if message else code
    return UnavailableError(text) if code in _PASSES else RefusedError(text)
