"""Applying a decision: one transaction, onto exactly the versions that it was made from, or not at all.

Why it is safe to apply the same decision twice: every changed record is put on condition of the version before, so
the second time the versions have moved and nothing is written.

    record          put when                                    so that
    new             there is none, or an expired one lingers    two first sights make one record
    version n       the table holds version n - 1               nobody's change is overwritten
    guard           the organization, device and integration    a mapping that arrives now is not missed
                    still name no client
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tandem.alerts.decision import Decision, StillUnmapped
from tandem.desk.port import Desk
from tandem.store import keys
from tandem.store.codec import Item, encode, encode_item
from tandem.store.errors import BusyError, translated
from tandem.store.records import (
    alert_item,
    condition_item,
    device_item,
    link_item,
    raw_item,
    ticket_item,
    trace_item,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DecisionWriter:
    """Applies decisions to one table.."""

    def __init__(self, client: "DynamoDBClient", table: str, desk: Desk) -> None:
        self._client = client
        self._table = table
        self._desk = desk

    def apply(self, decision: Decision, now: datetime) -> None:
        """Write the whole change. Raises ConflictError, BusyError or UnwritableError; then nothing was written."""
        if decision.writes_nothing:
            return
        actions = self._actions(decision, now)
        try:
            self._client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]  # built as plain dicts
        except ClientError as error:
            raise translated(error) from error
        except BotoCoreError as error:
            raise BusyError(f"no answer from the table: {type(error).__name__}") from error

    def _actions(self, decision: Decision, now: datetime) -> list[dict[str, Any]]:
        actions = []
        alert = decision.alert
        if alert is not None:
            actions.append(self._put(alert_item(alert, now), alert.version, now))
            if decision.trace is not None:
                actions.append(self._put(trace_item(alert.alert_id, decision.trace, now)))
            if decision.raw is not None or decision.full_message is not None:
                actions.append(self._put(raw_item(alert.alert_id, decision.raw, decision.full_message, now)))
        if decision.condition is not None:
            actions.append(self._put(condition_item(decision.condition, now), decision.condition.version, now))
        if decision.ticket is not None:
            actions.append(self._put(ticket_item(decision.ticket), decision.ticket.version, now))
        if decision.device is not None:
            actions.append(self._put(device_item(decision.device), decision.device.version, now))
        actions += [self._put(link_item(ticket_id, alert_id)) for ticket_id, alert_id in decision.links]
        actions += [self._put(item) for item in self._desk.writes(decision.commands)]
        if decision.guard is not None:
            actions += self._still_unmapped(decision.guard, device_is_written=decision.device is not None)
        return actions

    def _put(self, item: Item, version: int | None = None, now: datetime | None = None) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": self._table, "Item": item}
        if version is not None and now is not None:
            there_is_none = "attribute_not_exists(pk)"
            an_expired_one_lingers = "expires_at < :now"  # TTL deletes late
            it_is_the_one_before = "version = :before"
            if version == 1:
                put["ConditionExpression"] = f"{there_is_none} OR {an_expired_one_lingers}"
                put["ExpressionAttributeValues"] = {":now": encode(int(now.timestamp()))}
            else:
                put["ConditionExpression"] = it_is_the_one_before
                put["ExpressionAttributeValues"] = {":before": encode(version - 1)}
        return {"Put": put}

    def _still_unmapped(self, guard: StillUnmapped, device_is_written: bool) -> list[dict[str, Any]]:
        checks = [self._absent(keys.integration_key(guard.integration_id), "default_client_id")]
        if guard.organization_id is not None:
            checks.append(self._absent(keys.organization_key(guard.integration_id, guard.organization_id), "client_id"))
        if guard.external_device_id is not None and not device_is_written:
            checks.append(self._absent(keys.device_key(guard.integration_id, guard.external_device_id), "client_id"))
        return checks

    def _absent(self, key: keys.Key, attribute: str) -> dict[str, Any]:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": encode_item(key),
                "ConditionExpression": f"attribute_not_exists({attribute})",
            }
        }
