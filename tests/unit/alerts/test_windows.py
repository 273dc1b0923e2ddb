"""When maintenance windows hold."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.admin.schemas.windows import WeeklyBody, timezone_names
from tandem.alerts.windows import MaintenanceWindow, Span, Weekday, Weekly, current, instant, occurrences, suppressing

EVERY_DAY = frozenset(Weekday)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def weekly(start: str, end: str, zone: str, days: frozenset[Weekday] = EVERY_DAY, **bounds: date) -> MaintenanceWindow:
    plan = Weekly(days, time.fromisoformat(start), time.fromisoformat(end), zone, **bounds)
    return MaintenanceWindow("w", "Nightly", weekly=plan)


def one_off(start: str, end: str) -> MaintenanceWindow:
    return MaintenanceWindow("w", "Once", span=Span(utc(start), utc(end)))


def spans(window: MaintenanceWindow, since: str, count: int = 3) -> list[tuple[str, str]]:
    found = islice(occurrences(window, utc(since)), count)
    return [(f"{span.starts_at:%m-%d %H:%M}", f"{span.ends_at:%m-%d %H:%M}") for span in found]


def test_a_one_off_window_holds_from_its_start_and_not_at_its_end() -> None:
    window = one_off("2026-03-01 10:00", "2026-03-01 12:00")
    assert current(window, utc("2026-03-01 09:59")) is None
    assert current(window, utc("2026-03-01 10:00")) is not None
    assert current(window, utc("2026-03-01 11:59")) is not None
    assert current(window, utc("2026-03-01 12:00")) is None


def test_the_weekday_is_the_zones_and_not_utcs() -> None:
    window = weekly("20:00", "22:00", "America/New_York", frozenset({Weekday.FRI}))
    assert spans(window, "2026-01-10 00:00", 1) == [("01-10 01:00", "01-10 03:00")], "Friday evening is Saturday in UTC"


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    window = weekly("22:00", "02:00", "Europe/London", frozenset({Weekday.MON}))
    assert current(window, utc("2026-01-05 22:00")) is not None
    assert current(window, utc("2026-01-06 01:59")) is not None
    assert current(window, utc("2026-01-06 02:00")) is None
    assert current(window, utc("2026-01-05 01:00")) is None


@pytest.mark.parametrize(
    ("zone", "since", "start", "end", "expected"),
    [
        # Clocks go forward: 02:00 to 03:00 is not there. The start moves to the gap's end, an hour stays an hour.
        ("America/New_York", "2026-03-08 00:00", "02:00", "03:00", ("03-08 07:00", "03-08 08:00")),
        ("America/New_York", "2026-03-08 00:00", "02:30", "03:30", ("03-08 07:00", "03-08 08:00")),
        ("America/New_York", "2026-03-08 00:00", "01:30", "03:30", ("03-08 06:30", "03-08 08:30")),
        ("Europe/London", "2026-03-29 00:00", "01:00", "02:00", ("03-29 01:00", "03-29 02:00")),
        ("Europe/London", "2026-03-29 00:00", "01:59", "02:59", ("03-29 01:00", "03-29 02:00")),
        # Clocks go back: 01:30 comes twice, the first counts, and an hour stays an hour.
        ("America/New_York", "2026-11-01 00:00", "01:30", "02:30", ("11-01 05:30", "11-01 06:30")),
        ("Europe/London", "2026-10-25 00:00", "01:30", "02:30", ("10-25 00:30", "10-25 01:30")),
        # Lord Howe moves by half an hour: 02:00 to 02:30 is not there in spring, 01:30 to 02:00 is twice in autumn.
        ("Australia/Lord_Howe", "2026-10-03 12:00", "02:00", "03:00", ("10-03 15:30", "10-03 16:30")),
        ("Australia/Lord_Howe", "2026-10-03 12:00", "02:15", "03:15", ("10-03 15:30", "10-03 16:30")),
        ("Australia/Lord_Howe", "2026-04-04 12:00", "01:45", "02:45", ("04-04 14:45", "04-04 15:45")),
        # Apia skipped the whole of 30 December 2011: that day's window begins where the next day does.
        ("Pacific/Apia", "2011-12-30 09:59", "12:00", "13:00", ("12-30 10:00", "12-30 11:00")),
    ],
)
def test_clocks_that_change(zone: str, since: str, start: str, end: str, expected: tuple[str, str]) -> None:
    assert spans(weekly(start, end, zone), since, 1) == [expected]


def test_a_nightly_window_has_one_occurrence_a_night_when_clocks_change() -> None:
    window = weekly("01:00", "04:00", "America/New_York")
    assert spans(window, "2026-03-07 00:00") == [
        ("03-07 06:00", "03-07 09:00"),
        ("03-08 06:00", "03-08 09:00"),
        ("03-09 05:00", "03-09 08:00"),
    ]


def test_the_first_and_the_last_date_bound_the_days_on_which_it_begins() -> None:
    window = weekly("22:00", "02:00", "UTC", from_date=date(2026, 5, 4), until_date=date(2026, 5, 5))
    assert spans(window, "2026-01-01 00:00", 5) == [("05-04 22:00", "05-05 02:00"), ("05-05 22:00", "05-06 02:00")]


def test_an_inactive_window_never_holds() -> None:
    window = MaintenanceWindow("w", "Off", active=False, span=Span(utc("2026-01-01 00:00"), utc("2027-01-01 00:00")))
    assert current(window, utc("2026-06-01 00:00")) is None


@pytest.mark.parametrize("zone", ["Mars/Olympus_Mons", "Europe", "../etc/passwd", ""])
def test_a_window_in_a_timezone_that_nobody_knows_any_more_never_holds_and_stops_no_alert(zone: str) -> None:
    assert current(weekly("00:00", "23:59", zone), utc("2026-06-01 12:00")) is None


def test_every_timezone_that_is_taken_can_be_told() -> None:
    assert {"UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia"} <= timezone_names()
    for name in timezone_names():
        body = WeeklyBody.model_validate({"days": ["tue"], "start": "22:00", "end": "02:00", "timezone": name})
        assert body.timezone == name
        assert len(spans(weekly("22:00", "02:00", name), "2026-11-03 12:00", 5)) == 5, name


def test_all_scopes_that_are_given_must_fit() -> None:
    span = Span(utc("2026-01-01 00:00"), utc("2027-01-01 00:00"))
    window = MaintenanceWindow("w", "Scoped", integration_id="i1", client_id="c1", asset_id="a1", span=span)
    now = utc("2026-06-01 00:00")
    assert suppressing([window], now, integration_id="i1", client_id="c1", asset_id="a1")
    for other in ({"integration_id": "i2"}, {"client_id": "c2"}, {"asset_id": None}):
        place: dict[str, str | None] = {"integration_id": "i1", "client_id": "c1", "asset_id": "a1", **other}
        assert not suppressing([window], now, **place)  # type: ignore[arg-type]  # words of the call
    anything = MaintenanceWindow("v", "All", span=span)
    assert suppressing([anything], now, integration_id="i9", client_id=None, asset_id=None)


def test_of_several_windows_the_one_that_ends_last_holds() -> None:
    short, long = one_off("2026-01-01 00:00", "2026-01-01 02:00"), one_off("2026-01-01 01:00", "2026-01-01 05:00")
    found = suppressing([short, long], utc("2026-01-01 01:30"), integration_id="i", client_id=None, asset_id=None)
    assert found is not None
    assert found[1].ends_at == utc("2026-01-01 05:00")


zones = st.sampled_from(
    ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "UTC"]
)
clocks = st.times(timezones=st.none()).map(lambda clock: clock.replace(second=0, microsecond=0))


@given(zones, clocks, clocks, st.datetimes(datetime(2011, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001  made aware below
def test_every_occurrence_is_as_long_as_the_wall_clock_says_and_begins_where_it_says(
    zone: str, start: time, end: time, since: datetime
) -> None:
    if start == end:
        return
    window = MaintenanceWindow("w", "n", weekly=Weekly(EVERY_DAY, start, end, zone))
    before = None
    for span in islice(occurrences(window, since.replace(tzinfo=UTC)), 4):
        assert window.weekly is not None
        assert span.ends_at - span.starts_at == window.weekly.length
        wall = span.starts_at.astimezone(ZoneInfo(zone))
        in_a_gap = instant(wall.date(), start, ZoneInfo(zone)) != span.starts_at or wall.time() != start
        if in_a_gap:
            a_moment_before = (span.starts_at - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
            assert a_moment_before.utcoffset() != wall.utcoffset(), "only a change of the clock moves a start"
        assert before is None or span.starts_at >= before.starts_at
        before = span
