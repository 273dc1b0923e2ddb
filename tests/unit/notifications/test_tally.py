"""Of each user's tickets at most twenty go out by themselves in any five minutes; the rest is gathered."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tandem.notifications.tally import MOST_SINGLES, SPAN, Tally, close, take, take_again
from tests.unit.alerts.world import START

SECOND = timedelta(seconds=1)


def test_the_first_twenty_go_out_by_themselves_and_the_next_is_gathered() -> None:
    tally, singles = take(Tally(), 20, START)
    assert (singles, tally.gathering) == (20, None)
    tally, singles = take(tally, 1, START + SECOND)
    assert singles == 0
    assert tally.gathering is not None
    assert (tally.gathering.due, tally.gathering.count) == (START + SPAN, 1)


def test_one_batch_may_be_partly_gathered() -> None:
    tally, _ = take(Tally(), 15, START)
    tally, singles = take(tally, 10, START + SECOND)
    assert singles == 5
    assert tally.gathering is not None
    assert tally.gathering.count == 5


def test_what_follows_is_gathered_too_until_the_digest_is_closed_even_when_there_is_room_again() -> None:
    tally, _ = take(Tally(), 21, START)
    later = START + SPAN + SECOND
    tally, singles = take(tally, 1, later)
    assert singles == 0
    tally, singles = take(close(tally), 1, later)
    assert singles == 1


def test_twenty_in_four_minutes_and_twenty_in_the_next_four_are_too_many() -> None:
    tally = Tally()
    for minute in range(4):
        tally, _ = take(tally, 5, START + timedelta(minutes=minute))
    tally, singles = take(tally, 20, START + SPAN)
    assert singles == 5, "only the first minute's five are past"


def test_a_mail_that_is_tried_again_takes_its_place_with_it() -> None:
    tally, _ = take(Tally(), 20, START)
    again = take_again(tally, START, START + SECOND)
    assert again is not None
    assert again.singles.count(START) == 19
    assert again.singles[-1] == START + SECOND


def test_a_mail_that_is_tried_again_later_needs_room() -> None:
    old, _ = take(Tally(), 1, START)
    storm, _ = take(old, 20, START + SPAN)
    assert take_again(storm, START, START + SPAN + SECOND) is None
    assert take_again(storm, START, START + SPAN + SPAN) is not None


def test_a_clock_that_is_behind_opens_no_second_digest_at_the_same_time() -> None:
    tally, _ = take(Tally(), 21, START)
    assert tally.gathering is not None
    closed = close(tally)
    behind = tally.gathering.due - SECOND
    after, singles = take(closed, 21, behind)
    assert singles == 20
    assert after.gathering is not None
    assert after.gathering.due > tally.gathering.due


steps = st.lists(
    st.tuples(
        st.sampled_from(["tickets", "a mail fails", "it is tried again", "sweep"]),
        st.integers(0, 200),  # seconds since the last step
        st.integers(-2, 0),  # how far the clock of this instance is behind
        st.integers(1, 30),
    ),
    max_size=60,
)


@given(steps)
def test_never_more_than_twenty_in_any_five_minutes_and_nothing_gathered_is_lost(
    taken: list[tuple[str, int, int, int]],
) -> None:
    tally, now = Tally(), START
    sent: list[datetime] = []
    failed: list[datetime] = []
    tickets = told = 0
    dues = []
    for what, seconds, behind, number in taken:
        now += timedelta(seconds=seconds)
        clock = now + timedelta(seconds=behind)
        if what == "tickets":
            before = tally.gathering.count if tally.gathering else 0
            tally, singles = take(tally, number, clock)
            gathered = (tally.gathering.count if tally.gathering else 0) - before
            assert singles + gathered == number
            sent += [tally.time(clock)] * singles
            tickets, told = tickets + number, told + singles
        elif what == "a mail fails" and sent:
            failed.append(sent.pop(number % len(sent)))
        elif what == "it is tried again" and failed:
            if (after := take_again(tally, failed[0], clock)) is not None:
                failed.pop(0)
                tally = after
                sent.append(tally.time(clock))
        elif what == "sweep" and tally.gathering is not None and tally.gathering.due <= clock:
            told += tally.gathering.count
            dues.append(tally.gathering.due)
            tally = close(tally)
    assert told + (tally.gathering.count if tally.gathering else 0) == tickets
    sent.sort()
    for first, beyond in zip(sent, sent[MOST_SINGLES:], strict=False):
        assert beyond - first >= SPAN
    assert all(earlier < later for earlier, later in pairwise(dues))
