"""Device syncs: the device-sync queue, device-refresh.fifo, an integration's own schedule, and the daily check.

SQS event in, `{"batchItemFailures": [{"itemIdentifier"}]}` out; `{"integration_id"}` (its turn has come) or
`{"check_schedules": true}` in, nothing out.
"""

import os
import time
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.connections.limits import Deadline
from tandem.scheduling.report import report_mended
from tandem.syncing import bootstrap
from tandem.syncing.function_report import refreshed, steps_parked, turn_taken
from tandem.syncing.report import FUNCTION
from tandem.times import utc_now

telemetry.configure(FUNCTION, os.environ.get("LOG_LEVEL", "INFO"))
_syncing = cache(bootstrap.syncing)
_steps_queue = cache(bootstrap.steps_queue)
_refresh_queue = cache(bootstrap.refresh_queue)

_RESERVE_SECONDS = 30
"""Of an invocation, to write down how far it came."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any] | None:
    """Whichever came. A batch is of one queue."""
    if event.get("check_schedules"):
        report_mended(bootstrap.mend(context.invoked_function_arn), FUNCTION)
        return None
    syncing = _syncing(context.invoked_function_arn)
    if "Records" not in event:
        turn_taken(syncing.turns.turn(event["integration_id"], utc_now()))
        return None
    records = event["Records"]
    messages = [bootstrap.message_of(record) for record in records]
    if records[0]["eventSourceARN"].endswith(".fifo"):
        queue, results = _refresh_queue(), syncing.refreshes.refresh(messages)
        refreshed(results)
        waits = {each.message_id: each.wait for each in results if each.failed}
    else:
        seconds = context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
        queue, done = _steps_queue(), syncing.steps.do(messages, Deadline(seconds, time.monotonic))
        steps_parked(done)
        waits = {each.message_id: each.wait for each in done if each.wait is not None}
    for record in records:
        if record["messageId"] in waits:
            queue.put_off_for(record, waits[record["messageId"]])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(waits)]}
