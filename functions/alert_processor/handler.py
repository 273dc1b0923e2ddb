"""alert-events.fifo → alerts, conditions, tickets. Answers with the messages to be given back."""

import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.processing import bootstrap
from tandem.processing.queue import message_of
from tandem.processing.report import report

telemetry.configure("alert_processor", os.environ.get("LOG_LEVEL", "INFO"))
_processor = cache(bootstrap.processor)
_queue = cache(bootstrap.queue)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """SQS event in, `{"batchItemFailures": [{"itemIdentifier"}]}` out."""
    records = event["Records"]
    results = _processor().process([message_of(record) for record in records])
    report(results)
    failed = {result.message_id for result in results if result.failed is not None}
    if failed:
        _queue().put_off(record for record in records if record["messageId"] in failed)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(failed)]}
