"""Messages of the device-sync queue, and how often one is tried."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.connections.errors import BadReply, Forbidden, NotConnected, Refused, Throttled, VendorError, WrongAddress
from tandem.syncing.attempts import ATTEMPTS, FIRST_WAIT, LONGEST_WAIT, may_pass, wait_after
from tandem.syncing.leases import LEASE, STALE_AFTER
from tandem.syncing.message import MessageError, Step, SyncMessage, decode, encode

IDS = st.text(min_size=1, max_size=20)
NUMBERS = st.integers(0, 10**6)
MAYBE = st.none() | st.text(max_size=9).filter(bool)
MESSAGES = st.builds(
    SyncMessage,
    st.sampled_from(Step),
    IDS,
    IDS,
    NUMBERS,
    MAYBE,
    MAYBE,
    NUMBERS,
    NUMBERS,
    MAYBE,
    NUMBERS,
    st.dictionaries(IDS, NUMBERS, max_size=3),
    MAYBE,
)


@given(MESSAGES)
def test_a_message_is_read_as_it_was_written(message: SyncMessage) -> None:
    assert decode(encode(message)) == message


def test_what_says_nothing_is_not_in_a_message() -> None:
    assert json.loads(encode(SyncMessage(Step.START, "i", "r"))) == {
        "v": 1,
        "step": "start",
        "integration_id": "i",
        "run_id": "r",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"step": "dance"},
        {"step": None},
        {"integration_id": ""},
        {"run_id": 7},
        {"step_number": -1},
        {"number": True},
        {"after": 3},
        {"listed": ["devices"]},
        {"listed": {"devices": "many"}},
    ],
)
def test_what_is_no_message_is_refused(change: dict[str, Any]) -> None:
    body = {"v": 1, "step": "list", "integration_id": "i", "run_id": "r"} | change
    with pytest.raises(MessageError):
        decode(json.dumps(body))


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"list"'])
def test_what_is_no_json_object_is_refused(body: str) -> None:
    with pytest.raises(MessageError):
        decode(body)


def test_a_step_is_tried_again_ever_later_but_no_later_than_its_lease_lasts() -> None:
    waits = [wait_after(attempt) for attempt in range(1, ATTEMPTS)]

    assert waits == sorted(waits)
    assert (waits[0], wait_after(30)) == (FIRST_WAIT, LONGEST_WAIT)
    assert LEASE.total_seconds() > STALE_AFTER.total_seconds() > LONGEST_WAIT
    assert wait_after(1, asked_for=120) == 120
    assert wait_after(1, asked_for=10**6) == LONGEST_WAIT


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (Throttled("later"), True),
        (BadReply("half"), True),
        (WrongAddress("a page"), True),
        (Refused("no"), False),
        (Forbidden("no"), False),
        (NotConnected(), False),
    ],
)
def test_what_a_person_must_mend_is_not_tried_again(error: VendorError, passes: bool) -> None:
    assert may_pass(error) is passes
