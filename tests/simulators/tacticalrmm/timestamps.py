"""Times as the server's API writes them."""

from datetime import datetime
from typing import overload


@overload
def api_time(moment: datetime) -> str: ...
@overload
def api_time(moment: None) -> None: ...
@overload
def api_time(moment: datetime | None) -> str | None: ...
def api_time(moment: datetime | None) -> str | None:
    """`2026-11-21T01:28:36.006375Z`; None stays None."""
    return None if moment is None else moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
