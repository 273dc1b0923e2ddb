"""alert-resets.fifo → the RMMs. Answers with the messages to be given back."""

import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.outbound import reset_bootstrap
from tandem.outbound.queue import message_of
from tandem.outbound.report import RESETTER, report_handled

telemetry.configure(RESETTER, os.environ.get("LOG_LEVEL", "INFO"))
_resetter = cache(reset_bootstrap.resetter)
_queue = cache(reset_bootstrap.queue)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """SQS event in, `{"batchItemFailures": [{"itemIdentifier"}]}` out."""
    records = event["Records"]
    handled = _resetter().reset([message_of(record) for record in records])
    report_handled(handled)
    waits = {one.message.message_id: one.wait for one in handled if one.failed is not None}
    for record in records:
        if waits.get(record["messageId"]):
            _queue().put_off_for(record, waits[record["messageId"]])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(waits)]}
