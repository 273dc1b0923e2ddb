"""A device becomes an asset, and its alerts were there before: they are handed to the processor, which has each look at
its device's record again (alerts/arriving.py).

    arrived     at once, for devices that alerts had taught Tandem: the device's newest alerts
    catch_up    once a sync: every live alert of the integration against its device's record. It finds those of devices
                that no record was kept of, and those that were written at the moment at which their asset was, which
                the indexes did not show yet

Doing either again does no harm: an alert that knows its asset is left alone.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from tandem.alerts.arriving import asset_arrived, lacks_asset
from tandem.alerts.models import Alert, AlertEvent, DeviceRecord
from tandem.assets.pages import Arrived
from tandem.store.listing import MOST_LOOKED_AT, Listing, Partition, alerts_of_device, live_alerts
from tandem.store.lookups import Lookups

_AT_ONCE = 100


class Arrivals(Protocol):
    """Alerts get the assets of their devices. The methods raise StoreError or QueueError; then they are to be called
    again."""

    def arrived(self, integration_id: str, arrived: Sequence[Arrived]) -> int:
        """These devices' records point at their assets by now. Gives how many alerts were handed over."""
        ...

    def catch_up(self, integration_id: str) -> int:
        """A sync of all of the integration's devices is done. Gives how many alerts were handed over."""
        ...


class EventQueue(Protocol):
    """Where alert events are handed to the processor."""

    def send(self, events: Sequence[AlertEvent]) -> None:
        """Hand over these events in their order. Raises QueueError."""
        ...


class AlertArrivals:
    """The alerts of one table."""

    def __init__(self, listing: Listing, lookups: Lookups, queue: EventQueue, clock: Callable[[], datetime]) -> None:
        self._listing = listing
        self._lookups = lookups
        self._queue = queue
        self._clock = clock

    def arrived(self, integration_id: str, arrived: Sequence[Arrived]) -> int:
        """Of a device that has more alerts than one look shows, the older ones are left to `catch_up`."""
        found: list[Alert] = []
        for each in arrived:
            partitions = alerts_of_device([integration_id], each.external_id)
            found += self._page(partitions, None, MOST_LOOKED_AT)[0]
        return self._hand_over(integration_id, found)

    def catch_up(self, integration_id: str) -> int:
        """See Arrivals."""
        partitions = live_alerts([integration_id])
        alerts, after = self._page(partitions, None, _AT_ONCE)
        count = self._hand_over(integration_id, alerts)
        while after is not None:
            alerts, after = self._page(partitions, after, _AT_ONCE)
            count += self._hand_over(integration_id, alerts)
        return count

    def _page(self, partitions: Sequence[Partition], after: str | None, limit: int) -> tuple[list[Alert], str | None]:
        found = self._listing.alerts(partitions, _may_lack_it, after, limit, self._clock())
        return found.records, found.after

    def _hand_over(self, integration_id: str, alerts: Sequence[Alert]) -> int:
        devices = self._devices(integration_id, alerts)
        lacking = [
            (alert, device)
            for alert in alerts
            if (device := devices.get(alert.external_device_id or "")) is not None and lacks_asset(alert, device)
        ]
        lacking.sort(key=lambda each: each[0].first_seen_at)
        for start in range(0, len(lacking), _AT_ONCE):
            chunk = lacking[start : start + _AT_ONCE]
            messages = self._lookups.full_messages(alert for alert, _ in chunk)
            now = self._clock()
            self._queue.send(
                [asset_arrived(alert, messages.get(alert.alert_id), device, now) for alert, device in chunk]
            )
        return len(lacking)

    def _devices(self, integration_id: str, alerts: Iterable[Alert]) -> dict[str, DeviceRecord]:
        wanted = {alert.external_device_id for alert in alerts if alert.external_device_id is not None}
        return self._lookups.devices(integration_id, wanted) if wanted else {}


def _may_lack_it(alert: Alert) -> bool:
    return alert.is_live and alert.external_device_id is not None
