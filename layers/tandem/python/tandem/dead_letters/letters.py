"""Messages that can never be applied, parked in the table with the reason, so that nothing dies silently."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tandem.alerts.limits import cut_bytes, is_cut, sound_text
from tandem.ids import derived_id
from tandem.store import keys
from tandem.store.batches import get_items
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import ConflictError, translating
from tandem.store.records import DEAD_LETTER_RETENTION
from tandem.times import from_text, to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ALERT_EVENTS = "alert-events"
"""The source of what alert_processor could not process."""

MOST_LOOKED_AT = 1000
"""Letters that one page looks at: a filter that fits almost nothing gives a short page soon, not a full one late."""

_PAYLOAD_BYTES = 350 * 1024  # an item holds 400 KB; the queue's messages at most 256 KB
_REASON_BYTES = 4 * 1024

_BEFORE_ALL, _BEHIND_ALL = "0", "a"
"""Every sort key begins with a year."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`source`: what it was for, a queue or a function; `message_id`: tells it from the source's others; `reason`: in
    words; `payload`: the message's body; `attempts`: how often it was tried; `group_id`: its FIFO group, if it had one.
    """

    source: str
    message_id: str
    reason: str
    payload: str
    sent_at: datetime
    attempts: int = 1
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class ParkedLetter:
    """A letter as the table has it; `letter_id` also says where."""

    letter_id: str
    letter: DeadLetter
    parked_at: datetime
    expires_at: int
    replayed_at: datetime | None = None
    replayed_by: str | None = None

    @property
    def place(self) -> str:
        """Where it stands in the list: its sort key."""
        return keys.dead_letter_key_of(self.letter_id)["sk"]

    @property
    def is_whole(self) -> bool:
        """The payload is all of it, not the beginning of one that was too long for the table."""
        return not is_cut(self.letter.payload)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of letters. `after` is where the next one goes on; None at the end."""

    letters: list[ParkedLetter]
    after: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are looked for: each part that is not None must hold. `reason`: a part of it, in any letter case;
    `sent_before` and `sent_after` bound when they were sent; `min_attempts`: tried at least so often."""

    source: str | None = None
    reason: str | None = None
    replayed: bool | None = None
    sent_before: datetime | None = None
    sent_after: datetime | None = None
    min_attempts: int | None = None

    def fits(self, parked: ParkedLetter) -> bool:
        """The letter is one of them. The bounds of time are the query's business."""
        letter = parked.letter
        return (
            (self.source is None or letter.source == self.source)
            and (self.reason is None or self.reason.casefold() in letter.reason.casefold())
            and (self.replayed is None or (parked.replayed_at is not None) == self.replayed)
            and (self.min_attempts is None or letter.attempts >= self.min_attempts)
        )


