"""What a poll means: the RMM's list of active alerts held against what Tandem believes (alerts.md, "Polling").

Pure: no I/O, no clock. A listing is complete or it is none; whoever cannot read it to its end must not make one.

    listed, unknown here                         it fires
    listed, resolved here since it fired         fires again, once two listings that began after the reset show it
    live here, absent from two listings in a row it is over; a mass of them waits for a third listing
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tandem.alerts.again import reset_by_poll
from tandem.alerts.models import Alert, AlertEvent, Origin
from tandem.ids import derived_id

LISTINGS_KEPT = 3

SUSPICIOUS_COUNT = 20
"""More resets at once than this, and over half of what is live, look like a listing that is wrong."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What one complete listing showed, by Tandem's ids. `began_at`: before its first request.

    `is_whole`: it is known of every row which alert it is. Else the listing shows what it shows, and nothing counts as
    missing in it.
    """

    began_at: datetime
    alert_ids: frozenset[str]
    condition_ids: frozenset[str]
    is_whole: bool = True

    def shows(self, alert: Alert) -> bool:
        """The alert is in it; one that its RMM gave no id, when its condition is."""
        if alert.external_alert_id is None:
            return alert.condition_id in self.condition_ids
        return alert.alert_id in self.alert_ids


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`events`: firings, then resets. `held_back`: resets that wait for another listing because they are so many."""

    events: tuple[AlertEvent, ...]
    held_back: int = 0


def listing_of(events: Iterable[AlertEvent], began_at: datetime) -> Listing:
    """The listing that these firings are."""
    listed = list(events)
    return Listing(
        began_at, frozenset(each.alert_id for each in listed), frozenset(each.condition_id for each in listed)
    )


def looks_for_missing(listing: Listing, before: Sequence[Listing]) -> bool:
    """Something may be over: this listing and the one before it are whole."""
    return listing.is_whole and bool(before) and before[0].is_whole


def to_look_up(listing: Listing, before: Sequence[Listing], live_ids: frozenset[str]) -> frozenset[str]:
    """The ids of the alerts that `reconcile` must know: what is listed and not live, what is live and not listed.

    `before`: the complete listings before this one, newest first.
    """
    fires = listing.alert_ids - live_ids
    if not looks_for_missing(listing, before):
        return fires
    return fires | (live_ids - listing.alert_ids - before[0].alert_ids)


def reconcile(
    listed: Sequence[AlertEvent],
    listing: Listing,
    before: Sequence[Listing],
    live_ids: frozenset[str],
    known: Mapping[str, Alert],
) -> Reconciled:
    """The events that make Tandem's view the RMM's. `known`: the records of `to_look_up`, tombstones included, as far
    as there are any; `live_ids`: of the integration, whatever their origin."""
    firings = [
        fires
        for event in listed
        if event.alert_id not in live_ids and (fires := _firing(event, known.get(event.alert_id), listing, before))
    ]
    gone = [alert for alert in known.values() if _is_over(alert, listing, before)]
    if len(gone) > SUSPICIOUS_COUNT and 2 * len(gone) > len(live_ids):
        sure = [alert for alert in gone if len(before) > 1 and _was_absent(alert, before[1])]
    else:
        sure = gone
    resets = [reset_by_poll(alert, _event_id(alert.alert_id, "reset", listing), listing.began_at) for alert in sure]
    return Reconciled((*firings, *resets), len(gone) - len(sure))


def _firing(event: AlertEvent, alert: Alert | None, listing: Listing, before: Sequence[Listing]) -> AlertEvent | None:
    """The event to hand over for a listed alert that is not live; None when the listing is older than what is known."""
    polled = replace(event, origin=Origin.POLL, observed_at=listing.began_at)
    reset_at = alert.last_reset_at if alert is not None else None
    if alert is None or reset_at is None or alert.triggered_at is None or event.occurred_at > reset_at:
        return polled
    twice = bool(before) and before[0].shows(alert) and before[0].began_at > reset_at and listing.began_at > reset_at
    if not twice:
        return None
    again = _event_id(event.alert_id, "again", listing)
    return replace(polled, occurred_at=listing.began_at, event_id=again)


def _is_over(alert: Alert, listing: Listing, before: Sequence[Listing]) -> bool:
    return alert.is_live and bool(before) and _was_absent(alert, listing) and _was_absent(alert, before[0])


def _was_absent(alert: Alert, listing: Listing) -> bool:
    """It fired before the listing began, and the listing, which is whole, does not show it."""
    fired_at = alert.last_triggered_at
    return listing.is_whole and fired_at is not None and fired_at < listing.began_at and not listing.shows(alert)


def _event_id(alert_id: str, what: str, listing: Listing) -> str:
    """The same when the same poll is carried out again."""
    return derived_id("poll", alert_id, what, listing.began_at.isoformat())
