"""Applying a decision: one transaction, onto exactly the versions that it was made from, or not at all.

Why it is safe to apply the same decision twice: every changed record is put on condition of the version before, so
the second time the versions have moved and nothing is written.

    record          put when                                    so that
    new             there is none, or an expired one lingers    two first sights make one record
    version n       the table holds version n - 1               nobody's change is overwritten

What stands beside a record (the sender's text, a long message, a link, a comment, a waiting or held alert, the wish
that its RMM resets an alert) is put unconditionally: it is always written together with its record, whose version
guards it.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tandem.alerts.decision import Decision
from tandem.alerts.models import Alert
from tandem.desk.port import Desk
from tandem.store import keys
from tandem.store.codec import Item, encode, encode_item
from tandem.store.errors import translating
from tandem.store.outbound import outbound_item
from tandem.store.records import (
    alert_item,
    condition_item,
    device_item,
    link_item,
    message_item,
    raw_item,
    ticket_item,
    trace_item,
    waiting_item,
    wake_item,
    wake_key,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DecisionWriter:
    """Applies decisions to one table."""

    def __init__(self, client: "DynamoDBClient", table: str, desk: Desk) -> None:
        self._client = client
        self._table = table
        self._desk = desk

    def apply(self, decision: Decision, now: datetime) -> None:
        """Write the whole change. Raises ConflictError, BusyError or UnwritableError; then nothing was written."""
        actions = self.actions(decision, now)
        if not actions:
            return
        with translating():
            if len(actions) == 1 and "Put" in actions[0]:
                self._client.put_item(**actions[0]["Put"])  # half the price of a transaction
            else:
                self._client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]  # plain dicts

    def actions(self, decision: Decision, now: datetime) -> list[dict[str, Any]]:
        """What the decision asks of the table: the actions of one transaction, in TransactWriteItems' shape. An empty
        list for a decision that writes nothing."""
        actions = self._of_the_alert(decision.alert, decision, now) if decision.alert is not None else []
        if decision.condition is not None:
            actions.append(self._next(condition_item(decision.condition, now), decision.condition.version, now))
        if decision.ticket is not None:
            actions.append(self._next(ticket_item(decision.ticket), decision.ticket.version, now))
        if decision.device is not None:
            actions.append(self._next(device_item(decision.device), decision.device.version, now))
        actions += [self._put(link_item(ticket_id, alert_id)) for ticket_id, alert_id in decision.links]
        actions += [self._put(item) for item in self._desk.writes(decision.commands)]
        return actions

    def _of_the_alert(self, alert: Alert, decision: Decision, now: datetime) -> list[dict[str, Any]]:
        actions = [self._next(alert_item(alert, now), alert.version, now)]
        if decision.trace is not None:
            actions.append(self._next(trace_item(alert.alert_id, decision.trace, now), decision.trace.version, now))
        if decision.raw is not None:
            actions.append(self._put(raw_item(alert.alert_id, decision.raw, now)))
        if decision.full_message is not None:
            actions.append(self._put(message_item(alert.alert_id, decision.full_message, now)))
        if decision.waits is True:
            actions.append(self._put(waiting_item(alert, now)))
        elif decision.waits is False:
            key = encode_item(keys.waiting_key(alert.integration_id, alert.alert_id))
            actions.append({"Delete": {"TableName": self._table, "Key": key}})
        if decision.wake is not None:
            actions.append(self._put(wake_item(decision.wake)))
        if decision.woken is not None:
            actions.append({"Delete": {"TableName": self._table, "Key": encode_item(wake_key(decision.woken))}})
        if decision.outbound is not None:
            actions.append(self._put(outbound_item(decision.outbound)))
        return actions

    def _put(self, item: Item) -> dict[str, Any]:
        return {"Put": {"TableName": self._table, "Item": item}}

    def _next(self, item: Item, version: int, now: datetime) -> dict[str, Any]:
        action = self._put(item)
        there_is_none = "attribute_not_exists(pk)"
        an_expired_one_lingers = "expires_at < :now"  # TTL deletes late
        it_is_the_one_before = "version = :before"
        if version == 1:
            action["Put"]["ConditionExpression"] = f"{there_is_none} OR {an_expired_one_lingers}"
            action["Put"]["ExpressionAttributeValues"] = {":now": encode(int(now.timestamp()))}
        else:
            action["Put"]["ConditionExpression"] = it_is_the_one_before
            action["Put"]["ExpressionAttributeValues"] = {":before": encode(version - 1)}
        return action
