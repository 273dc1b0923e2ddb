"""What Tandem believes of one integration's alerts and devices, as a poll asks it: ids by the index, records in
batches."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tandem.alerts.models import Alert, DeviceRecord
from tandem.store import keys
from tandem.store.batches import get_items
from tandem.store.codec import encode_item
from tandem.store.errors import ConflictError, translating
from tandem.store.expiry import unless_expired
from tandem.store.lookups import Lookups, WaitingAlert
from tandem.store.records import alert_from, device_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Beliefs:
    """Of one table. Raises the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        self._lookups = Lookups(client, table)

    def live_ids(self, integration_id: str) -> frozenset[str]:
        """The ids of the live alerts, by the index, which is a moment behind."""
        return frozenset(
            keys.alert_id_of(pk)
            for shard in range(keys.SHARDS)
            for pk in self._live(keys.live_alerts(integration_id, shard))
        )

    def alerts(self, alert_ids: Iterable[str], now: datetime) -> dict[str, Alert]:
        """These alerts by id, tombstones among them, as far as they are there."""
        found = get_items(self._client, self._table, map(keys.alert_key, alert_ids), consistent=True)
        alerts = (unless_expired(item, now, alert_from) for item in found.values())
        return {alert.alert_id: alert for alert in alerts if alert is not None}

    def waiting(self, integration_id: str, now: datetime) -> list[WaitingAlert]:
        """The alerts that wait for a mapping."""
        return self._lookups.waiting(integration_id, now)

    def devices(self, integration_id: str, external_device_ids: Iterable[str]) -> dict[str, DeviceRecord]:
        """These device records by external id, as far as they are there."""
        return self._lookups.devices(integration_id, external_device_ids)

    def organization_names(self, integration_id: str, external_ids: Iterable[str]) -> dict[str, str]:
        """The names of those of these organizations that have a record with one."""
        wanted = [keys.organization_key(integration_id, each) for each in external_ids]
        found = get_items(self._client, self._table, wanted)
        return {sk: item["name"]["S"] for (_, sk), item in found.items() if "name" in item}

    def teach(self, device: DeviceRecord) -> bool:
        """Write the record, whose version is one more than was read; False if somebody else wrote it first."""
        nothing_there = "attribute_not_exists(pk)"
        same_version = "version = :version"
        condition: dict[str, Any] = {"ConditionExpression": nothing_there}
        if device.version > 1:
            condition = {
                "ConditionExpression": same_version,
                "ExpressionAttributeValues": encode_item({":version": device.version - 1}),
            }
        try:
            with translating():
                self._client.put_item(TableName=self._table, Item=device_item(device), **condition)
        except ConflictError:
            return False
        return True

    def _live(self, partition: str) -> Iterable[str]:
        request: dict[str, Any] = {}
        while True:
            with translating():
                answer = self._client.query(
                    TableName=self._table,
                    IndexName="live",
                    KeyConditionExpression="live_pk = :pk",
                    ExpressionAttributeValues=encode_item({":pk": partition}),
                    **request,
                )
            yield from (item["pk"]["S"] for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
