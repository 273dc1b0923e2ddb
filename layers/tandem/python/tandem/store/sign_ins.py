"""Sign-ins at an RMM that have begun: each step may be taken once, and not for long."""

from datetime import datetime
from typing import TYPE_CHECKING

from tandem.store import keys
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import ConflictError, translating

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class SignIns:
    """Those of one tenant."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def begin(self, step_id: str, integration_id: str, user_id: str, expires_at: datetime) -> None:
        """The step may be taken until then, for this integration and by this user. Raises BusyError."""
        values = {"integration_id": integration_id, "user_id": user_id, "expires_at": int(expires_at.timestamp())}
        with translating():
            self._client.put_item(TableName=self._table, Item=encode_item({**keys.sign_in_key(step_id), **values}))

    def take(self, step_id: str, now: datetime) -> tuple[str, str] | None:
        """Integration and user of a step that may be taken, which is so no more; None for any other. Raises
        BusyError."""
        is_there = "attribute_exists(pk)"
        try:
            with translating():
                answer = self._client.delete_item(
                    TableName=self._table,
                    Key=encode_item(keys.sign_in_key(step_id)),
                    ConditionExpression=is_there,
                    ReturnValues="ALL_OLD",
                )
        except ConflictError:
            return None
        values = decode_item(answer["Attributes"])
        if now.timestamp() >= values["expires_at"]:
            return None  # the table removes what is over some time later
        return str(values["integration_id"]), str(values["user_id"])
