"""When something happened, as vendors write it."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours a vendor's clock may go. A time further ahead would make every later event of the alert look
stale, for as long as it lies ahead; it is taken as the time of receipt."""

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 1e11


def moment(value: Any) -> datetime | None:
    """The time of an ISO 8601 text (T or a space; without a zone it is UTC) or of epoch seconds or milliseconds, as a
    number or a text. None for anything else, and for a time before 2000: nobody's alert is that old.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        at = _of_text(value.strip())
    elif isinstance(value, int | float):
        at = _of_epoch(value)
    else:
        return None
    return at if at is not None and at >= _EARLIEST else None


def occurred_at(stated: datetime | None, received_at: datetime) -> datetime:
    """The event's time: as stated, or the time of receipt if nothing was stated or it lies too far ahead."""
    if stated is None or stated > received_at + FUTURE_TOLERANCE:
        return received_at
    return stated


def _of_text(text: str) -> datetime | None:
    try:
        return _of_epoch(float(text))
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _of_epoch(seconds: float) -> datetime | None:
    try:
        number = float(seconds)
        if not math.isfinite(number):
            return None
        return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None
