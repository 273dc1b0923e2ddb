"""EventBridge Scheduler, every minute → what is due, to who does it."""

import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.sweeping import bootstrap
from tandem.sweeping.report import report

telemetry.configure("due_sweep", os.environ.get("LOG_LEVEL", "INFO"))
_sweep = cache(bootstrap.sweep)

_RESERVE_MILLISECONDS = 15_000
"""More than a round of reads, and a hundred alerts, ever take."""


def handler(_event: dict[str, Any], context: Any) -> None:
    """Takes nothing from the event. Ends before its time does; the next run goes on."""
    report(_sweep().run(lambda: context.get_remaining_time_in_millis() > _RESERVE_MILLISECONDS))