class DeadLetters:
    """The parked messages of one table. Methods raise the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def park(self, letter: DeadLetter, now: datetime) -> None:
        """Keep it for 30 days. Parking the same message twice keeps it once; one that was replayed and failed again
        counts as not replayed. Raises a StoreError."""
        item = encode_item(
            {
                **_key_of(letter),
                "source": letter.source,
                "message_id": letter.message_id,
                "reason": cut_bytes(sound_text(letter.reason), _REASON_BYTES),
                "payload": cut_bytes(sound_text(letter.payload), _PAYLOAD_BYTES),
                "sent_at": to_text(letter.sent_at),
                "attempts": letter.attempts,
                "group_id": letter.group_id,
                "parked_at": to_text(now),
                "expires_at": int((now + DEAD_LETTER_RETENTION).timestamp()),
            }
        )
        with translating():
            self._client.put_item(TableName=self._table, Item=item)

    def page(self, wanted: Wanted, after: str | None, limit: int, now: datetime) -> Found:
        """Letters that fit, newest first, behind the sort key `after`."""
        letters: list[ParkedLetter] = []
        for looked_at, parked in enumerate(self._walk(wanted, after, limit + 1, now, newest_first=True)):
            if len(letters) == limit or looked_at == MOST_LOOKED_AT:
                return Found(letters, after)
            after = parked.place
            if wanted.fits(parked):
                letters.append(parked)
        return Found(letters, None)

    def oldest_first(self, wanted: Wanted, now: datetime) -> Iterator[ParkedLetter]:
        """All letters that fit, in the order in which they were sent."""
        return filter(wanted.fits, self._walk(wanted, None, MOST_LOOKED_AT, now, newest_first=False))

    def several(self, letter_ids: Iterable[str], now: datetime) -> dict[str, ParkedLetter]:
        """These letters by id, as far as they are there."""
        wanted = [keys.dead_letter_key_of(each) for each in letter_ids if keys.is_dead_letter_id(each)]
        found = get_items(self._client, self._table, wanted, consistent=True)
        letters = (_parked(decode_item(item)) for item in found.values())
        return {each.letter_id: each for each in letters if each.expires_at >= now.timestamp()}

    def mark_replayed(self, parked: ParkedLetter, user_id: str, now: datetime) -> bool:
        """Note that it was handed over again. False, and nothing is noted, if it is gone or was parked anew since it
        was read: then it failed again."""
        the_same_parking = "parked_at = :parked"
        values = {":parked": to_text(parked.parked_at), ":now": to_text(now), ":user": user_id}
        try:
            with translating():
                self._client.update_item(
                    TableName=self._table,
                    Key=encode_item(keys.dead_letter_key_of(parked.letter_id)),
                    UpdateExpression="SET replayed_at = :now, replayed_by = :user",
                    ConditionExpression=the_same_parking,
                    ExpressionAttributeValues=encode_item(values),
                )
        except ConflictError:
            return False
        return True

    def drop(self, parked: ParkedLetter) -> None:
        """It is gone."""
        with translating():
            self._client.delete_item(TableName=self._table, Key=encode_item(keys.dead_letter_key_of(parked.letter_id)))

    def _walk(
        self, wanted: Wanted, after: str | None, at_once: int, now: datetime, *, newest_first: bool
    ) -> Iterator[ParkedLetter]:
        """All letters within the bounds of time; `after`, newest first only, is where it goes on."""
        low = to_text(wanted.sent_after) if wanted.sent_after else _BEFORE_ALL
        high = after or (to_text(wanted.sent_before) if wanted.sent_before else _BEHIND_ALL)
        values = {":pk": keys.DEAD_LETTERS, ":low": low, ":high": high, ":now": int(now.timestamp())}
        request: dict[str, Any] = {}
        while True:
            with translating():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
                    FilterExpression="expires_at >= :now",
                    ExpressionAttributeValues=encode_item(values),
                    ScanIndexForward=not newest_first,
                    ConsistentRead=True,
                    Limit=at_once,
                    **request,
                )
            for item in answer["Items"]:
                if item["sk"]["S"] != after:
                    yield _parked(decode_item(item))
            if "LastEvaluatedKey" not in answer:
                return
            request = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _key_of(letter: DeadLetter) -> keys.Key:
    return keys.dead_letter_key(letter.sent_at, derived_id("dead-letter", letter.source, letter.message_id))


def _parked(values: dict[str, Any]) -> ParkedLetter:
    letter = DeadLetter(
        source=values["source"],
        message_id=values.get("message_id", ""),
        reason=values["reason"],
        payload=values.get("payload", ""),
        sent_at=from_text(values["sent_at"]),
        attempts=values.get("attempts", 1),
        group_id=values.get("group_id"),
    )
    return ParkedLetter(
        letter_id=keys.dead_letter_id_of(values["sk"]),
        letter=letter,
        parked_at=from_text(values["parked_at"]),
        expires_at=values["expires_at"],
        replayed_at=from_text(values["replayed_at"]) if "replayed_at" in values else None,
        replayed_by=values.get("replayed_by"),
    )
