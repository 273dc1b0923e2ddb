"""Links into machines that RMMs gave, for as long as they live (question 39)."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tandem.store import keys
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import translating
from tandem.times import from_text, to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class RemoteLink:
    """A link that ends. It is one user's: who opened a machine would not be known otherwise."""

    integration_id: str
    external_id: str
    user_id: str
    url: str
    expires_at: datetime


class RemoteLinks:
    """The links of one table. Methods raise the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def find(self, integration_id: str, external_id: str, user_id: str) -> RemoteLink | None:
        """The user's link into this device, ended or not; read consistently."""
        key = keys.remote_link_key(integration_id, external_id, user_id)
        with translating():
            answer = self._client.get_item(TableName=self._table, Key=encode_item(key), ConsistentRead=True)
        if "Item" not in answer:
            return None
        values = decode_item(answer["Item"])
        return RemoteLink(integration_id, external_id, user_id, values["url"], from_text(values["ends_at"]))

    def keep(self, link: RemoteLink) -> None:
        """Keep it in place of the user's link before."""
        item = {
            **keys.remote_link_key(link.integration_id, link.external_id, link.user_id),
            "url": link.url,
            "ends_at": to_text(link.expires_at),
            "expires_at": int(link.expires_at.timestamp()),
        }
        with translating():
            self._client.put_item(TableName=self._table, Item=encode_item(item))
