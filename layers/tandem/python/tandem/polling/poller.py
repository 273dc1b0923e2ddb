"""One poll of one integration: what its RMM lists as active, held against what Tandem believes, and the difference
handed to the processor.

It writes nothing on alerts. It asks the table for ids by the index and for the few records that `to_look_up` names; of
the listing it keeps only what is news, so its memory is that of the news.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tandem.alerts.models import Alert, AlertEvent, Kind, alert_id_of
from tandem.connections.rmm import Rmm, UnreadableAlert
from tandem.polling.listings import Listings
from tandem.polling.placing import DeviceBeliefs, place_all
from tandem.polling.reconcile import LISTINGS_KEPT, Listing, reconcile, to_look_up
from tandem.polling.unreadable import Unreadable
from tandem.store.lookups import WaitingAlert
from tandem.store.polls import PollState


class AlertBeliefs(DeviceBeliefs, Protocol):
    """What Tandem believes."""

    def live_ids(self, integration_id: str) -> frozenset[str]:
        """The ids of the live alerts."""
        ...

    def alerts(self, alert_ids: Iterable[str], now: datetime) -> dict[str, Alert]:
        """These alerts by id, tombstones among them, as far as they are there."""
        ...

    def waiting(self, integration_id: str, now: datetime) -> list[WaitingAlert]:
        """The alerts that wait for a mapping."""
        ...


class EventQueue(Protocol):
    """Where alert events are handed to the processor."""

    def send(self, events: Sequence[AlertEvent]) -> None:
        """Hand over these events in their order. Raises QueueError; then some may be handed over."""
        ...


class StoppedError(Exception):
    """The integration was disconnected while it was polled; nothing was handed over."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll came to. `fired`, `cleared`, `placed`: events handed over; `held_back`: resets that wait for another
    listing because they are so many. `unreadable_alerts`: the first rows that nobody can read, and why. `listings`: the
    keys of the complete listings that count now, newest first; `listed_ids`: what the newest shows. `sought`: the RMM's
    devices were listed. `fired_on`: the devices of what fired, by their external ids."""

    began_at: datetime
    listed: int
    unreadable: int
    unreadable_alerts: tuple[str, ...]
    fired: int
    cleared: int
    placed: int
    held_back: int
    listings: tuple[str, ...]
    listed_ids: frozenset[str]
    warning: str | None = None
    sought: bool = False
    fired_on: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Seen:
    """A listing as it was read. `news`: the events of alerts that are not live here, or that wait, by alert id."""

    listing: Listing
    news: dict[str, AlertEvent]
    unreadable: Unreadable


class Poller:
    """Polls integrations, one at a time."""

    def __init__(
        self, beliefs: AlertBeliefs, listings: Listings, queue: EventQueue, clock: Callable[[], datetime]
    ) -> None:
        self._beliefs = beliefs
        self._listings = listings
        self._queue = queue
        self._clock = clock

    def poll(
        self, integration_id: str, rmm: Rmm, state: PollState, since: datetime | None, may_go_on: Callable[[], bool]
    ) -> Polled:
        """Hands over all that is news. `since`: listings from before are of another connection, and do not count.
        `may_go_on` is asked before anything is handed over.

        Raises VendorError, a StoreError, QueueError, ListingsUnavailableError or StoppedError; then the listing does
        not count, and the next poll finds the same news again.
        """
        waiting = {
            each.alert_id
            for each in self._beliefs.waiting(integration_id, self._clock())
            if each.organization_id is None and each.external_device_id is not None
        }
        live = self._beliefs.live_ids(integration_id)
        seen = self._read(integration_id, rmm, live, waiting)
        listing = seen.listing
        kept = self._listings.read(state.listings[: LISTINGS_KEPT - 1])
        before = [each for each in kept if since is None or each.began_at >= since]
        known = self._beliefs.alerts(to_look_up(listing, live), self._clock())
        found = reconcile(list(seen.news.values()), listing, before, live, known)
        waits = [event for alert_id, event in seen.news.items() if alert_id in waiting]
        placed = place_all(
            integration_id, found.events, waits, rmm, self._beliefs, listing.began_at, state.devices_sought_at
        )
        if not may_go_on():
            raise StoppedError
        self._queue.send(placed.events)
        key = self._listings.write(integration_id, found.difference)
        fired = [event for event in found.events if event.kind is Kind.TRIGGERED]
        return Polled(
            began_at=listing.began_at,
            listed=len(listing.alert_ids),
            unreadable=seen.unreadable.count,
            unreadable_alerts=tuple(seen.unreadable.named),
            fired=len(fired),
            cleared=len(found.events) - len(fired),
            placed=len(placed.events) - len(found.events),
            held_back=found.held_back,
            listings=(key, *state.listings)[:LISTINGS_KEPT],
            listed_ids=listing.alert_ids,
            warning=placed.warning,
            sought=placed.sought,
            fired_on=frozenset(each.external_device_id for each in fired if each.external_device_id is not None),
        )

    def _read(self, integration_id: str, rmm: Rmm, live: frozenset[str], waiting: set[str]) -> _Seen:
        began_at = self._clock()
        alert_ids: set[str] = set()
        condition_ids: set[str] = set()
        news: dict[str, AlertEvent] = {}
        unreadable, is_whole = Unreadable(integration_id), True
        for each in rmm.active_alerts():
            if isinstance(each, UnreadableAlert):
                unreadable.add(each)
                if each.external_alert_id is None:
                    is_whole = False
                else:
                    alert_ids.add(alert_id_of(integration_id, each.external_alert_id))
                continue
            alert_id = each.alert_id
            alert_ids.add(alert_id)
            condition_ids.add(each.condition_id)
            if alert_id not in live or alert_id in waiting:
                news[alert_id] = each
        listing = Listing(began_at, frozenset(alert_ids), frozenset(condition_ids), is_whole)
        return _Seen(listing, news, unreadable)
