"""How long the alerts of an RMM wait that failed, and what a failure is about."""

import pytest

from tandem.connections.errors import (
    BadReply,
    Forbidden,
    Paced,
    Refused,
    Rejected,
    ServerFailed,
    Throttled,
    TimeIsUp,
    Unreachable,
    VendorError,
    WrongAddress,
)
from tandem.outbound.failing import Concerns, concerns, wait_after, wait_before_attempt


def test_the_wait_grows_from_half_a_minute_to_a_quarter_of_an_hour() -> None:
    assert [wait_before_attempt(each) for each in (1, 2, 3, 4, 5, 6, 7, 500)] == [
        30,
        60,
        120,
        240,
        480,
        900,
        900,
        900,
    ]


@pytest.mark.parametrize(
    ("error", "about"),
    [
        (Rejected("no"), Concerns.THE_ALERT),
        (ServerFailed("no"), Concerns.THE_ALERT_PERHAPS),
        (BadReply("no"), Concerns.THE_ALERT_PERHAPS),
        (WrongAddress("no"), Concerns.THE_RMM),
        (Unreachable("no"), Concerns.THE_RMM),
        (Throttled("no"), Concerns.THE_RMM),
        (TimeIsUp("no"), Concerns.THE_RMM),
        (Refused("no"), Concerns.THE_RMM),
        (Forbidden("no"), Concerns.THE_RMM),
    ],
)
def test_what_a_failure_is_about(error: VendorError, about: Concerns) -> None:
    assert concerns(error) is about


@pytest.mark.parametrize(("said", "wait"), [(0.0, 5), (10.2, 11), (42.0, 43), (86400.0, 900)])
def test_an_rmm_that_says_when_to_come_back_is_taken_at_its_word_within_reason(said: float, wait: int) -> None:
    assert wait_after(Throttled("no", retry_after=said), 4, [False]) == wait


def test_the_rate_that_leaves_no_time_is_waited_for_however_often_that_was_before() -> None:
    assert wait_after(Paced("later", retry_after=42.0), 9, []) == 43
    assert wait_after(Paced("later", retry_after=42.0), 9, [True]) == 43


def test_one_that_had_enough_after_doing_some_is_asked_again_soon() -> None:
    for error in (Throttled("no"), TimeIsUp("no")):
        assert wait_after(error, 4, [True, False]) == 5
        assert wait_after(error, 4, [False]) == 240
    assert wait_after(Unreachable("no"), 2, [True, False]) == 60
