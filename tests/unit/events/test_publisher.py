"""Batches of the stream onto a scripted bus: order, refusals, poison, and who hears of what could not be put."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from tandem.alerts.models import Alert
from tandem.dead_letters.letters import DeadLetter
from tandem.events import publisher as module
from tandem.events.bus import MOST_ENTRIES, BusError, Entry, RefusedError, UnavailableError
from tandem.events.publisher import ATTEMPTS, EventPublisher, Published
from tandem.events.report import answer
from tandem.store.errors import BusyError
from tests.unit.alerts.world import START, at, reset, rule, triggered
from tests.unit.events.stream_records import Record, alert_record, numbered, poison, record_of, ticket_record
from tests.unit.events.telling import TENANT, TellingWorld

Fault = Callable[[Entry, int], BusError | None]


@dataclass
class ScriptedBus:
    """Takes what `fault` has nothing against: it is asked for each entry, with how often it was tried before."""

    fault: Fault = lambda _entry, _tries: None
    taken: list[Entry] = field(default_factory=list)
    calls: list[list[Entry]] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)

    def size(self, entry: Entry) -> int:
        return len(entry.detail)

    def put(self, entries: Sequence[Entry]) -> list[BusError | None]:
        self.calls.append(list(entries))
        faults = []
        for entry in entries:
            tries = self.tries.get(entry.detail, 0)
            self.tries[entry.detail] = tries + 1
            faults.append(self.fault(entry, tries))
            if faults[-1] is None:
                self.taken.append(entry)
        return faults

    def told(self, subject: str | None = None) -> list[str]:
        return [entry.name for entry in self.taken if subject in (None, entry.subject)]


@dataclass
class ScriptedLetters:
    """Dead letters in a list."""

    is_broken: bool = False
    parked: list[DeadLetter] = field(default_factory=list)

    def park(self, letter: DeadLetter, now: datetime) -> None:
        if self.is_broken:
            raise BusyError("scripted")
        self.parked.append(letter)


@dataclass
class Outside:
    bus: ScriptedBus = field(default_factory=ScriptedBus)
    letters: ScriptedLetters = field(default_factory=ScriptedLetters)
    waits: list[float] = field(default_factory=list)

    def publish(self, records: list[Record], **more: Any) -> list[Published]:
        made = EventPublisher(self.bus, self.letters, TENANT, lambda: at(9), self.waits.append)  # type: ignore[arg-type]  # fakes
        return made.publish(records, **more)


def firings(alert_id: str, count: int) -> list[tuple[Alert | None, Alert]]:
    """So many firings of one alert, one after the other."""
    world = TellingWorld(rules=(rule("r", create_ticket=False),))
    world.hear(triggered(alert=alert_id))
    first = world.alert(alert_id)
    written = [replace(first, version=n + 1, last_triggered_at=at(n), occurrence_count=n + 1) for n in range(count)]
    return list(zip([None, *written[:-1]], written, strict=True))


def records_of(*alerts: str, each: int = 1) -> list[Record]:
    """`each` firings of each of these alerts, in turn."""
    lives = [firings(alert, each) for alert in alerts]
    return numbered(alert_record(before, after) for turn in zip(*lives, strict=True) for before, after in turn)


def refusing(external_id: str, times: int | None = None, error: type[BusError] = RefusedError) -> Fault:
    """Has something against this alert's events, so often or always."""

    def fault(entry: Entry, tries: int) -> BusError | None:
        is_meant = json.loads(entry.detail).get("external_alert_id") == external_id
        return error("scripted") if is_meant and (times is None or tries < times) else None

    return fault


def given_back(results: list[Published]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer(results)["batchItemFailures"]]


def test_a_batch_is_put_in_the_streams_order_ten_at_a_time() -> None:
    outside = Outside()
    results = outside.publish(records_of(*(f"a{number}" for number in range(25))))
    put = [json.loads(entry.detail)["external_alert_id"] for entry in outside.bus.taken]
    assert put == [f"a{number}" for number in range(25)]
    assert [len(call) for call in outside.bus.calls] == [MOST_ENTRIES, MOST_ENTRIES, 5]
    assert all(result.names == ("RMM_ALERT_TRIGGERED",) for result in results)
    assert given_back(results) == []


