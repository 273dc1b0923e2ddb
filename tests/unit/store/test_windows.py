"""Maintenance windows as items of the table."""

from datetime import date, time

import pytest

from tandem.alerts.windows import MaintenanceWindow, Span, Weekday, Weekly
from tandem.store.codec import decode_item, encode_item
from tandem.store.windows import window_of, window_values
from tests.unit.alerts.world import at

WEEKLY = Weekly(frozenset({Weekday.MON, Weekday.SUN}), time(22, 0), time(2, 30), "Australia/Lord_Howe")


@pytest.mark.parametrize(
    "window",
    [
        MaintenanceWindow("w1", "Once", span=Span(at(0), at(60.5))),
        MaintenanceWindow("w1", "Scoped", False, "i1", "c1", "x1", Span(at(0), at(1))),
        MaintenanceWindow("w1", "Weekly", weekly=WEEKLY),
        MaintenanceWindow(
            "w1",
            "Bounded",
            weekly=Weekly(frozenset(Weekday), time(0), time(23, 59), "UTC", date(2026, 1, 1), date(2026, 12, 31)),
        ),
    ],
    ids=lambda window: window.name,
)
def test_a_window_comes_out_of_its_item_as_it_went_in(window: MaintenanceWindow) -> None:
    assert window_of(decode_item(encode_item(window_values(window)))) == window


def test_a_plan_is_kept_in_words_that_a_person_can_read() -> None:
    values = decode_item(encode_item(window_values(MaintenanceWindow("w1", "Weekly", weekly=WEEKLY))))
    assert values["weekly"] == {
        "days": ["mon", "sun"],
        "start": "22:00",
        "end": "02:30",
        "timezone": "Australia/Lord_Howe",
    }
