"""alert-events.fifo as the processor sees it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tandem.processing.processor import Message


def message_of(record: Mapping[str, Any]) -> Message:
    """The message of one record of an SQS event."""
    attributes = record["attributes"]
    return Message(
        message_id=record["messageId"],
        body=record["body"],
        group_id=attributes["MessageGroupId"],
        sent_at=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
        attempts=int(attributes["ApproximateReceiveCount"]),
    )
