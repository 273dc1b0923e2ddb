"""Which wishes that an RMM resets an alert are told on the bus."""

from dataclasses import replace

from tandem.alerts.outbound import OutboundReset, ResetState
from tandem.events.changes import events_of
from tandem.store.outbound import outbound_from, outbound_item
from tandem.store.stream import change_of
from tests.unit.alerts.world import START, at
from tests.unit.events.stream_records import record_of

WISH = OutboundReset("a1", "i1", "r1", START, START, announced=True)


def told(before: OutboundReset | None, after: OutboundReset | None) -> list[str]:
    """The request ids of the events of this change."""
    was, item = (outbound_item(each) if each else None for each in (before, after))
    events = events_of(change_of(record_of(was, item)), "local")
    return [str(event.model_dump()["request_id"]) for event in events]


def test_a_wish_that_waits_to_be_announced_is_told_once() -> None:
    assert told(None, WISH) == ["r1"]
    assert told(WISH, replace(WISH, attempts=1, last_error="no")) == []
    assert told(replace(WISH, state=ResetState.FAILED), replace(WISH, request_id="r2")) == ["r2"]
    assert told(WISH, None) == []


def test_what_its_writer_hands_over_itself_is_not_told() -> None:
    assert told(None, replace(WISH, announced=False, ticket_id="t1")) == []


def test_a_wish_survives_the_table_as_it_is() -> None:
    whole = replace(WISH, ticket_id="t1", state=ResetState.FAILED, attempts=3, last_error="no", done_at=at(1))
    assert [outbound_from(outbound_item(each)) for each in (WISH, whole)] == [WISH, whole]
