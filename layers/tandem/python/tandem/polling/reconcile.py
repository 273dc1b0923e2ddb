"""What a poll means: the RMM's list of active alerts held against what Tandem believes (alerts.md, "Polling").

Pure: no I/O, no clock. A listing is complete or it is none; whoever cannot read it to its end must not make one.

    listed, unknown here                         it fires
    listed, fired later than it was reset here   it fires
    listed, resolved here                        fires again, once two listings in a row showed it so
    live here, absent from two listings in a row it is over; a mass of them waits for a third listing

"Live here" and "resolved here" are as they stood when the listing was begun, and are kept with it. Times of the RMM are
compared with each other only, and to see whether it is still the same firing or reset: its clock may be wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tandem.alerts.again import reset_by_poll
from tandem.alerts.models import Alert, AlertEvent, Origin
from tandem.ids import derived_id

LISTINGS_KEPT = 3

SUSPICIOUS_COUNT = 20
"""More resets at once than this, and over half of what is live, look like a listing that is wrong."""

_LATER = timedelta(microseconds=1)


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
class Difference:
    """Where one complete listing, begun at `began_at`, and Tandem disagreed. It is what is kept of a listing.

    `missing`: alerts that were live here when it was begun and are not in it, each with the time of its last firing.
    `shown`: alerts that were not live here when it was begun and are in it, each with the time of its last reset.
    """

    began_at: datetime
    missing: Mapping[str, datetime] = field(default_factory=dict)
    shown: Mapping[str, datetime] = field(default_factory=dict)

    def misses(self, alert: Alert) -> bool:
        """It lacked this firing of the alert."""
        return alert.last_triggered_at is not None and self.missing.get(alert.alert_id) == alert.last_triggered_at

    def shows_after(self, alert: Alert) -> bool:
        """It showed the alert although this reset of it was known."""
        return alert.last_reset_at is not None and self.shown.get(alert.alert_id) == alert.last_reset_at


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`events`: firings, then resets. `held_back`: resets that wait for another listing because they are so many.
    `difference`: to be kept for the polls after this one."""

    events: tuple[AlertEvent, ...]
    held_back: int
    difference: Difference


def listing_of(events: Iterable[AlertEvent], began_at: datetime) -> Listing:
    """The listing that these firings are."""
    listed = list(events)
    return Listing(
        began_at, frozenset(each.alert_id for each in listed), frozenset(each.condition_id for each in listed)
    )


def to_look_up(listing: Listing, live_ids: frozenset[str]) -> frozenset[str]:
    """The ids of the alerts that `reconcile` must know: what is listed and not live, what is live and not listed.
    `live_ids`: of the integration, whatever their origin, read before the listing was begun."""
    fires = listing.alert_ids - live_ids
    return fires | (live_ids - listing.alert_ids) if listing.is_whole else fires


def reconcile(
    listed: Sequence[AlertEvent],
    listing: Listing,
    before: Sequence[Difference],
    live_ids: frozenset[str],
    known: Mapping[str, Alert],
) -> Reconciled:
    """The events that make Tandem's view the RMM's. `before`: what is kept of the complete listings before this one,
    newest first. `known`: the records of `to_look_up`, tombstones included, as far as there are any."""
    difference = _difference(listing, live_ids, known)
    firings = [
        fires
        for event in listed
        if event.alert_id not in live_ids and (fires := _firing(event, known.get(event.alert_id), difference, before))
    ]
    missing = [known[alert_id] for alert_id in difference.missing]
    gone = [alert for alert in missing if before and before[0].misses(alert)]
    if len(gone) > SUSPICIOUS_COUNT and 2 * len(gone) > len(live_ids):
        sure = [alert for alert in gone if len(before) > 1 and before[1].misses(alert)]
    else:
        sure = gone
    resets = [
        reset_by_poll(alert, _event_id(alert.alert_id, "reset", listing.began_at), listing.began_at) for alert in sure
    ]
    return Reconciled((*firings, *resets), len(gone) - len(sure), difference)


def _difference(listing: Listing, live_ids: frozenset[str], known: Mapping[str, Alert]) -> Difference:
    missing: dict[str, datetime] = {}
    shown: dict[str, datetime] = {}
    for alert_id, alert in known.items():
        if alert_id not in live_ids:
            if alert.last_reset_at is not None and not alert.is_live:
                shown[alert_id] = alert.last_reset_at
        elif listing.is_whole and alert.is_live and alert.last_triggered_at is not None and not listing.shows(alert):
            missing[alert_id] = alert.last_triggered_at
    return Difference(listing.began_at, missing, shown)


def _firing(
    event: AlertEvent, alert: Alert | None, difference: Difference, before: Sequence[Difference]
) -> AlertEvent | None:
    """The event to hand over for a listed alert that is not live; None when one more listing must show it."""
    began_at = difference.began_at
    polled = replace(event, origin=Origin.POLL, observed_at=began_at)
    reset_at = alert.last_reset_at if alert is not None else None
    if alert is None or reset_at is None or alert.triggered_at is None or event.occurred_at > reset_at:
        return polled
    if not before or not before[0].shows_after(alert) or not difference.shows_after(alert):
        return None
    again = _event_id(event.alert_id, "again", began_at)
    return replace(polled, occurred_at=max(began_at, reset_at + _LATER), event_id=again)


def _event_id(alert_id: str, what: str, began_at: datetime) -> str:
    """The same when the same poll is carried out again."""
    return derived_id("poll", alert_id, what, began_at.isoformat())
