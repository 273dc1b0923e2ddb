"""Several function instances keep one rate."""

import logging
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.connections.errors import Paced
from tandem.connections.limits import Deadline, RateLimit
from tandem.connections.shared_pace import ALONE_SECONDS
from tandem.store.errors import BusyError
from tests.unit.connections.sharing import MINUTE, InMemory, Instance, instance, most_in_a_window, run


@given(
    requests=st.integers(1, 300),
    begins_at=st.lists(st.floats(0, 90), min_size=1, max_size=4),
    longest=st.sampled_from([0.0, 0.1, 1.0, 8.0, 30.0]),
    seed=st.integers(),
)
def test_no_window_holds_more_than_the_rate_allows_however_many_ask(
    requests: int, begins_at: list[float], longest: float, seed: int
) -> None:
    reservations, dice = InMemory(), random.Random(seed)
    instances = [instance(RateLimit(requests, MINUTE), reservations, at) for at in begins_at]
    sent_at = run(instances, 200.0, lambda: dice.uniform(0.0, longest))
    assert most_in_a_window(sent_at, 60.0) <= requests


@pytest.mark.parametrize(("requests", "calls_of_a_hundred"), [(60, 21), (100, 14), (120, 12), (300, 5)])
def test_nine_tenths_of_the_rate_are_used_at_one_call_of_the_table_in_five_seconds(
    requests: int, calls_of_a_hundred: int
) -> None:
    reservations = InMemory()
    busy = [instance(RateLimit(requests, MINUTE), reservations) for _ in range(2)]
    sent_at = run(busy, 600.0, lambda: 0.05)
    assert len(sent_at) >= 10 * requests * 0.89
    assert reservations.calls <= 600 / 5 + 2
    assert reservations.calls * 100 / len(sent_at) <= calls_of_a_hundred


def test_a_few_requests_after_a_quiet_time_go_out_at_once() -> None:
    one = instance(RateLimit(60, MINUTE), InMemory())
    for _ in range(5):
        one.ask(0.1)
    assert one.sent_at == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_a_long_listing_holds_up_nobody_elses_request_for_long() -> None:
    reservations = InMemory()
    listing = instance(RateLimit(60, MINUTE), reservations)
    run([listing], 100.0, lambda: 0.05)
    person = instance(RateLimit(60, MINUTE), reservations, 100.0)
    person.ask(0.1)
    assert person.sent_at[0] < 107.0


def test_slots_that_were_not_used_in_time_are_lost() -> None:
    reservations = InMemory()
    one = instance(RateLimit(60, MINUTE), reservations)
    one.ask(30.0)
    one.ask(0.0)
    assert reservations.calls == 2
    assert most_in_a_window(one.sent_at, 60.0) == 2


def test_what_would_be_too_late_is_said_at_once_and_reserves_nothing() -> None:
    reservations = InMemory()
    rate = RateLimit(1, MINUTE)
    instance(rate, reservations).ask(0.0)
    hurried = instance(rate, reservations, 10.0)
    before = reservations.end
    with pytest.raises(Paced) as caught:
        hurried.pace.wait(Deadline(20, hurried.world.around.clock), "Acme RMM")
    assert caught.value.retry_after == pytest.approx(52.0, abs=1.0)
    assert reservations.end == before
    assert hurried.world.waits == []


def test_a_slot_that_is_too_late_for_one_piece_of_work_is_there_for_the_next() -> None:
    reservations = InMemory()
    one = instance(RateLimit(60, MINUTE), reservations)
    for _ in range(6):
        one.ask(0.0)
    calls = reservations.calls
    one.ask(0.0, seconds=0.1)
    assert one.paced == 1
    one.ask(0.0)
    assert reservations.calls == calls


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


@pytest.fixture
def down(caplog: pytest.LogCaptureFixture) -> tuple[Instance, InMemory]:
    """An instance whose table does not answer."""
    caplog.set_level(logging.WARNING, "tandem")
    reservations = InMemory()
    reservations.failure = BusyError("no answer from the table: ConnectTimeoutError")
    return instance(RateLimit(10, timedelta(seconds=10)), reservations), reservations


def test_without_the_table_an_instance_keeps_to_the_rate_by_itself_and_says_so(
    down: tuple[Instance, InMemory], caplog: pytest.LogCaptureFixture
) -> None:
    one, reservations = down
    for _ in range(25):
        one.ask(0.0)
    assert most_in_a_window(one.sent_at, 10.0) == 10
    assert len(one.sent_at) == 25
    assert reservations.calls == 1, "it is not asked again for each request"
    assert len(told(caplog)) == 1
    assert "rate kept without the other instances" in told(caplog)[0]


def test_the_table_is_asked_again_after_a_while(down: tuple[Instance, InMemory]) -> None:
    one, reservations = down
    for _ in range(10):
        one.ask(0.0)
    reservations.failure = None
    one.world.seconds = ALONE_SECONDS
    sent_at = [*one.sent_at, *run([one], 60.0, lambda: 0.0)]
    assert reservations.calls > 1
    assert most_in_a_window(sorted(set(sent_at)), 10.0) <= 10
