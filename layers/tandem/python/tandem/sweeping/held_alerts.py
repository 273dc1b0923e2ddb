"""Alerts that maintenance windows hold, handed to the processor to be decided again.

Nothing is decided here. The decision that frees an alert takes its entry out of the due-time index, in its own
transaction; so an entry stays until its alert is decided, however often it was handed over, and none is lost with a
message.

    an alert whose window ends      its message is the same in every run until it is decided: see `ended`
    all that a changed window holds each with a message of its own, then the entry of the change is taken out
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from tandem.alerts.again import decide_again
from tandem.alerts.models import Alert, AlertEvent, AlertStatus, Origin
from tandem.ids import derived_id, new_id
from tandem.store.due import Due, DueTimes
from tandem.store.lookups import Lookups
from tandem.sweeping.sweep import ROUND, HasTime, Taken
from tandem.times import to_text

AT_ONCE = 100

Held = tuple[Due, Alert]


class EventQueue(Protocol):
    """Where alert events are handed to the processor."""

    def send(self, events: Sequence[AlertEvent], deduplicated_by: Callable[[AlertEvent], str]) -> None:
        """Hand over these events in their order. Raises QueueError."""
        ...


class HeldAlerts:
    """The sweep's handlers of keys.WINDOW_ENDS and keys.WINDOW_CHANGED."""

    def __init__(
        self,
        times: DueTimes,
        lookups: Lookups,
        queue: EventQueue,
        clock: Callable[[], datetime],
        fresh_id: Callable[[], str] = new_id,
    ) -> None:
        self._times = times
        self._lookups = lookups
        self._queue = queue
        self._clock = clock
        self._fresh_id = fresh_id

    def ended(self, entries: Sequence[Due], has_time: HasTime) -> Taken:
        """Alerts whose window has ended: handed over, or dropped where nothing waits at that time any more.

        While the processor has not come to it, an alert is due in every run. Its message has the same deduplication id
        each time, so SQS takes it once in five minutes and drops the others. That loses nothing: a message that was
        taken is in the queue until it is decided or dead-lettered; if the alert is due still after that, the next one
        is taken when the five minutes are over. And an alert that a window holds anew is due at another time, which
        is another id.
        """
        held = self._held(entries)
        waits = {entry for entry, _ in held}
        dropped = 0
        for entry in entries:
            if entry not in waits and has_time():
                # It cannot come back meanwhile: nothing is ever held until a time that is over.
                self._times.remove(entry)
                dropped += 1
        handed_over = self._hand_over(held, _same_id, has_time)
        return Taken(handed_over, dropped, len(entries) - handed_over - dropped)

    def changed(self, entries: Sequence[Due], has_time: HasTime) -> Taken:
        """Windows that were changed: all that each holds is handed over, and only then its entries are taken out.

        Several changes of one window are one: the alerts are decided by what the window is then.
        """
        taken = Taken()
        for window_id in dict.fromkeys(entry.subject for entry in entries):
            of_window = [entry for entry in entries if entry.subject == window_id]
            taken += self._of_window(of_window[-1], has_time) if not taken.left_over else Taken(left_over=1)
            if not taken.left_over:
                for entry in of_window:
                    self._times.remove(entry)
        return taken

    def _of_window(self, change: Due, has_time: HasTime) -> Taken:
        taken, after = Taken(), change.looked_up_to
        while has_time():
            entries = self._times.held(change.subject, after, ROUND)
            held = self._held(entries)
            handed_over = self._hand_over(held, lambda _: self._fresh_id(), has_time)
            taken += Taken(handed_over, left_over=len(held) - handed_over)
            if taken.left_over or len(entries) < ROUND:
                return taken
            # The next run goes on from here, so that no window is so full that it is never finished.
            after = entries[-1].place
            self._times.remember(change, after)
        return taken + Taken(left_over=1)

    def _held(self, entries: Sequence[Due]) -> list[Held]:
        """The alerts that are held until exactly the time of their entry, the ones that fired first first."""
        alerts = self._lookups.alerts([entry.subject for entry in entries], self._clock())
        integrations = self._lookups.integration_ids({alert.integration_id for alert in alerts.values()})
        held = [
            (entry, alert)
            for entry in entries
            if (alert := alerts.get(entry.subject)) is not None
            and alert.status is AlertStatus.SUPPRESSED
            and alert.suppressed_until == entry.at
            and alert.integration_id in integrations  # else nobody decides it any more
        ]
        return sorted(held, key=_by_time)

    def _hand_over(self, held: Sequence[Held], event_id: Callable[[Due], str], has_time: HasTime) -> int:
        """How many were handed over in time."""
        handed_over = 0
        for chunk in _chunks(held):
            if not has_time():
                break
            messages = self._lookups.full_messages(alert for _, alert in chunk)
            now = self._clock()
            events = [
                decide_again(alert, messages.get(alert.alert_id), Origin.SWEEP, event_id(entry), now)
                for entry, alert in chunk
            ]
            self._queue.send(events, lambda event: event.event_id)
            handed_over += len(chunk)
        return handed_over


def _same_id(entry: Due) -> str:
    return derived_id("held until", entry.subject, to_text(entry.at))


def _by_time(held: Held) -> tuple[datetime, datetime, str]:
    entry, alert = held
    return entry.at, alert.triggered_at or alert.first_seen_at, alert.alert_id


def _chunks(held: Sequence[Held]) -> Iterator[Sequence[Held]]:
    return (held[start : start + AT_ONCE] for start in range(0, len(held), AT_ONCE))
