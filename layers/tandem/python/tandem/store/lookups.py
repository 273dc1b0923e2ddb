"""Reading single records by their ids, consistently: what a person asks for by name is shown as it is now."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from tandem.alerts.limits import is_cut
from tandem.alerts.models import Alert, AlertStatus, Condition, DeviceRecord, Trace
from tandem.alerts.tickets import Comment, Ticket, TimeEntry
from tandem.store import keys
from tandem.store.batches import get_items
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import translating
from tandem.store.expiry import unless_expired
from tandem.store.records import (
    alert_from,
    comment_from,
    condition_from,
    device_from,
    ticket_from,
    time_entry_from,
    trace_from,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class WholeAlert:
    """An alert with all that is kept of it. `raw`: the sender's text, gzipped; `message`: the whole one."""

    alert: Alert
    trace: Trace
    raw: bytes | None
    message: str


@dataclass(frozen=True, slots=True)
class WaitingAlert:
    """An alert that waits for a mapping, and what a mapping may be of."""

    alert_id: str
    organization_id: str | None
    organization_name: str | None
    external_device_id: str | None


class Lookups:
    """Records of one table by id."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def ticket(self, ticket_id: str) -> Ticket | None:
        """One ticket."""
        return self._one(keys.ticket_key(ticket_id), ticket_from)

    def condition(self, condition_id: str) -> Condition | None:
        """One condition."""
        return self._one(keys.condition_key(condition_id), condition_from)

    def device(self, integration_id: str, external_device_id: str) -> DeviceRecord | None:
        """One device record."""
        return self._one(keys.device_key(integration_id, external_device_id), device_from)

    def devices(self, integration_id: str, external_device_ids: Iterable[str]) -> dict[str, DeviceRecord]:
        """These device records of an integration by their external ids, as far as they are there."""
        wanted = [keys.device_key(integration_id, each) for each in external_device_ids]
        found = get_items(self._client, self._table, wanted, consistent=True)
        devices = (device_from(item) for item in found.values())
        return {device.external_device_id: device for device in devices}

    def alerts(self, alert_ids: Iterable[str], now: datetime) -> dict[str, Alert]:
        """These alerts by id, as far as they are there; a tombstone is no alert."""
        found = get_items(self._client, self._table, [keys.alert_key(each) for each in alert_ids], consistent=True)
        alerts = (unless_expired(item, now, alert_from) for item in found.values())
        return {alert.alert_id: alert for alert in alerts if alert and alert.status is not AlertStatus.TOMBSTONE}

    def whole_alert(self, alert_id: str, now: datetime) -> WholeAlert | None:
        """One alert with its trace and the sender's text; None for a tombstone, which nobody is shown."""
        sorts = (keys.alert_key, keys.trace_key, keys.raw_key, keys.message_key)
        wanted = [key_of(alert_id) for key_of in sorts]
        found = get_items(self._client, self._table, wanted, consistent=True)
        items = {sk: item for (_, sk), item in found.items()}
        alert = unless_expired(items["ALERT"], now, alert_from) if "ALERT" in items else None
        if alert is None or alert.status is AlertStatus.TOMBSTONE:
            return None
        trace = trace_from(items["TRACE"]) if "TRACE" in items else Trace()
        rest = unless_expired(items["RAW"], now, decode_item) if "RAW" in items else None
        whole = items["MESSAGE"]["message"]["S"] if is_cut(alert.message) and "MESSAGE" in items else alert.message
        return WholeAlert(alert, trace, (rest or {}).get("raw"), whole)

    def full_messages(self, alerts: Iterable[Alert]) -> dict[str, str]:
        """The whole messages of those of these alerts that hold only the beginning, by the alert's id."""
        wanted = [keys.message_key(alert.alert_id) for alert in alerts if is_cut(alert.message)]
        found = get_items(self._client, self._table, wanted, consistent=True)
        return {keys.alert_id_of(pk): item["message"]["S"] for (pk, _), item in found.items()}

    def integration_ids(self, integration_ids: Iterable[str]) -> set[str]:
        """Those of these integrations that are there."""
        wanted = [keys.integration_key(each) for each in integration_ids]
        return {sk for _, sk in get_items(self._client, self._table, wanted, consistent=True)}

    def waiting(self, integration_id: str, now: datetime) -> list[WaitingAlert]:
        """The integration's alerts that wait for a mapping, read consistently, in no order."""
        return [
            WaitingAlert(
                alert_id=item["sk"],
                organization_id=item.get("organization_id"),
                organization_name=item.get("organization_name"),
                external_device_id=item.get("external_device_id"),
            )
            for shard in range(keys.SHARDS)
            for item in self._partition(keys.waiting_partition(integration_id, shard))
            if item["expires_at"] >= now.timestamp()
        ]

    def comments(self, ticket_id: str, after: str | None, limit: int) -> list[Comment]:
        """Comments of a ticket, newest first, behind the place `after`."""
        return [comment_from(item) for item in self._children(ticket_id, "C#", after, limit, newest_first=True)]

    def time_entries(self, ticket_id: str, after: str | None, limit: int) -> list[TimeEntry]:
        """Time entries of a ticket, newest first, behind the place `after`."""
        return [time_entry_from(item) for item in self._children(ticket_id, "E#", after, limit, newest_first=True)]

    def linked_alert_ids(self, ticket_id: str, after: str | None, limit: int) -> list[str]:
        """The ids of a ticket's alerts, in the order of the ids, behind the place `after`."""
        items = self._children(ticket_id, "L#", after, limit, newest_first=False)
        return [item["alert_id"]["S"] for item in items]

    def _partition(self, pk: str) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {}
        while True:
            with translating():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues=encode_item({":pk": pk}),
                    ConsistentRead=True,
                    **request,
                )
            yield from map(decode_item, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _one(self, key: keys.Key, parse: Callable[[dict[str, Any]], Record]) -> Record | None:
        found = get_items(self._client, self._table, [key], consistent=True)
        return parse(found[key["pk"], key["sk"]]) if found else None

    def _children(
        self, ticket_id: str, prefix: str, after: str | None, limit: int, newest_first: bool
    ) -> list[dict[str, Any]]:
        """Items beside a ticket whose sort key begins so, behind `after`, in its order or backwards."""
        pk = keys.ticket_key(ticket_id)["pk"]
        low, high = prefix, prefix + "\U0010ffff"
        if after is not None:
            low, high = (low, after) if newest_first else (after, high)
        found: list[dict[str, Any]] = []
        request: dict[str, Any] = {}
        while True:
            with translating():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
                    ExpressionAttributeValues=encode_item({":pk": pk, ":low": low, ":high": high}),
                    ScanIndexForward=not newest_first,
                    ConsistentRead=True,
                    Limit=limit + 1,  # one more: the bounds include `after` itself
                    **request,
                )
            found += [item for item in answer["Items"] if item["sk"]["S"] != after]
            if len(found) >= limit or "LastEvaluatedKey" not in answer:
                return found[:limit]
            request = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def comment_place(comment: Comment) -> str:
    """Where a comment stands in its list."""
    return keys.comment_key(comment.ticket_id, comment.created_at, comment.comment_id)["sk"]


def time_entry_place(entry: TimeEntry) -> str:
    """Where a time entry stands in its list."""
    return keys.time_entry_key(entry.ticket_id, entry.created_at, entry.entry_id)["sk"]


def link_place(ticket_id: str, alert_id: str) -> str:
    """Where a ticket's alert stands in its list."""
    return keys.link_key(ticket_id, alert_id)["sk"]
