"""dead_letter_keeper: what failed for good goes from the dead-letter queues and the bucket into the table.

a message of a dead-letter queue             one letter, of the source that the queue is for
a notice of an object of failed stream       one letter for each record in the object
records in the bucket
a letter that cannot be written               stays in its queue, and is tried again

Whatever comes twice is kept once: the letter's id is made of its source and the message's or record's own id.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import unquote_plus

from tandem.dead_letters.letters import DeadLetter, DeadLetters
from tandem.dead_letters.stream_failures import letters_of
from tandem.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class Queue:
    """A dead-letter queue. `source`: what its messages were for; `attempts`: how often they were tried before."""

    source: str
    attempts: int


class ReadingError(Exception):
    """An object cannot be read just now."""


class Objects(Protocol):
    """The bucket."""

    def text(self, bucket: str, key: str) -> str:
        """The object's text. Raises ReadingError, also for one that is not there: nobody but a person removes any."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one message. `failed`: why it stays in its queue."""

    message_id: str
    letters: Sequence[DeadLetter] = ()
    failed: str | None = None


class Keeper:
    """Keeps what it is given. `queues` by their ARN; `notices`: the ARN of the queue that names failed records'
    objects; `streams`: the source that each reader of the stream is, by its function's ARN."""

    def __init__(
        self,
        letters: DeadLetters,
        objects: Objects,
        queues: Mapping[str, Queue],
        notices: str,
        streams: Mapping[str, str],
        clock: Callable[[], datetime],
    ) -> None:
        self._letters = letters
        self._objects = objects
        self._queues = queues
        self._notices = notices
        self._streams = streams
        self._clock = clock

    def keep(self, records: Iterable[Mapping[str, Any]]) -> list[Kept]:
        """Park each record of an SQS event."""
        return [self._one(record) for record in records]

    def _one(self, record: Mapping[str, Any]) -> Kept:
        message_id = record["messageId"]
        try:
            is_notice = record["eventSourceARN"] == self._notices
            letters = self._of_bucket(record) if is_notice else [self._of_queue(record)]
            for letter in letters:
                self._letters.park(letter, self._clock())
        except (StoreError, ReadingError) as error:
            return Kept(message_id, failed=str(error))
        return Kept(message_id, letters)

    def _of_queue(self, record: Mapping[str, Any]) -> DeadLetter:
        arn, attributes = record["eventSourceARN"], record["attributes"]
        queue = self._queues.get(arn) or Queue(arn.rpartition(":")[2], 1)
        return DeadLetter(
            source=queue.source,
            message_id=record["messageId"],
            reason=_why_of_rule(record)
            or f"tried {queue.attempts} times without success; "
            f"the function's log has the reasons under message_id {record['messageId']}",
            payload=record["body"],
            sent_at=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
            attempts=queue.attempts,
            group_id=attributes.get("MessageGroupId"),
        )

    def _of_bucket(self, record: Mapping[str, Any]) -> list[DeadLetter]:
        return [
            letter
            for bucket, key in _named(record["body"])
            for letter in letters_of(self._objects.text(bucket, key), key, self._streams, self._clock())
        ]


def _why_of_rule(record: Mapping[str, Any]) -> str | None:
    """What EventBridge says of an event that it could not hand over to the queue itself; None for other messages."""
    said = {name: each.get("stringValue", "") for name, each in record.get("messageAttributes", {}).items()}
    if "ERROR_CODE" not in said:
        return None
    return f"the event bus could not hand it over: {said['ERROR_CODE']}: {said.get('ERROR_MESSAGE', '')}"


def _named(notice: str) -> list[tuple[str, str]]:
    """Bucket and key of each object that S3's notice names; none for the test that S3 sends once."""
    records = json.loads(notice).get("Records", [])
    return [(each["s3"]["bucket"]["name"], unquote_plus(each["s3"]["object"]["key"])) for each in records]
