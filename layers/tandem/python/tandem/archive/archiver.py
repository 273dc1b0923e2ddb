"""A batch of the stream into the bucket. All of it, or an error, upon which the stream gives the batch again: what
was written already is then written anew under the same names."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tandem.archive.mapping import ReadMessages, events_of
from tandem.archive.objects import CONTENT_TYPE, ArchiveObject, objects_of
from tandem.ids import derived_id
from tandem.store import keys
from tandem.store.batches import get_items
from tandem.store.stream import change_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


class Archiver:
    """Writes with `put`; `read_messages` asks for messages that the batch does not hold."""

    def __init__(self, read_messages: ReadMessages, put: Callable[[ArchiveObject], None]) -> None:
        self._read_messages = read_messages
        self._put = put

    def archive(self, records: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
        """Gives how many events went into how many objects. Raises whatever made one of them impossible."""
        changes = [change_of(record) for record in records]
        if not changes:
            return 0, 0
        events = events_of(changes, self._read_messages)
        batch_id = derived_id("archive", changes[0].sequence_number, changes[-1].sequence_number)
        objects = objects_of(events, batch_id)
        for each in objects:
            self._put(each)
        return len(events), len(objects)


def messages_in(client: "DynamoDBClient", table: str) -> ReadMessages:
    """Reads whole messages of alerts from the table, consistently: they were written before the stream told of it."""

    def read(alert_ids: Any) -> dict[str, str]:
        wanted = [keys.message_key(each) for each in sorted(alert_ids)]
        found = get_items(client, table, wanted, consistent=True)
        return {keys.alert_id_of(pk): item["message"]["S"] for (pk, _), item in found.items()}

    return read


def into_bucket(client: "S3Client", bucket: str) -> Callable[[ArchiveObject], None]:
    """Puts objects into the bucket."""

    def put(each: ArchiveObject) -> None:
        client.put_object(Bucket=bucket, Key=each.key, Body=each.body, ContentType=CONTENT_TYPE)

    return put
