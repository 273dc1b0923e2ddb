"""What is over already, taken over as history: alerts that ended before Tandem was connected.

Of each, the reset is handed over first and the firing after it. The reset finds no alert and leaves a tombstone; the
firing meets it, and is recorded as resolved before maintenance windows, rules or tickets are asked
(alerts/decide.py, `_triggered`). So history opens no ticket, joins none that is open, tells nobody and holds nothing
up; and the firing says `makes_no_ticket` besides. Both are of one device, which is one FIFO group: their order holds.
An alert that Tandem knows is left alone, so an import may be repeated. A row that nobody can read stops no other.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from tandem.alerts.models import AlertEvent, Kind
from tandem.connections.errors import VendorError
from tandem.connections.rmm import AlertSeen, UnreadableAlert
from tandem.polling.poller import AlertBeliefs, EventQueue
from tandem.polling.unreadable import Unreadable

AT_ONCE = 100

Pair = tuple[AlertEvent, AlertEvent]
"""A firing and its reset."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What an import came to: how many alerts, how many rows that nobody can read and the first of them, and why it
    ended before its end, in a sentence of the RMM's client."""

    count: int = 0
    unreadable: int = 0
    unreadable_alerts: tuple[str, ...] = ()
    error: str | None = None


def take_over(
    integration_id: str,
    history: Iterable[AlertSeen],
    listed_ids: frozenset[str],
    beliefs: AlertBeliefs,
    queue: EventQueue,
    clock: Callable[[], datetime],
) -> TakenOver:
    """Hands over the alerts of `Rmm.resolved_alerts` that are not known, but for those that are listed as active.
    Raises a StoreError or QueueError; then some are handed over, which the next import knows."""
    unreadable = Unreadable(integration_id)
    failures: list[str] = []
    taken = 0
    pairs = _pairs(_until_it_fails(history, failures), unreadable)
    fresh_pairs = (pair for pair in pairs if pair[0].alert_id not in listed_ids)
    while chunk := list(islice(fresh_pairs, AT_ONCE)):
        known = beliefs.alerts([firing.alert_id for firing, _ in chunk], clock())
        fresh = [
            pair
            for pair in {firing.alert_id: (firing, reset) for firing, reset in chunk}.values()
            if (alert := known.get(pair[0].alert_id)) is None or alert.triggered_at is None
        ]
        queue.send([event for pair in fresh for event in _as_history(*pair)])
        taken += len(fresh)
    return TakenOver(taken, unreadable.count, tuple(unreadable.named), failures[0] if failures else None)


def _until_it_fails(history: Iterable[AlertSeen], failures: list[str]) -> Iterator[AlertSeen]:
    """What is read before the RMM fails is taken over all the same."""
    try:
        yield from history
    except VendorError as error:
        failures.append(str(error))


def _pairs(history: Iterable[AlertSeen], unreadable: Unreadable) -> Iterator[Pair]:
    """Each firing with the reset right behind it (connections/rmm.py)."""
    firing: AlertEvent | None = None
    for event in history:
        if isinstance(event, UnreadableAlert):
            unreadable.add(event)
        elif event.kind is Kind.TRIGGERED:
            firing = event
        elif event.kind is Kind.RESET and firing is not None and firing.alert_id == event.alert_id:
            yield firing, event
            firing = None


def _as_history(firing: AlertEvent, reset: AlertEvent) -> Pair:
    """The reset, which is never before its firing whatever their clocks said, and then the firing."""
    ended_at = max(reset.occurred_at, firing.occurred_at)
    return replace(reset, occurred_at=ended_at), replace(firing, makes_no_ticket=True)
