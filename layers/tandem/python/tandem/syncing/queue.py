"""device-sync as those see it who send to it: whoever starts a run, and the steps of it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tandem.alert_queue import QueueError
from tandem.syncing.message import SyncMessage, encode

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

LONGEST_DELAY = 900
"""Seconds; SQS holds a message back no longer."""

_AT_ONCE = 10


class DeviceSyncQueue:
    """Sends to one queue. `client` makes the AWS client at the first use."""

    def __init__(self, client: "Callable[[], SQSClient]", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, messages: Sequence[SyncMessage], delay_seconds: int = 0) -> None:
        """Hand over these messages, to be received after so many seconds. Raises QueueError; then some may be in the
        queue."""
        delay = max(0, min(LONGEST_DELAY, delay_seconds))
        for start in range(0, len(messages), _AT_ONCE):
            batch: list[SendMessageBatchRequestEntryTypeDef] = [
                {"Id": str(place), "MessageBody": encode(message), "DelaySeconds": delay}
                for place, message in enumerate(messages[start : start + _AT_ONCE])
            ]
            try:
                answer = self._client().send_message_batch(QueueUrl=self._url, Entries=batch)
            except (BotoCoreError, ClientError) as error:
                raise QueueError(f"the queue could not be reached: {type(error).__name__}") from error
            if failed := answer.get("Failed", []):
                raise QueueError(f"the queue refused {len(failed)} of {len(batch)} messages: {failed[0].get('Code')}")
