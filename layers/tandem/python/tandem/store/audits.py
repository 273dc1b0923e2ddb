"""Who did what that nobody else would know of, such as opening a way into a machine (question 38)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tandem.alerts.limits import cut_bytes, sound_text
from tandem.store import keys
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import translating
from tandem.store.listing import MOST_LOOKED_AT, Found
from tandem.times import from_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AUDIT_KEPT = timedelta(days=400)

_DETAIL_BYTES = 2048
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`who`: `user:<id>` or another that acts. `what`: a short name of the deed, such as `remote_access`. `subject`:
    what it was done to, such as `asset:<id>`. `detail`: for people, without secrets."""

    audit_id: str
    at: datetime
    who: str
    what: str
    subject: str
    detail: str | None = None


class Audits:
    """The audit entries of one table. Methods raise the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def put(self, entry: AuditEntry) -> None:
        """Keep it for 400 days. The same one again is kept once."""
        detail = cut_bytes(sound_text(entry.detail), _DETAIL_BYTES) if entry.detail is not None else None
        item = {
            **keys.audit_key(entry.at, entry.audit_id),
            "who": entry.who,
            "what": entry.what,
            "subject": entry.subject,
            "detail": detail,
            "expires_at": int((entry.at + AUDIT_KEPT).timestamp()),
        }
        with translating():
            self._client.put_item(TableName=self._table, Item=encode_item(item))

    def entries(
        self, fits: Callable[[AuditEntry], bool], after: str | None, limit: int, now: datetime
    ) -> Found[AuditEntry]:
        """The entries that fit, newest first, behind the place `after` that an earlier page gave. A filter that fits
        almost nothing gives a short page."""
        found: list[AuditEntry] = []
        for looked_at, (place, entry) in enumerate(self._walk(after, min(limit + 1, _AT_ONCE), now)):
            if len(found) == limit or looked_at == MOST_LOOKED_AT:
                return Found(found, after)
            after = place
            if fits(entry):
                found.append(entry)
        return Found(found, None)

    def _walk(self, after: str | None, at_once: int, now: datetime) -> Iterator[tuple[str, AuditEntry]]:
        values = {":pk": keys.AUDIT, ":high": after or "\U0010ffff", ":now": int(now.timestamp())}
        request: dict[str, Any] = {}
        while True:
            with translating():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk AND sk <= :high",
                    FilterExpression="expires_at >= :now",
                    ExpressionAttributeValues=encode_item(values),
                    ScanIndexForward=False,
                    ConsistentRead=True,
                    Limit=at_once,
                    **request,
                )
            for item in answer["Items"]:
                if item["sk"]["S"] != after:
                    yield item["sk"]["S"], _entry(dict(item))
            if "LastEvaluatedKey" not in answer:
                return
            request = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _entry(item: dict[str, Any]) -> AuditEntry:
    values = decode_item(item)
    at, _, audit_id = values["sk"].partition("#")
    return AuditEntry(
        audit_id=audit_id,
        at=from_text(at),
        who=values["who"],
        what=values["what"],
        subject=values["subject"],
        detail=values.get("detail"),
    )
