"""A batch of the table's stream onto the event bus, in the order of the stream for each alert and each ticket.

a record that no event can be made of            parked as a dead letter; the stream goes on
an event that the bus refuses again and again    its record is parked; later events of its subject wait until then
the bus out of reach, or parking fails           given back: AWS hands over the first such record, and all behind it,
                                                 again, and keeps them in the bucket after its last attempt

Two events of one subject never go in one call, since a call may take the second and refuse the first. What is given
back may have been put already: delivery is at least once, and an event's id stays the same.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tandem.dead_letters.letters import DeadLetter, DeadLetters
from tandem.events.bus import MOST_BYTES, MOST_ENTRIES, Entry, EventBus, UnavailableError
from tandem.events.changes import events_of
from tandem.store.errors import StoreError
from tandem.store.stream import change_of, sequence_number_of

SOURCE = "event-publisher"
"""Of its dead letters. Their payload is the stream's record: replayed by giving it to `publish` again."""

ATTEMPTS = 5
FIRST_WAIT_SECONDS = 0.1
LONGEST_PAYLOAD = 300 * 1024
"""Bytes of a record that a dead letter holds whole; a longer one is given back, and ends in the bucket."""


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one record, for the log and the metrics. `names`: the events that are on the bus."""

    sequence_number: str
    names: tuple[str, ...] = ()
    parked: str | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event that is not on the bus yet, and the number of its record in the batch."""

    record: int
    entry: Entry
    refusals: int = 0


class EventPublisher:
    """Puts the events of one tenant. `sleep`: between attempts, in seconds."""

    def __init__(
        self,
        bus: EventBus,
        dead_letters: DeadLetters,
        tenant: str,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._bus = bus
        self._dead_letters = dead_letters
        self._tenant = tenant
        self._clock = clock
        self._sleep = sleep

    def publish(
        self, records: Sequence[Mapping[str, Any]], has_time: Callable[[], bool] = lambda: True
    ) -> list[Published]:
        """Put the events of a stream's records, given in the stream's order. `has_time`: another call may begin.

        The first whose `failed` is set must be given back, with all behind it.
        """
        results = [Published(sequence_number_of(record)) for record in records]
        waiting: list[_Waiting] = []
        for number, record in enumerate(records):
            try:
                waiting += [_Waiting(number, entry) for entry in self._entries(record)]
            except Exception as error:  # noqa: BLE001  whatever a record is: what fails once fails always
                reason = f"no event could be made: {type(error).__name__}: {error}"
                results[number] = self._park(results[number], record, reason)
        while waiting := _before_what_failed(results, waiting):
            if not has_time():
                _give_back(results, waiting, "the batch took too long")
                break
            waiting = self._round(records, results, waiting)
        return results

    def _round(
        self, records: Sequence[Mapping[str, Any]], results: list[Published], waiting: list[_Waiting]
    ) -> list[_Waiting]:
        """One call, and what waits after it, in the same order."""
        chosen = self._chosen(waiting)
        faults = dict(zip(chosen, self._bus.put([waiting[place].entry for place in chosen]), strict=True))
        left = []
        refusals = 0
        for place, each in enumerate(waiting):
            result, fault = results[each.record], faults.get(place)
            if place not in faults:
                left.append(each)
            elif fault is None:
                results[each.record] = replace(result, names=(*result.names, each.entry.name))
            elif each.refusals + 1 < ATTEMPTS:
                left.append(replace(each, refusals=each.refusals + 1))
                refusals = max(refusals, each.refusals + 1)
            elif isinstance(fault, UnavailableError):
                results[each.record] = replace(result, failed=str(fault))
            else:
                results[each.record] = self._park(result, records[each.record], f"the bus refused it: {fault}")
        if refusals:
            self._sleep(random.uniform(0.5, 1) * FIRST_WAIT_SECONDS * 2 ** (refusals - 1))
        return left

    def _chosen(self, waiting: list[_Waiting]) -> list[int]:
        """What goes in the next call, by its place: the first of each subject, as many as the bus takes at once."""
        chosen: list[int] = []
        subjects: set[str] = set()
        size = 0
        for place, each in enumerate(waiting):
            if each.entry.subject in subjects:
                continue
            size += self._bus.size(each.entry)
            if chosen and (len(chosen) == MOST_ENTRIES or size > MOST_BYTES):
                break
            chosen.append(place)
            subjects.add(each.entry.subject)
        return chosen

    def _entries(self, record: Mapping[str, Any]) -> list[Entry]:
        change = change_of(record)
        events = events_of(change, self._tenant)
        return [Entry(event.name, event.subject_id, event.detail(), change.at) for event in events]

    def _park(self, result: Published, record: Mapping[str, Any], reason: str) -> Published:
        """Keep the record in the table; where that fails, it is given back."""
        payload = json.dumps(record, default=str)
        if len(payload.encode()) > LONGEST_PAYLOAD:
            return replace(result, failed=f"{reason}; it is too large to be parked")
        try:
            sent_at = change_of(record).at
        except (KeyError, TypeError, ValueError):
            sent_at = self._clock()
        letter = DeadLetter(SOURCE, result.sequence_number, reason, payload, sent_at)
        try:
            self._dead_letters.park(letter, self._clock())
        except StoreError as error:
            return replace(result, failed=f"{reason}; it could not be parked: {error}")
        return replace(result, parked=reason)


def _before_what_failed(results: list[Published], waiting: list[_Waiting]) -> list[_Waiting]:
    """What can still be put; what stands behind a record that is given back comes again with it."""
    failed = next((number for number, result in enumerate(results) if result.failed is not None), len(results))
    _give_back(results, [each for each in waiting if each.record >= failed], "an earlier record is given back")
    return [each for each in waiting if each.record < failed]


def _give_back(results: list[Published], waiting: list[_Waiting], reason: str) -> None:
    for each in waiting:
        if results[each.record].failed is None:
            results[each.record] = replace(results[each.record], failed=reason)