def test_a_change_of_an_alert_and_of_its_ticket_are_both_told() -> None:
    world = TellingWorld()
    world.hear(triggered())
    outside = Outside()
    outside.publish(numbered([alert_record(None, world.alert()), ticket_record(None, world.ticket)]))
    assert outside.bus.told() == ["RMM_ALERT_TRIGGERED", "TICKET_CREATED"]
    assert outside.bus.taken[0].at == START


def test_other_items_and_removed_ones_make_no_call() -> None:
    alert = firings("a1", 1)[0][1]
    removed = record_of(alert_record(None, alert)["dynamodb"]["NewImage"], None)
    expired = {**removed, "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}
    counter = record_of(None, {"pk": {"S": "COUNTER"}, "sk": {"S": "TICKET"}, "last": {"N": "1"}})
    trace = record_of(None, {"pk": {"S": "A#1"}, "sk": {"S": "TRACE"}, "version": {"N": "1"}})
    raw = record_of(None, {"pk": {"S": "A#1"}, "sk": {"S": "RAW"}, "raw": {"B": b"zip"}})
    outside = Outside()
    results = outside.publish(numbered([removed, expired, counter, trace, raw]))
    assert outside.bus.calls == []
    assert results == [Published(str(number)) for number in range(1, 6)]


def test_calls_stay_below_what_the_bus_takes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    outside = Outside()
    records = records_of("a1", "a2", "a3", "a4")
    outside.publish(records)
    monkeypatch.setattr(module, "MOST_BYTES", 2 * len(outside.bus.taken[0].detail) + 1)
    small = Outside()
    small.publish(records)
    assert [len(call) for call in small.bus.calls] == [2, 2]
    assert small.bus.told() == outside.bus.told()


def test_two_events_of_one_alert_never_go_in_one_call() -> None:
    outside = Outside()
    outside.publish(records_of("a1", "a2", each=3))
    for call in outside.bus.calls:
        subjects = [entry.subject for entry in call]
        assert len(subjects) == len(set(subjects))
    assert len(outside.bus.calls) == 3


def test_a_refused_event_is_tried_again_and_later_ones_of_its_alert_wait_while_others_go_on() -> None:
    outside = Outside(bus=ScriptedBus(refusing("a1", times=2)))
    results = outside.publish(records_of("a1", "a2", each=3))
    details = [json.loads(entry.detail) for entry in outside.bus.taken]
    counts = [(detail["external_alert_id"], detail["occurrence_count"]) for detail in details]
    assert [count for alert, count in counts if alert == "a1"] == [1, 2, 3]
    assert [count for alert, count in counts if alert == "a2"] == [1, 2, 3]
    assert counts.index(("a2", 2)) < counts.index(("a1", 1)), "nobody waits for another's refusal"
    assert given_back(results) == []
    assert outside.letters.parked == []


def test_each_attempt_waits_longer() -> None:
    outside = Outside(bus=ScriptedBus(refusing("a1")))
    outside.publish(records_of("a1"))
    assert len(outside.waits) == ATTEMPTS - 1
    assert outside.waits == sorted(outside.waits)
    assert sum(outside.waits) < 3


def test_what_the_bus_refuses_for_good_is_parked_whole_and_its_alert_goes_on() -> None:
    def only_the_first(entry: Entry, _: int) -> BusError | None:
        return RefusedError("bad") if json.loads(entry.detail)["occurrence_count"] == 1 else None

    outside = Outside(bus=ScriptedBus(only_the_first))
    records = records_of("a1", each=2)
    results = outside.publish(records)
    (letter,) = outside.letters.parked
    assert json.loads(letter.payload) == records[0]
    assert letter.source == "event-publisher"
    assert letter.reason == "the bus refused it: bad"
    assert letter.sent_at == START
    assert outside.bus.told() == ["RMM_ALERT_TRIGGERED"]
    assert given_back(results) == []
    assert [result.parked for result in results] == ["the bus refused it: bad", None]


def test_a_parked_record_can_be_replayed_and_gives_the_same_event() -> None:
    refusing_bus = Outside(bus=ScriptedBus(refusing("a1")))
    refusing_bus.publish(records_of("a1"))
    (letter,) = refusing_bus.letters.parked
    outside = Outside()
    outside.publish([json.loads(letter.payload)])
    assert [entry.detail for entry in outside.bus.taken] == list(refusing_bus.bus.tries)


def test_a_poison_record_is_parked_and_the_others_go_on() -> None:
    outside = Outside()
    records = records_of("a1", "a2")
    results = outside.publish(numbered([records[0], poison(0), records[1]]))
    (letter,) = outside.letters.parked
    assert "no event could be made: KeyError" in letter.reason
    assert json.loads(letter.payload)["dynamodb"]["Keys"]["pk"] == {"S": "A#poison"}
    assert len(outside.bus.taken) == 2
    assert given_back(results) == []


def test_parked_twice_it_is_the_same_letter() -> None:
    outside = Outside()
    outside.publish([poison(3)])
    outside.publish([poison(3)])
    one, two = outside.letters.parked
    assert (one.message_id, one.sent_at, one.source) == (two.message_id, two.sent_at, two.source)


def test_when_parking_fails_the_stream_is_given_back_from_that_record_on() -> None:
    outside = Outside(letters=ScriptedLetters(is_broken=True))
    records = records_of("a1", "a2", "a3")
    results = outside.publish(numbered([records[0], poison(0), records[1], records[2]]))
    assert given_back(results) == ["2"]
    assert outside.letters.parked == []


def test_what_stands_before_a_record_that_is_given_back_is_put_first() -> None:
    outside = Outside(letters=ScriptedLetters(is_broken=True))
    records = records_of("a1", "a2")
    results = outside.publish(numbered([*records, poison(0)]))
    assert given_back(results) == ["3"]
    assert len(outside.bus.taken) == 2


def test_a_bus_out_of_reach_gives_the_stream_back_from_the_first_event_that_is_not_on_it() -> None:
    outside = Outside(bus=ScriptedBus(refusing("a2", error=UnavailableError)))
    results = outside.publish(records_of("a1", "a2", "a3", each=2))
    assert given_back(results) == ["2"]
    assert outside.letters.parked == [], "a bus that is away is no fault of the records"
    assert results[0].failed is None
    told = {json.loads(entry.detail)["external_alert_id"] for entry in outside.bus.taken}
    assert "a2" not in told


def test_a_bus_that_comes_back_in_time_is_not_noticed() -> None:
    outside = Outside(bus=ScriptedBus(refusing("a1", times=ATTEMPTS - 1, error=UnavailableError)))
    results = outside.publish(records_of("a1", each=2))
    assert given_back(results) == []
    assert len(outside.bus.taken) == 2


def test_what_is_given_back_and_comes_again_has_the_same_ids() -> None:
    records = records_of("a1", "a2")
    away, back = Outside(bus=ScriptedBus(refusing("a2", error=UnavailableError))), Outside()
    away.publish(records)
    back.publish(records)
    assert away.bus.taken
    assert {entry.detail for entry in away.bus.taken} <= {entry.detail for entry in back.bus.taken}


def test_a_batch_that_takes_too_long_is_given_back_from_where_it_came_to() -> None:
    outside = Outside()
    records = records_of(*(f"a{number}" for number in range(25)))
    results = outside.publish(records, has_time=lambda: len(outside.bus.calls) < 2)
    assert given_back(results) == ["21"]
    assert len(outside.bus.taken) == 20


def test_a_record_too_large_for_a_dead_letter_is_given_back_so_that_the_bucket_gets_it() -> None:
    large = poison(1)
    large["dynamodb"]["NewImage"]["more"] = {"S": "x" * 400_000}
    outside = Outside()
    assert given_back(outside.publish([large])) == ["1"]
    assert outside.letters.parked == []


def test_a_close_and_a_change_of_one_write_are_put_in_order() -> None:
    world = TellingWorld(rules=(rule("r", auto_resolve_ticket=True),))
    world.hear(triggered())
    before = world.ticket
    world.hear(reset(1))
    after = replace(world.ticket, title="Other")
    outside = Outside()
    outside.publish([ticket_record(before, after)])
    assert outside.bus.told() == ["TICKET_UPDATED", "TICKET_CLOSED"]
    assert len(outside.bus.calls) == 2
