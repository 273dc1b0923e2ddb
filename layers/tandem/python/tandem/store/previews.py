"""What a preview of a saved rule found, kept for an hour: only what was looked at is applied."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tandem.store import keys
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import translating

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RulePreview:
    """A preview of a saved rule. `revision` and `rule_version`: which meaning and which writing of the rule it saw;
    `would`: how many live alerts would have which outcome."""

    preview_id: str
    integration_id: str
    rule_id: str
    revision: int
    rule_version: int
    would: dict[str, int]


class Previews:
    """The previews of one table. Raises the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def keep(self, preview: RulePreview, now: datetime) -> None:
        """Keep it for an hour."""
        values = {
            **keys.preview_key(preview.preview_id),
            "integration_id": preview.integration_id,
            "rule_id": preview.rule_id,
            "revision": preview.revision,
            "rule_version": preview.rule_version,
            "would": preview.would,
            "expires_at": int((now + KEPT).timestamp()),
        }
        with translating():
            self._client.put_item(TableName=self._table, Item=encode_item(values))

    def get(self, preview_id: str, now: datetime) -> RulePreview | None:
        """The preview, while it is kept."""
        with translating():
            answer = self._client.get_item(
                TableName=self._table, Key=encode_item(keys.preview_key(preview_id)), ConsistentRead=True
            )
        if "Item" not in answer:
            return None
        values = decode_item(answer["Item"])
        if values["expires_at"] < now.timestamp():
            return None
        return RulePreview(
            preview_id,
            values["integration_id"],
            values["rule_id"],
            values["revision"],
            values["rule_version"],
            values["would"],
        )
