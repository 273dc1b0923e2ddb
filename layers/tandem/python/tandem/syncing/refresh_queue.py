"""device-refresh.fifo as those see it who hand over several devices at once. Ingest has a sender of its own."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tandem.alert_queue import QueueError
from tandem.syncing.refresh_message import RefreshMessage, encode

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_AT_ONCE = 10


class DeviceRefreshQueue:
    """Sends to one queue. `client` makes the AWS client at the first use."""

    def __init__(self, client: "Callable[[], SQSClient]", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, messages: Sequence[RefreshMessage], now: datetime) -> None:
        """Hand over these messages. Raises QueueError; then some may be in the queue."""
        distinct = list({each.deduplication_id(now): each for each in messages}.items())
        for start in range(0, len(distinct), _AT_ONCE):
            batch: list[SendMessageBatchRequestEntryTypeDef] = [
                {
                    "Id": str(place),
                    "MessageBody": encode(message),
                    "MessageGroupId": message.group_id,
                    "MessageDeduplicationId": deduplication_id,
                }
                for place, (deduplication_id, message) in enumerate(distinct[start : start + _AT_ONCE])
            ]
            try:
                answer = self._client().send_message_batch(QueueUrl=self._url, Entries=batch)
            except (BotoCoreError, ClientError) as error:
                raise QueueError(f"the queue could not be reached: {type(error).__name__}") from error
            if failed := answer.get("Failed", []):
                raise QueueError(f"the queue refused {len(failed)} of {len(batch)} messages: {failed[0].get('Code')}")
