"""EventBridge Scheduler (an integration's own schedule, and the daily check) or the admin API → one poll, or the check.

The event: `{"integration_id"}`, with `"run_id"` if a person asked for it; or `{"check_schedules": true}`.
"""

import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.polling import bootstrap
from tandem.polling.report import FUNCTION, report
from tandem.scheduling.report import report_mended

telemetry.configure(FUNCTION, os.environ.get("LOG_LEVEL", "INFO"))
_work = cache(bootstrap.work)

_RESERVE_SECONDS = 5
"""To say how it went, at the end."""


def handler(event: dict[str, Any], context: Any) -> None:
    """A poll that its RMM made impossible is recorded, and no failure of the function."""
    if event.get("check_schedules"):
        report_mended(bootstrap.mend(context.invoked_function_arn), FUNCTION)
        return
    seconds = context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
    report(_work(context.invoked_function_arn).poll(event["integration_id"], seconds, event.get("run_id")))
