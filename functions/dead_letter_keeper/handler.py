"""Dead-letter queues and notices of failed stream records → dead letters in the table."""

import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.dead_letters import bootstrap
from tandem.dead_letters.report import FUNCTION, report

telemetry.configure(FUNCTION, os.environ.get("LOG_LEVEL", "INFO"))
_keeper = cache(bootstrap.keeper)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """SQS event in, `{"batchItemFailures": [{"itemIdentifier"}]}` out."""
    results = _keeper().keep(event["Records"])
    report(results)
    failed = [result.message_id for result in results if result.failed is not None]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
