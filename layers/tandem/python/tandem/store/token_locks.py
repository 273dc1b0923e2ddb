"""Whose turn it is to renew an integration's tokens: one item each, taken with a condition.

Secrets Manager may show a secret as it was for a while after it was replaced. So the item also counts the renewals, and
who takes the lock is told how many there were: a secret that is older than that must not be renewed from, for its
refresh token is used up.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from tandem.store import keys
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import ConflictError, translating

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LOCKED_SECONDS = 60
"""Longer than a turn may take (connections/renewal.py): a lock that is older belongs to one that died, or stood still
for so long that it must ask before it writes anything (`extend`)."""


class TokenLocks:
    """The locks of all integrations. `clock`: the time of day, which the functions' machines agree on well enough."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def take(self, integration_id: str, owner: str) -> int | None:
        """How many renewals there were, if it is the owner's turn now; None while it is somebody else's. Raises
        BusyError."""
        now = int(self._clock().timestamp())
        is_free = "attribute_not_exists(#owner)"
        is_left = "locked_until < :now"
        try:
            with translating():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=encode_item(keys.token_lock_key(integration_id)),
                    UpdateExpression="SET #owner = :owner, locked_until = :until",
                    ConditionExpression=f"{is_free} OR {is_left}",
                    ExpressionAttributeNames={"#owner": "owner"},
                    ExpressionAttributeValues=encode_item(
                        {":owner": owner, ":until": now + LOCKED_SECONDS, ":now": now}
                    ),
                    ReturnValues="ALL_NEW",
                )
        except ConflictError:
            return None
        return int(decode_item(answer["Attributes"]).get("renewals", 0))

    def extend(self, integration_id: str, owner: str) -> bool:
        """Whether nobody has taken the lock over; then it is the owner's for its whole time anew. Raises BusyError."""
        is_mine = "#owner = :owner"
        until = int(self._clock().timestamp()) + LOCKED_SECONDS
        try:
            with translating():
                self._client.update_item(
                    TableName=self._table,
                    Key=encode_item(keys.token_lock_key(integration_id)),
                    UpdateExpression="SET locked_until = :until",
                    ConditionExpression=is_mine,
                    ExpressionAttributeNames={"#owner": "owner"},
                    ExpressionAttributeValues=encode_item({":owner": owner, ":until": until}),
                )
        except ConflictError:
            return False
        return True

    def release(self, integration_id: str, owner: str, renewals: int) -> None:
        """The next may take it, and is told this number. Whose lock was taken over says nothing. Raises BusyError."""
        is_mine = "#owner = :owner"
        try:
            with translating():
                self._client.update_item(
                    TableName=self._table,
                    Key=encode_item(keys.token_lock_key(integration_id)),
                    UpdateExpression="SET renewals = :renewals REMOVE #owner, locked_until",
                    ConditionExpression=is_mine,
                    ExpressionAttributeNames={"#owner": "owner"},
                    ExpressionAttributeValues=encode_item({":owner": owner, ":renewals": renewals}),
                )
        except ConflictError:
            return

    def remove(self, integration_id: str) -> None:
        """The integration is gone, and so is its lock. Raises BusyError."""
        with translating():
            self._client.delete_item(TableName=self._table, Key=encode_item(keys.token_lock_key(integration_id)))
