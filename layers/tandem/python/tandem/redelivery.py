"""Messages that failed come back later each time, whatever queue they are of."""

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tandem import telemetry

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 900


def wait_before_attempt(received: int) -> int:
    """Seconds until a message that was received so often is tried again: 5, 10, 20 ... 900."""
    return int(min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (received - 1)))


class Redelivery:
    """Puts failed messages of one queue off."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def put_off(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Make each record visible again only after a wait that grows by attempt. Best effort: without it they come
        back after the queue's own visibility timeout."""
        for record in records:
            self.put_off_for(record, wait_before_attempt(int(record["attributes"]["ApproximateReceiveCount"])))

    def put_off_for(self, record: Mapping[str, Any], seconds: int) -> None:
        """Make the record visible again after so many seconds. Best effort, too."""
        try:
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=seconds
            )
        except (BotoCoreError, ClientError) as error:
            telemetry.log(
                logging.WARNING,
                "visibility not changed",
                message_id=record["messageId"],
                error=type(error).__name__,
            )
