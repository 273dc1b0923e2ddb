"""The notifications queue → notifications, mails. Answers with the messages to be given back."""

import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.notifications import bootstrap
from tandem.notifications.handling import message_of
from tandem.notifications.report import report

telemetry.configure("notifier", os.environ.get("LOG_LEVEL", "INFO"))
_notifier = cache(bootstrap.notifier)
_redelivery = cache(bootstrap.redelivery)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """SQS event in, `{"batchItemFailures": [{"itemIdentifier"}]}` out."""
    records = event["Records"]
    handled = _notifier().notify([message_of(record) for record in records])
    report(handled)
    failed = {one.message.message_id for one in handled if one.failed is not None}
    if failed:
        _redelivery().put_off(record for record in records if record["messageId"] in failed)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(failed)]}
