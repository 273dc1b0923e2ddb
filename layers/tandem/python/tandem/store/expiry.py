"""What has expired is not there, though TTL removes it late."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

Record = TypeVar("Record")


def unless_expired(item: dict[str, Any], now: datetime, parse: Callable[[dict[str, Any]], Record]) -> Record | None:
    """The record of an item, unless it has expired."""
    expiry = item.get("expires_at")
    return None if expiry is not None and int(expiry["N"]) < now.timestamp() else parse(item)
