"""Times as text: one fixed width, UTC, so that text order is time order."""

from datetime import UTC, datetime


def to_text(at: datetime) -> str:
    """ISO 8601 with microseconds and Z: `2026-11-21T03:17:16.000000Z`. Raises ValueError for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError("a time needs a timezone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def from_text(text: str) -> datetime:
    """The datetime of an ISO 8601 text with a timezone, in UTC. Raises ValueError for anything else."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"a time needs a timezone: {text!r}")
    return at.astimezone(UTC)


def optional_text(at: datetime | None) -> str | None:
    """`to_text`, and None for none."""
    return to_text(at) if at is not None else None


def optional_time(text: str | None) -> datetime | None:
    """`from_text`, and None for none."""
    return from_text(text) if text is not None else None


def utc_now() -> datetime:
    """The clock of the functions; tests pass their own."""
    return datetime.now(UTC)
