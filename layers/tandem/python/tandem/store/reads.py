"""Reading what a batch of events needs: two rounds for the whole batch, and an overlay of what it decided so far.

    round 1   alerts, device records, the events' own conditions; the version of the configuration; of alerts that are
              to be decided again, the traces
    round 2   of events that are not stale: traces, stored alerts' conditions, open tickets

Reads are eventually consistent at half the price. That is safe because an event that looks stale on an older state is
stale on every later one (order.py), and what is written is written only onto the versions that were read. Where a
decision could rest on an old record that it does not write, the records are read again, consistently: an event that
asks to be decided again, a reset without an alert id, records that do not fit together, and every lost race.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tandem.alerts.decide import is_stale, waits_for_this
from tandem.alerts.decision import Decision, State
from tandem.alerts.models import Alert, AlertEvent, Condition, Kind, Trace
from tandem.store import keys
from tandem.store.batches import get_items
from tandem.store.codec import decode_item
from tandem.store.errors import UnwritableError, translating
from tandem.store.records import alert_from, condition_from, device_from, ticket_from, trace_from

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PARSERS = {
    "ALERT": alert_from,
    "TRACE": trace_from,
    "DEVICE": device_from,
    "CONDITION": condition_from,
    "TICKET": ticket_from,
}
_ROUNDS_AT_MOST = 3


class BatchReader:
    """The states of one batch's events. Made anew for each batch."""

    def __init__(self, client: "DynamoDBClient", table: str, now: datetime) -> None:
        self._client = client
        self._table = table
        self._now = now
        self._known: dict[tuple[str, str], Any] = {}
        self.configuration_version = 0

    def load(self, events: Sequence[AlertEvent]) -> None:
        """Both rounds for these events, shared. Raises BusyError, UnwritableError."""
        consistent = any(event.decide_again or means_its_condition(event) for event in events)
        wanted = [key for event in events for key in _first_round(event)]
        self._fetch([*wanted, keys.configuration_version_key()], consistent)
        self._second_round(events, consistent)

    def reload(self, event: AlertEvent) -> None:
        """Both rounds for one event once more, consistently. Raises BusyError, UnwritableError."""
        for key in [*_first_round(event), *self._second_keys(event)]:
            self._known.pop(_pair(key), None)
        self._fetch([*_first_round(event), keys.configuration_version_key()], consistent=True)
        for key in self._second_keys(event):
            self._known.pop(_pair(key), None)
        self._second_round([event], consistent=True)

    def current_version(self) -> int:
        """The configuration's version at this moment, read consistently."""
        self._fetch([keys.configuration_version_key()], consistent=True)
        return self.configuration_version

    def state(self, event: AlertEvent) -> State:
        """What is known for the event, later decisions of this batch included."""
        alert = self._alert(event)
        condition = self._condition(event)
        ticket_id = condition.open_ticket_id if condition else None
        device_id = event.external_device_id
        return State(
            alert=alert,
            trace=self._get(keys.trace_key(alert.alert_id)) or Trace() if alert else Trace(),
            device=self._get(keys.device_key(event.integration_id, device_id)) if device_id is not None else None,
            condition=condition,
            ticket=self._get(keys.ticket_key(ticket_id)) if ticket_id is not None else None,
        )

    def is_torn(self, event: AlertEvent) -> bool:
        """The records that the event needs do not fit together: they were read at different moments, or by a reload
        for another event. Also true of a live alert whose ticket a person closed, which is worth a second look."""
        alert = self._alert(event)
        if is_stale(event, alert) and not _waits(event, alert):
            return False
        condition = self._condition(event)
        open_ticket_id = condition.open_ticket_id if condition else None
        if open_ticket_id is not None and _needs_ticket(event, alert):
            ticket = self._get(keys.ticket_key(open_ticket_id))
            if ticket is None or ticket.is_closed:
                return True
        return alert is not None and alert.is_live and alert.ticket_id not in (None, open_ticket_id)

    def live_alerts_of_ticket(self, event: AlertEvent) -> list[Alert]:
        """The live alerts of the ticket that the event's own condition has open. Raises BusyError."""
        condition: Condition | None = self._get(keys.condition_key(event.condition_id))
        if condition is None or condition.open_ticket_id is None:
            return []
        links: list[dict[str, Any]] = []
        with translating():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :ticket AND begins_with(sk, :link)",
                ExpressionAttributeValues={
                    ":ticket": {"S": keys.ticket_key(condition.open_ticket_id)["pk"]},
                    ":link": {"S": keys.LINK_PREFIX},
                },
                ConsistentRead=True,
            )
            for page in pages:
                links += [decode_item(item) for item in page["Items"]]
        wanted = [keys.alert_key(link["alert_id"]) for link in links]
        self._fetch(wanted, consistent=True)
        alerts = [self._get(key) for key in wanted]
        return [alert for alert in alerts if alert is not None and alert.is_live]

    def applied(self, decision: Decision) -> None:
        """Later events of the batch see this decision."""
        if decision.alert is not None:
            self._set(keys.alert_key(decision.alert.alert_id), decision.alert)
            if decision.trace is not None:
                self._set(keys.trace_key(decision.alert.alert_id), decision.trace)
        if decision.condition is not None:
            self._set(keys.condition_key(decision.condition.condition_id), decision.condition)
        if decision.ticket is not None:
            self._set(keys.ticket_key(decision.ticket.ticket_id), decision.ticket)
        if decision.device is not None:
            device = decision.device
            self._set(keys.device_key(device.integration_id, device.external_device_id), device)

    def _alert(self, event: AlertEvent) -> Alert | None:
        alert: Alert | None = self._get(keys.alert_key(event.alert_id))
        return alert

    def _condition(self, event: AlertEvent) -> Condition | None:
        condition: Condition | None = self._get(_condition_key(event, self._alert(event)))
        return condition

    def _second_round(self, events: Sequence[AlertEvent], consistent: bool) -> None:
        # One fetch as a rule; more only where what it brings names something else (a firing under another condition).
        for _ in range(_ROUNDS_AT_MOST):
            wanted = [key for event in events for key in self._second_keys(event)]
            if not self._fetch(wanted, consistent):
                return

    def _second_keys(self, event: AlertEvent) -> list[keys.Key]:
        alert = self._alert(event)
        if (is_stale(event, alert) and not _waits(event, alert)) or (
            alert is None and event.kind is not Kind.TRIGGERED
        ):
            return []
        wanted = [_condition_key(event, alert)]
        if alert is not None:
            wanted.append(keys.trace_key(alert.alert_id))
        condition = self._condition(event)
        if _needs_ticket(event, alert):
            if condition is not None and condition.open_ticket_id is not None:
                wanted.append(keys.ticket_key(condition.open_ticket_id))
            elif event.kind is Kind.RESET and alert is not None and alert.ticket_id is not None:
                # Its condition comes in this same round, and says as a rule that this ticket is open.
                wanted.append(keys.ticket_key(alert.ticket_id))
        return wanted

    def _fetch(self, wanted: Iterable[keys.Key], consistent: bool = False) -> bool:
        """Read what is not known yet; the configuration's version always. False when there was nothing to read."""
        version_key = keys.configuration_version_key()
        asked = [key for key in wanted if key == version_key or _pair(key) not in self._known]
        if not asked:
            return False
        found = get_items(self._client, self._table, asked, consistent=consistent)
        for key in asked:
            item = found.get(_pair(key))
            if key == version_key:
                self.configuration_version = int(item["version"]["N"]) if item else 0
            else:
                self._known[_pair(key)] = self._parsed(item)
        return True

    def _parsed(self, item: dict[str, Any] | None) -> Any:
        if item is None:
            return None
        expiry = item.get("expires_at")
        if expiry is not None and int(expiry["N"]) < self._now.timestamp():
            return None  # TTL deletes late: what has expired is not there
        try:
            return _PARSERS[item["sk"]["S"]](item)
        except (KeyError, TypeError, ValueError) as error:
            raise UnwritableError(f"a stored record cannot be read: {item['sk']['S']}: {error!r}") from error

    def _get(self, key: keys.Key) -> Any:
        return self._known.get(_pair(key))

    def _set(self, key: keys.Key, record: Any) -> None:
        self._known[_pair(key)] = record


