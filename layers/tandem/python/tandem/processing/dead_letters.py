"""Messages that can never be applied, parked in the table with the reason, so that nothing dies silently."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tandem.alerts.limits import cut_bytes, sound_text
from tandem.ids import derived_id
from tandem.store import keys
from tandem.store.codec import encode_item
from tandem.store.errors import translating
from tandem.store.records import DEAD_LETTER_RETENTION
from tandem.times import to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PAYLOAD_BYTES = 350 * 1024  # an item holds 400 KB; the queue's messages at most 256 KB
_REASON_BYTES = 4 * 1024


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`source`: the queue it came from; `message_id`: SQS's; `reason`: in words; `payload`: the message's body."""

    source: str
    message_id: str
    reason: str
    payload: str
    sent_at: datetime


class DeadLetters:
    """The parked messages of one table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def park(self, letter: DeadLetter, now: datetime) -> None:
        """Keep it for 30 days. Parking the same message twice keeps it once. Raises a StoreError."""
        dead_letter_id = derived_id("dead-letter", letter.source, letter.message_id)
        item = encode_item(
            {
                **keys.dead_letter_key(letter.sent_at, dead_letter_id),
                "dead_letter_id": dead_letter_id,
                "source": letter.source,
                "message_id": letter.message_id,
                "reason": cut_bytes(sound_text(letter.reason), _REASON_BYTES),
                "payload": cut_bytes(sound_text(letter.payload), _PAYLOAD_BYTES),
                "sent_at": to_text(letter.sent_at),
                "parked_at": to_text(now),
                "expires_at": int((now + DEAD_LETTER_RETENTION).timestamp()),
            }
        )
        with translating():
            self._client.put_item(TableName=self._table, Item=item)
