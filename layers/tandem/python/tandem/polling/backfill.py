"""What is over already, taken over as history: alerts that ended before Tandem was connected.

Of each, the reset is handed over first and the firing after it. The reset finds no alert and leaves a tombstone; the
firing meets it, and is recorded as resolved before maintenance windows, rules or tickets are asked
(alerts/decide.py, `_triggered`). So history opens no ticket, joins none that is open, tells nobody and holds nothing
up; and the firing says `makes_no_ticket` besides. Both are of one device, which is one FIFO group: their order holds.
An alert that Tandem knows is left alone, so an import may be repeated.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from tandem.alerts.models import AlertEvent, Kind
from tandem.polling.poller import AlertBeliefs, EventQueue

AT_ONCE = 100

Pair = tuple[AlertEvent, AlertEvent]
"""A firing and its reset."""


def take_over(
    history: Iterable[AlertEvent],
    listed_ids: frozenset[str],
    beliefs: AlertBeliefs,
    queue: EventQueue,
    clock: Callable[[], datetime],
) -> int:
    """Hands over the alerts of `Rmm.resolved_alerts` that are not known, but for those that are listed as active; gives
    how many. Raises what the history raises, a StoreError or QueueError; then some are handed over, which the next
    import knows."""
    taken = 0
    pairs = (pair for pair in _pairs(history) if pair[0].alert_id not in listed_ids)
    while chunk := list(islice(pairs, AT_ONCE)):
        known = beliefs.alerts([firing.alert_id for firing, _ in chunk], clock())
        fresh = [
            pair
            for pair in {firing.alert_id: (firing, reset) for firing, reset in chunk}.values()
            if (alert := known.get(pair[0].alert_id)) is None or alert.triggered_at is None
        ]
        queue.send([event for pair in fresh for event in _as_history(*pair)])
        taken += len(fresh)
    return taken


def _pairs(history: Iterable[AlertEvent]) -> Iterator[Pair]:
    """Each firing with the reset right behind it (connections/rmm.py)."""
    firing: AlertEvent | None = None
    for event in history:
        if event.kind is Kind.TRIGGERED:
            firing = event
        elif event.kind is Kind.RESET and firing is not None and firing.alert_id == event.alert_id:
            yield firing, event
            firing = None


def _as_history(firing: AlertEvent, reset: AlertEvent) -> Pair:
    """The reset, which is never before its firing whatever their clocks said, and then the firing."""
    ended_at = max(reset.occurred_at, firing.occurred_at)
    return replace(reset, occurred_at=ended_at), replace(firing, makes_no_ticket=True)