def means_its_condition(event: AlertEvent) -> bool:
    """A reset or acknowledge without an alert id: it is about whatever fires under its condition."""
    return event.kind is not Kind.TRIGGERED and event.external_alert_id is None


def _waits(event: AlertEvent, alert: Alert | None) -> bool:
    return alert is not None and waits_for_this(event, alert)


def _needs_ticket(event: AlertEvent, alert: Alert | None) -> bool:
    """A firing may raise its condition's open ticket, a reset may close it."""
    if event.kind is Kind.RESET:
        return alert is not None and alert.rule is not None and alert.rule.auto_resolve_ticket
    return event.kind is Kind.TRIGGERED


def _first_round(event: AlertEvent) -> list[keys.Key]:
    wanted = [keys.alert_key(event.alert_id)]
    if event.external_device_id is not None:
        wanted.append(keys.device_key(event.integration_id, event.external_device_id))
    if event.kind is Kind.TRIGGERED or means_its_condition(event):
        wanted.append(keys.condition_key(event.condition_id))
    if event.decide_again:
        wanted.append(keys.trace_key(event.alert_id))
    return wanted


def _condition_key(event: AlertEvent, alert: Alert | None) -> keys.Key:
    """The stored alert's condition; the event's own for an alert that never fired yet."""
    if alert is not None and alert.triggered_at is not None:
        return keys.condition_key(alert.condition_id)
    return keys.condition_key(event.condition_id)


def _pair(key: keys.Key) -> tuple[str, str]:
    return key["pk"], key["sk"]
