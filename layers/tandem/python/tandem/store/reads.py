"""Reading what a batch of events needs: two rounds for the whole batch, and an overlay of what it decided so far.

    round 1   alerts, device records, the events' own conditions; the version of the configuration
    round 2   of events that are not stale: traces, stored alerts' conditions, open tickets

Reads are eventually consistent at half the price: an event that looks stale on an older state is stale on every later
one (order.py), and whatever is written is written only onto the versions that were read. After a lost race an event's
records are read again, consistently.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tandem.alerts.decide import is_stale
from tandem.alerts.decision import Decision, State
from tandem.alerts.models import Alert, AlertEvent, Kind, Trace
from tandem.store import keys
from tandem.store.batches import get_items
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


class BatchReader:
    """The states of one batch's events. Made anew for each batch."""

    def __init__(self, client: "DynamoDBClient", table: str, now: datetime) -> None:
        self._client = client
        self._table = table
        self._now = now
        self._known: dict[tuple[str, str], Any] = {}
        self.configuration_version = 0

    def load(self, events: Sequence[AlertEvent]) -> None:
        """Both rounds for these events, shared. Raises BusyError."""
        self._fetch([key for event in events for key in _first_round(event)] + [keys.configuration_version_key()])
        self._second_round(events, consistent=False)

    def reload(self, event: AlertEvent) -> None:
        """Both rounds for one event after a lost race, consistently. Raises BusyError."""
        for key in [*_first_round(event), *self._second_keys(event)]:
            self._known.pop(_pair(key), None)
        self._fetch([*_first_round(event), keys.configuration_version_key()], consistent=True, again=True)
        for key in self._second_keys(event):
            self._known.pop(_pair(key), None)
        self._second_round([event], consistent=True)

    def state(self, event: AlertEvent) -> State:
        """What is known for the event, later decisions of this batch included."""
        alert = self._alert(event)
        condition_id = _condition_id(event, alert)
        condition = self._get(keys.condition_key(condition_id))
        ticket_id = condition.open_ticket_id if condition else None
        device_id = event.external_device_id
        return State(
            alert=alert,
            trace=self._get(keys.trace_key(alert.alert_id)) or Trace() if alert else Trace(),
            device=self._get(keys.device_key(event.integration_id, device_id)) if device_id is not None else None,
            condition=condition,
            ticket=self._get(keys.ticket_key(ticket_id)) if ticket_id is not None else None,
        )

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
        """The event's alert; a reset or acknowledge without an alert id means its condition's latest one."""
        alert: Alert | None = self._get(keys.alert_key(event.alert_id))
        if alert is not None or event.external_alert_id is not None or event.kind is Kind.TRIGGERED:
            return alert
        condition = self._get(keys.condition_key(event.condition_id))
        if condition is None or condition.latest_alert_id is None:
            return None
        latest: Alert | None = self._get(keys.alert_key(condition.latest_alert_id))
        return latest

    def _second_round(self, events: Sequence[AlertEvent], consistent: bool) -> None:
        self._fetch([key for event in events for key in self._second_keys(event)], consistent)
        # What is only named by what round 2 brought: rare (a re-firing under another condition, a reset without id).
        for _ in range(2):
            missing = [key for event in events for key in self._second_keys(event) if _pair(key) not in self._known]
            if not missing:
                break
            self._fetch(missing, consistent)
        # A condition and its ticket that do not fit together were read at two moments: read them again, as they are.
        torn = [event for event in events if self._is_torn(event)]
        if torn:
            self._fetch([key for event in torn for key in self._second_keys(event)], consistent=True, again=True)
            self._fetch([key for event in torn for key in self._second_keys(event)], consistent=True)

    def _second_keys(self, event: AlertEvent) -> list[keys.Key]:
        wanted = []
        named = self._get(keys.condition_key(event.condition_id))
        if event.kind is not Kind.TRIGGERED and event.external_alert_id is None and named and named.latest_alert_id:
            wanted.append(keys.alert_key(named.latest_alert_id))
        alert = self._alert(event)
        if is_stale(event, alert):
            return wanted
        condition_id = _condition_id(event, alert)
        wanted.append(keys.condition_key(condition_id))
        if alert is not None:
            wanted.append(keys.trace_key(alert.alert_id))
        condition = self._get(keys.condition_key(condition_id))
        if event.kind is Kind.TRIGGERED and condition is not None and condition.open_ticket_id is not None:
            wanted.append(keys.ticket_key(condition.open_ticket_id))
        return wanted

    def _is_torn(self, event: AlertEvent) -> bool:
        if event.kind is not Kind.TRIGGERED or is_stale(event, self._alert(event)):
            return False
        state = self.state(event)
        claimed = state.condition is not None and state.condition.open_ticket_id is not None
        return claimed and (state.ticket is None or state.ticket.is_closed)

    def _fetch(self, wanted: Iterable[keys.Key], consistent: bool = False, again: bool = False) -> None:
        asked = [key for key in wanted if again or _pair(key) not in self._known]
        if not asked:
            return
        found = get_items(self._client, self._table, asked, consistent=consistent)
        for key in asked:
            item = found.get(_pair(key))
            if key == keys.configuration_version_key():
                self.configuration_version = int(item["version"]["N"]) if item else 0
            else:
                self._known[_pair(key)] = self._parsed(item)

    def _parsed(self, item: dict[str, Any] | None) -> Any:
        if item is None:
            return None
        expiry = item.get("expires_at")
        if expiry is not None and int(expiry["N"]) < self._now.timestamp():
            return None  # TTL deletes late: what has expired is not there
        return _PARSERS[item["sk"]["S"]](item)

    def _get(self, key: keys.Key) -> Any:
        return self._known.get(_pair(key))

    def _set(self, key: keys.Key, record: Any) -> None:
        self._known[_pair(key)] = record


def _first_round(event: AlertEvent) -> list[keys.Key]:
    wanted = [keys.alert_key(event.alert_id)]
    if event.external_device_id is not None:
        wanted.append(keys.device_key(event.integration_id, event.external_device_id))
    if event.kind is Kind.TRIGGERED or event.external_alert_id is None:
        wanted.append(keys.condition_key(event.condition_id))
    return wanted


def _condition_id(event: AlertEvent, alert: Alert | None) -> str:
    """The stored alert's condition; the event's own for an alert that never fired yet."""
    if alert is not None and alert.triggered_at is not None:
        return alert.condition_id
    return event.condition_id


def _pair(key: keys.Key) -> tuple[str, str]:
    return key["pk"], key["sk"]
