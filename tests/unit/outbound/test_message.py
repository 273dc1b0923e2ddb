"""What the two queues hold, and what is none of theirs."""

import json

import pytest

from tandem.alerts.outbound import OutboundReset
from tandem.outbound.message import OutboundMessageError, ResetWanted, TicketClosed, asked, decode, encode
from tests.unit.alerts.world import START


def test_a_wish_is_asked_for_by_its_ids_alone() -> None:
    wish = OutboundReset("a1", "i1", "r1", START)
    assert decode(encode(wish)) == ResetWanted("a1", "i1", "r1")
    of_close = OutboundReset("a1", "i1", "r1", START, ticket_id="t1")
    assert decode(encode(of_close)) == ResetWanted("a1", "i1", "r1", "t1")


def test_an_event_of_the_bus_says_what_it_asks_for_and_may_say_more() -> None:
    closed = {"detail-type": "TICKET_CLOSED", "detail": {"ticket_id": "t1", "number": "T-1"}, "id": "x"}
    assert asked(json.dumps(closed)) == TicketClosed("t1")
    wanted = {"alert_id": "a1", "integration_id": "i1", "request_id": "r1", "more": 1}
    event = {"detail-type": "RMM_ALERT_RESET_REQUESTED", "detail": wanted}
    assert asked(json.dumps(event)) == ResetWanted("a1", "i1", "r1")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"detail-type": "TICKET_CREATED", "detail": {"ticket_id": "t1"}}',
        '{"detail-type": "TICKET_CLOSED", "detail": {}}',
        '{"detail-type": "TICKET_CLOSED", "detail": {"ticket_id": 5}}',
        '{"detail-type": ["TICKET_CLOSED"], "detail": {"ticket_id": "t1"}}',
        "[" * 100_000,
    ],
)
def test_what_is_no_such_event_says_so(body: str) -> None:
    with pytest.raises(OutboundMessageError):
        asked(body)


@pytest.mark.parametrize("body", ["", "5", '{"v": 2}', '{"v": 1}', '{"v": 1, "alert_id": "a", "integration_id": ""}'])
def test_what_is_no_such_message_says_so(body: str) -> None:
    with pytest.raises(OutboundMessageError):
        decode(body)
