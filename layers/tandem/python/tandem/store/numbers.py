"""Ticket numbers: readable, unique, from blocks, so that no item is written by every ticket. Gaps are fine."""

from typing import TYPE_CHECKING

from tandem.store import keys
from tandem.store.codec import encode_item
from tandem.store.errors import translating

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FIRST = 1001
BLOCK = 20


class TicketNumbers:
    """The numbers that this function instance may give out; a new block is reserved when they are used up."""

    def __init__(self, client: "DynamoDBClient", table: str, block: int = BLOCK) -> None:
        self._client = client
        self._table = table
        self._block = block
        self._next = 0
        self._end = 0

    @property
    def at_hand(self) -> str | None:
        """The number that the next ticket gets, such as `T-1001`, without asking the table; None when the block is
        used up. The same until it is used."""
        return None if self._next == self._end else f"T-{FIRST + self._next}"

    def peek(self) -> str:
        """The number that the next ticket gets. Raises a StoreError."""
        if self._next == self._end:
            self._reserve()
        return f"T-{FIRST + self._next}"

    def use(self) -> None:
        """The peeked number is given out: call it before the ticket is written, for a lost answer tells nothing."""
        self._next += 1

    def _reserve(self) -> None:
        with translating():
            answer = self._client.update_item(
                TableName=self._table,
                Key=encode_item(keys.ticket_counter_key()),
                UpdateExpression="ADD reserved :block",
                ExpressionAttributeValues={":block": {"N": str(self._block)}},
                ReturnValues="UPDATED_NEW",
            )
        self._end = int(answer["Attributes"]["reserved"]["N"])
        self._next = self._end - self._block
