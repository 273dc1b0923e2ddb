from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.providers.moments import FUTURE_TOLERANCE, moment, occurred_at

RECEIVED_AT = datetime(2026, 11, 21, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (1742391675.556, "2025-03-19T13:41:15.556000+00:00"),
        (1742391675, "2025-03-19T13:41:15+00:00"),
        (1742391675556, "2025-03-19T13:41:15.556000+00:00"),
        ("1742391675.556", "2025-03-19T13:41:15.556000+00:00"),
        ("2026-11-21 01:49:57.638945+00:00", "2026-11-21T01:49:57.638945+00:00"),
        ("2026-06-20 14:03:11.5+00:00", "2026-06-20T14:03:11.500000+00:00"),
        (" 2026-06-20T14:03:11Z ", "2026-06-20T14:03:11+00:00"),
        ("2026-06-20T16:03:11+02:00", "2026-06-20T14:03:11+00:00"),
        ("2026-06-20 14:03:11", "2026-06-20T14:03:11+00:00"),
    ],
)
def test_the_ways_in_which_vendors_write_a_time(value: object, at: str) -> None:
    found = moment(value)
    assert found is not None
    assert found.isoformat() == at


@pytest.mark.parametrize(
    "value",
    [None, True, "", "None", "yesterday", "nan", "inf", float("nan"), float("inf"), 0, -5, 1e300, 10**400, [], {}],
)
def test_what_is_no_time(value: object) -> None:
    assert moment(value) is None


@given(st.text() | st.integers() | st.floats())
def test_no_value_breaks_it(value: object) -> None:
    found = moment(value)
    assert found is None or found.tzinfo is UTC


def test_a_little_ahead_is_the_vendors_clock_and_far_ahead_is_taken_as_receipt() -> None:
    assert occurred_at(RECEIVED_AT + FUTURE_TOLERANCE, RECEIVED_AT) == RECEIVED_AT + FUTURE_TOLERANCE
    assert occurred_at(RECEIVED_AT + FUTURE_TOLERANCE + timedelta(seconds=1), RECEIVED_AT) == RECEIVED_AT
    assert occurred_at(datetime(9999, 1, 1, tzinfo=UTC), RECEIVED_AT) == RECEIVED_AT
    assert occurred_at(None, RECEIVED_AT) == RECEIVED_AT
    assert occurred_at(datetime(2020, 1, 1, tzinfo=UTC), RECEIVED_AT) == datetime(2020, 1, 1, tzinfo=UTC)
