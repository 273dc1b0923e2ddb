"""Digests whose time has come, handed to the notifier.

The notifier takes a digest off the due-time index in the transaction that closes it; so it is handed over in every run
until then, and once more changes nothing.
"""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tandem import telemetry
from tandem.notifications.message import digest_due
from tandem.store.due import Due
from tandem.sweeping.sweep import HasTime, Taken

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Digests:
    """The sweep's handler of keys.DIGEST. `client` makes the AWS client at the first use: most runs need none."""

    def __init__(self, client: "Callable[[], SQSClient]", url: str) -> None:
        self._client = client
        self._url = url

    def due(self, entries: Sequence[Due], has_time: HasTime) -> Taken:
        """Hand over each digest. One that its queue does not take stays due, and holds up nothing else in this run."""
        handed_over = 0
        for place, entry in enumerate(entries):
            if not has_time():
                return Taken(handed_over, left_over=len(entries) - place)
            try:
                self._client().send_message(QueueUrl=self._url, MessageBody=digest_due(entry.subject, entry.at))
            except (BotoCoreError, ClientError) as error:
                telemetry.log(
                    logging.WARNING, "digest not handed over", user_id=entry.subject, error=type(error).__name__
                )
            else:
                handed_over += 1
        return Taken(handed_over)
