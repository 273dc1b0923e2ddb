"""alert-resets.fifo, as its sender and its reader see it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tandem.alert_queue import QueueError
from tandem.alerts.outbound import OutboundReset
from tandem.outbound.message import encode

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a queue. `group_id`: its FIFO group, if it has one; `attempts`: how often it was received by now;
    `sent_at`: when it was put on the queue."""

    message_id: str
    body: str
    sent_at: datetime
    attempts: int = 1
    group_id: str | None = None


def message_of(record: Mapping[str, Any]) -> Message:
    """The message of one record of an SQS event."""
    attributes = record["attributes"]
    return Message(
        message_id=record["messageId"],
        body=record["body"],
        sent_at=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
        attempts=int(attributes["ApproximateReceiveCount"]),
        group_id=attributes.get("MessageGroupId"),
    )


class ResetQueue:
    """Sends wishes, each integration's in their order. The same wish sent again within five minutes is dropped."""

    def __init__(self, client: "Callable[[], SQSClient]", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, wishes: Sequence[OutboundReset]) -> None:
        """Hand over these wishes. Raises QueueError; then some may be there."""
        for start in range(0, len(wishes), _AT_ONCE):
            self._send(wishes[start : start + _AT_ONCE])

    def _send(self, wishes: Sequence[OutboundReset]) -> None:
        try:
            answer = self._client().send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {
                        "Id": str(place),
                        "MessageBody": encode(wish),
                        "MessageGroupId": wish.integration_id,
                        "MessageDeduplicationId": wish.request_id,
                    }
                    for place, wish in enumerate(wishes)
                ],
            )
        except (BotoCoreError, ClientError) as error:
            raise QueueError(f"the queue could not be reached: {type(error).__name__}") from error
        failed = answer.get("Failed", [])
        if failed:
            raise QueueError(f"the queue refused {len(failed)} of {len(wishes)} wishes: {failed[0].get('Code')}")
