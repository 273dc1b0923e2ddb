"""Closed tickets, and alerts that a person resolved → alert-resets.fifo. Answers with the messages to be given back."""

import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.outbound import bootstrap
from tandem.outbound.queue import message_of
from tandem.outbound.report import DISPATCHER, report_dispatched

telemetry.configure(DISPATCHER, os.environ.get("LOG_LEVEL", "INFO"))
_dispatcher = cache(bootstrap.dispatcher)
_queue = cache(bootstrap.queue)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """SQS event in, `{"batchItemFailures": [{"itemIdentifier"}]}` out."""
    records = event["Records"]
    results = _dispatcher().dispatch([message_of(record) for record in records])
    report_dispatched(results)
    failed = {result.message_id for result in results if result.failed is not None}
    if failed:
        _queue().put_off(record for record in records if record["messageId"] in failed)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(failed)]}
