"""alert-events.fifo as those see it who hand alert events over in batches: the admin API and the sweep."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tandem.alerts.event_message import deduplication_id, encode
from tandem.alerts.models import AlertEvent

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_AT_ONCE = 10
_MOST_BYTES = 200 * 1024  # of the 256 KB that SQS takes in one call


class QueueError(Exception):
    """The queue did not take all events; some may be in it."""


class AlertEventQueue:
    """Sends to one queue. `client` makes the AWS client at the first use: most requests need none."""

    def __init__(self, client: "Callable[[], SQSClient]", url: str) -> None:
        self._client = client
        self._url = url

    def send(
        self, events: Sequence[AlertEvent], deduplicated_by: Callable[[AlertEvent], str] = deduplication_id
    ) -> None:
        """Hand over these events in their order. Raises QueueError. Of events of one device for which `deduplicated_by`
        gives the same, SQS keeps the first and drops those of the next five minutes."""
        batch: list[SendMessageBatchRequestEntryTypeDef] = []
        size = 0
        for place, event in enumerate(events):
            body = encode(event)
            if batch and (len(batch) == _AT_ONCE or size + len(body) > _MOST_BYTES):
                self._send(batch)
                batch, size = [], 0
            size += len(body)
            batch.append(
                {
                    "Id": str(place),
                    "MessageBody": body,
                    "MessageGroupId": event.group_id,
                    "MessageDeduplicationId": deduplicated_by(event),
                }
            )
        if batch:
            self._send(batch)

    def _send(self, batch: "list[SendMessageBatchRequestEntryTypeDef]") -> None:
        try:
            answer = self._client().send_message_batch(QueueUrl=self._url, Entries=batch)
        except (BotoCoreError, ClientError) as error:
            raise QueueError(f"the queue could not be reached: {type(error).__name__}") from error
        failed = answer.get("Failed", [])
        if failed:
            raise QueueError(f"the queue refused {len(failed)} of {len(batch)} events: {failed[0].get('Code')}")
