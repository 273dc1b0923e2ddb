"""The table's stream → archived alert events. What it raises makes the stream give the batch again, or its halves."""

import logging
import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.archive import bootstrap

telemetry.configure("event_archiver", os.environ.get("LOG_LEVEL", "INFO"))
_archiver = cache(bootstrap.archiver)


def handler(event: dict[str, Any], _context: object) -> None:
    """DynamoDB stream event in; nothing out, for it is all archived or none of it is taken as done."""
    records = event["Records"]
    events, objects = _archiver().archive(records)
    telemetry.log(logging.INFO, "archived", records=len(records), events=events, objects=objects)
    if events:
        telemetry.counts({"archived": events}, {"function": "event_archiver"})
