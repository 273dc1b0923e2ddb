"""Which devices have active alerts, and which assets open tickets: counted when they are asked for, within bounds."""

from collections import Counter
from typing import Any

from tandem.admin.calls import Call
from tandem.alerts.models import Alert, AlertStatus
from tandem.alerts.tickets import Ticket
from tandem.assets.models import Asset
from tandem.store.listing import alerts_of_device, all_tickets, live_alerts

AnyCall = Call[Any, Any]
DeviceKey = tuple[str, str]

MOST_ALERTS = 10_000
"""Live alerts that are looked at; an RMM that has more of them has nothing that could be told from a list."""

_AT_ONCE = 1000
_ACTIVE = (AlertStatus.ACTIVE, AlertStatus.ACKNOWLEDGED)


def active_alerts_by_device(call: AnyCall) -> Counter[DeviceKey]:
    """How many active or acknowledged alerts each device has, by integration id and external id."""
    partitions = live_alerts(each.integration_id for each in call.services.integrations.all())
    counted: Counter[DeviceKey] = Counter()
    after, looked_at = None, 0
    while looked_at < MOST_ALERTS:
        found = call.services.listing.alerts(partitions, _is_active, after, _AT_ONCE, call.now)
        for alert in found.records:
            if alert.external_device_id is not None:
                counted[alert.integration_id, alert.external_device_id] += 1
        after, looked_at = found.after, looked_at + _AT_ONCE
        if after is None:
            break
    return counted


def active_alerts_of(call: AnyCall, asset: Asset) -> int:
    """How many its devices have."""
    partitions = [
        partition
        for device in asset.devices
        for partition in alerts_of_device([device.integration_id], device.external_id)
    ]
    if not partitions:
        return 0
    found = call.services.listing.alerts(partitions, _is_active, None, _AT_ONCE, call.now)
    return len(found.records)


def open_tickets_of(call: AnyCall, asset_id: str) -> int:
    """How many of the newest open tickets are the asset's."""

    def fits(ticket: Ticket) -> bool:
        return ticket.asset_id == asset_id

    return len(call.services.listing.tickets(all_tickets(is_closed=False), fits, None, _AT_ONCE).records)


def _is_active(alert: Alert) -> bool:
    return alert.status in _ACTIVE
