"""The table's stream → domain events on the tenant's bus. Answers with where the stream goes on."""

import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.events import bootstrap
from tandem.events.report import answer, report

telemetry.configure("event_publisher", os.environ.get("LOG_LEVEL", "INFO"))
_publisher = cache(bootstrap.publisher)

ONE_CALL_MILLISECONDS = 20_000
"""What a call to the bus and one to the table take at worst."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """DynamoDB stream event in, `{"batchItemFailures": [{"itemIdentifier"}]}` out."""
    results = _publisher().publish(
        event["Records"], has_time=lambda: context.get_remaining_time_in_millis() > ONE_CALL_MILLISECONDS
    )
    report(results)
    return answer(results)
