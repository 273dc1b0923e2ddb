"""The table's stream → archived alert events. What it raises makes the stream give the batch again, or its halves.

EventBridge Scheduler, every hour → the archive in fewer and larger objects.
"""

import logging
import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.archive import bootstrap
from tandem.times import utc_now

telemetry.configure("event_archiver", os.environ.get("LOG_LEVEL", "INFO"))
_archiver = cache(bootstrap.archiver)
_compactor = cache(bootstrap.compactor)


def handler(event: dict[str, Any], _context: object) -> None:
    """A DynamoDB stream event in; nothing out, for it is all archived or none of it is taken as done. Anything else is
    the clock's."""
    if "Records" not in event:
        done = _compactor().compact(utc_now())
        telemetry.log(logging.INFO, "compacted", before=done.before, after=done.after)
        return
    records = event["Records"]
    events, objects = _archiver().archive(records)
    telemetry.log(logging.INFO, "archived", records=len(records), events=events, objects=objects)
    if events:
        telemetry.counts({"archived": events}, {"function": "event_archiver"})
