"""What was told to whom, in the table. Every change is one transaction onto the versions that it was planned from."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tandem.notifications.notice import TicketNotice, sortable_id
from tandem.notifications.planning import Plan, Told
from tandem.notifications.records import (
    gathered_item,
    notices_of,
    notification_item,
    tally_of,
    tally_values,
    told_item,
    told_of,
)
from tandem.notifications.tally import Tally
from tandem.store import keys
from tandem.store.batches import get_items
from tandem.store.codec import Item, decode_item, encode, encode_item
from tandem.store.errors import translating

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Ledger:
    """Tallies, what was told, notifications and digests of one table. Raises the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def read(self, user_id: str, subjects: Iterable[str]) -> tuple[Tally, dict[str, Told]]:
        """The user's tally, and what is known of telling the user these tickets or digests, by their ids."""
        wanted = {keys.told_key(subject, user_id)["pk"]: subject for subject in subjects}
        tally_key = keys.tally_key(user_id)
        found = get_items(
            self._client,
            self._table,
            [tally_key, *({"pk": pk, "sk": user_id} for pk in wanted)],
            consistent=True,
        )
        values = {pk: decode_item(item) for (pk, _), item in found.items()}
        known = {subject: told_of(subject, user_id, values[pk]) for pk, subject in wanted.items() if pk in values}
        tally = tally_of(values[tally_key["pk"]]) if tally_key["pk"] in values else Tally()
        return tally, known

    def apply(self, plan: Plan, now: datetime) -> None:
        """Write the whole change. Raises ConflictError, BusyError or UnwritableError; then nothing was written."""
        if plan.writes_nothing:
            return
        with translating():
            self._client.transact_write_items(TransactItems=list(self._actions(plan, now)))  # type: ignore[arg-type]  # plain dicts

    def mark(self, told: Told, now: datetime) -> None:
        """Write how far telling got, onto the version before. Raises ConflictError when somebody else took over."""
        with translating():
            self._client.put_item(**self._next(told_item(told, now), told.version))

    def gathered(self, user_id: str, digest_id: str) -> list[TicketNotice]:
        """All tickets of a digest, in the order in which they were made."""
        return [ticket for values in self._gathered(user_id, digest_id) for ticket in notices_of(values)]

    def forget_due(self, user_id: str, due: datetime) -> None:
        """Take a digest off the due-time index that is closed already."""
        with translating():
            self._client.delete_item(TableName=self._table, Key=encode_item(_due_key(user_id, due)))

    def _actions(self, plan: Plan, now: datetime) -> Iterator[dict[str, Any]]:
        for told in plan.told:
            yield {"Put": self._next(told_item(told, now), told.version)}
        for notification in plan.notifications:
            yield self._put(notification_item(notification, now))
        if plan.gathered and plan.digest_id is not None:
            part = sortable_id(now, plan.gathered[0].ticket_id)
            yield self._put(gathered_item(plan.user_id, plan.digest_id, part, plan.gathered, now))
        if plan.tally is not None:
            item = encode_item({**keys.tally_key(plan.user_id), **tally_values(plan.tally)})
            yield {"Put": self._next(item, plan.tally.version + 1)}
        if plan.opened is not None:
            yield self._put(encode_item({**_due_key(plan.user_id, plan.opened), "subject": plan.user_id}))
        if plan.closed is not None:
            key = encode_item(_due_key(plan.user_id, plan.closed))
            yield {"Delete": {"TableName": self._table, "Key": key}}

    def _put(self, item: Item) -> dict[str, Any]:
        return {"Put": {"TableName": self._table, "Item": item}}

    def _next(self, item: Item, version: int) -> dict[str, Any]:
        there_is_none = "attribute_not_exists(pk)"
        it_is_the_one_before = "version = :before"
        put: dict[str, Any] = {"TableName": self._table, "Item": item}
        if version == 1:
            return {**put, "ConditionExpression": there_is_none}
        values = {":before": encode(version - 1)}
        return {**put, "ConditionExpression": it_is_the_one_before, "ExpressionAttributeValues": values}

    def _gathered(self, user_id: str, digest_id: str) -> Iterator[dict[str, Any]]:
        key = keys.gathered_key(user_id, digest_id, "")
        request: dict[str, Any] = {}
        while True:
            with translating():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                    ExpressionAttributeValues=encode_item({":pk": key["pk"], ":prefix": key["sk"]}),
                    ConsistentRead=True,
                    **request,
                )
            yield from map(decode_item, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _due_key(user_id: str, due: datetime) -> keys.Key:
    return keys.due_key(due, user_id, keys.DIGEST)
