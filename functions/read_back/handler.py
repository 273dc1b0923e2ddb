"""The read-back queue → alert-events.fifo, completed by the RMM. Answers with the messages to be given back."""

import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.readback import bootstrap
from tandem.readback.report import FUNCTION, report

telemetry.configure(FUNCTION, os.environ.get("LOG_LEVEL", "INFO"))
_read_back = cache(bootstrap.read_back)
_queue = cache(bootstrap.queue)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """SQS event in, `{"batchItemFailures": [{"itemIdentifier"}]}` out."""
    records = event["Records"]
    results = _read_back().read([bootstrap.message_of(record) for record in records])
    report(results)
    waits = {result.message_id: result.wait for result in results if result.failed is not None}
    for record in records:
        if record["messageId"] in waits:
            _queue().put_off_for(record, waits[record["messageId"]])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(waits)]}
