"""Maintenance windows over the admin API, and what they do to alerts together with the sweep."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.admin_calls import HOST, AdminApi, fields
from tests.integration.sweeping import sweep_of_windows
from tests.unit.alerts.world import triggered

pytestmark = pytest.mark.emulator

WEEKLY: dict[str, Any] = {"days": ["tue", "thu"], "start": "22:00", "end": "02:00", "timezone": "America/New_York"}


def text(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def hours_from_now(hours: float) -> str:
    return text(datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours))


def now_on(name: str = "Now", hours: float = 1, **scope: Any) -> dict[str, Any]:
    """A window that holds now, for so many hours more."""
    return {"name": name, "starts_at": hours_from_now(-1), "ends_at": hours_from_now(hours), **scope}


def new_window(api: AdminApi, body: dict[str, Any]) -> str:
    made: str = api.ok("POST", "/maintenance-windows", body)["id"]
    return made


def minute_passes(api: AdminApi) -> None:
    """The sweep's next run, and the processor on what it queues."""

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=1)

    sweep_of_windows(api.dynamodb, api.sqs, api.name, api.queue_url, clock).run(lambda: True)
    api.work_the_queue()


@pytest.fixture
def integration_id(api: AdminApi) -> str:
    """An integration whose alerts all have a client and become tickets."""
    return api.new_integration(default_client_id=api.new_client())


def test_a_one_off_window_is_kept_and_says_when_it_holds(api: AdminApi) -> None:
    body = now_on("Patch night")
    response = api.call("POST", "/maintenance-windows", body)
    made = response.json
    assert response.status == 201
    path = f"/maintenance-windows/{made['id']}"
    assert response.headers["location"] == f"https://{HOST}/api/v1{path}"
    assert made == {
        "id": made["id"],
        "name": "Patch night",
        "active": True,
        "integration_id": None,
        "client_id": None,
        "asset_id": None,
        "starts_at": body["starts_at"],
        "ends_at": body["ends_at"],
        "weekly": None,
        "next_occurrences": [{"starts_at": body["starts_at"], "ends_at": body["ends_at"]}],
    }
    assert api.ok("GET", path) == made
    assert api.items("/maintenance-windows") == [made]


def test_all_that_a_weekly_window_says_is_kept(api: AdminApi, integration_id: str) -> None:
    client_id = api.new_client()
    weekly = {**WEEKLY, "from_date": "2026-01-01", "until_date": "2199-12-31"}
    scope = {"integration_id": integration_id, "client_id": client_id, "asset_id": "an-asset"}
    made = api.ok("POST", "/maintenance-windows", {"name": "Weekly", **scope, "weekly": weekly})
    assert made["weekly"] == weekly
    assert {name: made[name] for name in scope} == scope
    assert (made["starts_at"], made["ends_at"]) == (None, None)
    assert len(made["next_occurrences"]) == 5
    assert api.ok("GET", f"/maintenance-windows/{made['id']}") == made


def test_times_are_taken_with_any_offset_and_days_in_any_order_and_number(api: AdminApi) -> None:
    made = api.ok(
        "POST",
        "/maintenance-windows",
        {"name": "x", "starts_at": "2199-03-01T10:00:00+05:30", "ends_at": "2199-03-01T04:30:00.250Z"},
    )
    assert (made["starts_at"], made["ends_at"]) == ("2199-03-01T04:30:00Z", "2199-03-01T04:30:00.250Z")
    made = api.ok("POST", "/maintenance-windows", {"name": "x", "weekly": {**WEEKLY, "days": ["sun", "mon", "sun"]}})
    assert made["weekly"]["days"] == ["mon", "sun"]


# Each zone's change of clocks in an empty year far ahead, so that the next occurrences are known whenever this runs.
@pytest.mark.parametrize(
    ("zone", "start", "end", "day", "expected"),
    [
        # Forward at 02:00: half past two is not there. The start moves to the gap's end, an hour stays an hour.
        ("America/New_York", "02:30", "03:30", "2099-03-08", ("2099-03-08T07:00:00Z", "2099-03-08T08:00:00Z")),
        # Back at 02:00: half past one comes twice, and the first one is meant.
        ("America/New_York", "01:30", "02:30", "2099-11-01", ("2099-11-01T05:30:00Z", "2099-11-01T06:30:00Z")),
        ("Europe/London", "01:30", "02:30", "2099-03-29", ("2099-03-29T01:00:00Z", "2099-03-29T02:00:00Z")),
        ("Europe/London", "01:30", "02:30", "2099-10-25", ("2099-10-25T00:30:00Z", "2099-10-25T01:30:00Z")),
        # Across midnight into the day of the change: four hours stay four hours.
        ("Europe/London", "22:00", "02:00", "2099-03-28", ("2099-03-28T22:00:00Z", "2099-03-29T02:00:00Z")),
        # Half an hour forward at 02:00, half an hour back at 02:00.
        ("Australia/Lord_Howe", "02:15", "03:15", "2099-10-04", ("2099-10-03T15:30:00Z", "2099-10-03T16:30:00Z")),
        ("Australia/Lord_Howe", "01:45", "02:45", "2099-04-05", ("2099-04-04T14:45:00Z", "2099-04-04T15:45:00Z")),
        # The other side of the date line; no summer time since 2021.
        ("Pacific/Apia", "00:30", "02:00", "2099-01-10", ("2099-01-09T11:30:00Z", "2099-01-09T13:00:00Z")),
    ],
)
def test_an_occurrence_is_told_as_the_two_instants_that_it_is(
    api: AdminApi, zone: str, start: str, end: str, day: str, expected: tuple[str, str]
) -> None:
    every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    weekly = {"days": every_day, "start": start, "end": end, "timezone": zone, "from_date": day, "until_date": day}
    made = api.ok("POST", "/maintenance-windows", {"name": zone, "weekly": weekly})
    assert made["next_occurrences"] == [{"starts_at": expected[0], "ends_at": expected[1]}]


def test_there_are_as_many_next_occurrences_as_there_are_up_to_five(api: AdminApi) -> None:
    weekly = {**WEEKLY, "days": ["mon"], "from_date": "2099-01-05", "until_date": "2099-01-19"}
    window_id = new_window(api, {"name": "Three times", "weekly": weekly})
    path = f"/maintenance-windows/{window_id}"
    starts = [each["starts_at"][:10] for each in api.ok("GET", path)["next_occurrences"]]
    assert starts == ["2099-01-06", "2099-01-13", "2099-01-20"], "in UTC it is the next day already"
    assert api.ok("PUT", path, {"name": "x", "weekly": weekly, "active": False})["next_occurrences"] == []


def test_a_window_that_is_over_is_taken_and_holds_nothing(api: AdminApi, integration_id: str) -> None:
    over = {"name": "Over", "starts_at": hours_from_now(-2), "ends_at": hours_from_now(-1)}
    assert api.ok("POST", "/maintenance-windows", over)["next_occurrences"] == []
    weekly = {**WEEKLY, "until_date": "2020-01-01"}
    assert api.ok("POST", "/maintenance-windows", {"name": "Over", "weekly": weekly})["next_occurrences"] == []
    api.hear(integration_id, triggered())
    assert api.alert(integration_id)["status"] == "active"


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def test_what_is_no_time_of_day_is_told_in_words(refusing: AdminApi) -> None:
    body = {"name": "x", "weekly": {**WEEKLY, "start": "22"}}
    problem = refusing.refused(422, "POST", "/maintenance-windows", body)
    assert problem["errors"] == [{"field": "weekly.start", "message": "must be a time from 00:00 to 23:59, as HH:MM"}]


ONCE: dict[str, Any] = {"starts_at": "2099-01-01T00:00:00Z", "ends_at": "2099-01-01T01:00:00Z"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "weekly"),
        ({"starts_at": None, "ends_at": None, "weekly": None}, "weekly"),
        ({**ONCE, "weekly": WEEKLY}, "weekly"),
        (without(ONCE, "ends_at"), "ends_at"),
        (without(ONCE, "starts_at"), "ends_at"),
        ({**without(ONCE, "ends_at"), "weekly": WEEKLY}, "ends_at"),
        ({**ONCE, "ends_at": ONCE["starts_at"]}, "ends_at"),
        ({**ONCE, "ends_at": "2098-01-01T00:00:00Z"}, "ends_at"),
        ({**ONCE, "starts_at": "2099-01-01T00:00:00"}, "starts_at"),
        ({**ONCE, "starts_at": 4070908800}, "starts_at"),
        ({**ONCE, "starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({**ONCE, "ends_at": "9999-12-31T23:59:59-14:00"}, "ends_at"),
        ({**ONCE, "integration_id": "unknown"}, "integration_id"),
        ({**ONCE, "client_id": "unknown"}, "client_id"),
        ({**ONCE, "client_id": ""}, "client_id"),
        ({**ONCE, "every": "day"}, "every"),
        ({"weekly": {**WEEKLY, "days": []}}, "weekly.days"),
        ({"weekly": {**WEEKLY, "days": ["monday"]}}, "weekly.days.0"),
        ({"weekly": {**WEEKLY, "end": "22:00"}}, "weekly.end"),
        ({"weekly": {**WEEKLY, "end": "24:00"}}, "weekly.end"),
        ({"weekly": {**WEEKLY, "start": "7:00"}}, "weekly.start"),
        ({"weekly": {**WEEKLY, "start": "22:00:30"}}, "weekly.start"),
        ({"weekly": {**WEEKLY, "start": "22:00\n"}}, "weekly.start"),
        ({"weekly": {**WEEKLY, "start": "２２:00"}}, "weekly.start"),
        ({"weekly": without(WEEKLY, "timezone")}, "weekly.timezone"),
        ({"weekly": {**WEEKLY, "timezone": "Mars/Olympus_Mons"}}, "weekly.timezone"),
        ({"weekly": {**WEEKLY, "timezone": "../../etc/passwd"}}, "weekly.timezone"),
        ({"weekly": {**WEEKLY, "timezone": "Europe"}}, "weekly.timezone"),
        ({"weekly": {**WEEKLY, "timezone": "europe/london"}}, "weekly.timezone"),
        ({"weekly": {**WEEKLY, "timezone": "right/Europe/London"}}, "weekly.timezone"),
        ({"weekly": {**WEEKLY, "timezone": "localtime"}}, "weekly.timezone"),
        ({"weekly": {**WEEKLY, "timezone": ""}}, "weekly.timezone"),
        ({"weekly": {**WEEKLY, "from_date": "2027-02-30"}}, "weekly.from_date"),
        ({"weekly": {**WEEKLY, "from_date": "9999-12-31"}}, "weekly.from_date"),
        ({"weekly": {**WEEKLY, "until_date": "0001-01-01"}}, "weekly.until_date"),
        ({"weekly": {**WEEKLY, "from_date": "2027-01-02", "until_date": "2027-01-01"}}, "weekly.until_date"),
        # From a Friday to a Monday, for Tuesdays and Thursdays.
        ({"weekly": {**WEEKLY, "from_date": "2027-01-01", "until_date": "2027-01-04"}}, "weekly.until_date"),
        ({"weekly": {**WEEKLY, "every": 2}}, "weekly.every"),
    ],
)
def test_a_window_that_cannot_be_meant_is_refused_by_its_field(
    refusing: AdminApi, body: dict[str, Any], field: str
) -> None:
    problem = refusing.refused(422, "POST", "/maintenance-windows", {"name": "x", **body})
    assert fields(problem) == [field]


def test_the_last_possible_day_and_the_first_fitting_one_are_enough(api: AdminApi) -> None:
    for bounds in (
        {"from_date": "2027-01-01", "until_date": "2027-01-05"},
        {"from_date": "2027-01-07", "until_date": "2027-01-07"},
        {"from_date": "2199-12-31"},
    ):
        api.ok("POST", "/maintenance-windows", {"name": "x", "weekly": {**WEEKLY, **bounds}})


def test_a_window_may_be_in_any_timezone(api: AdminApi) -> None:
    """tests/unit/alerts/test_windows.py tells the occurrences in each of them."""
    path = f"/maintenance-windows/{new_window(api, {'name': 'x', 'weekly': WEEKLY})}"
    for name in ("UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia"):
        body = {"name": name, "weekly": {**WEEKLY, "timezone": name}}
        assert len(api.ok("PUT", path, body)["next_occurrences"]) == 5


def test_windows_are_listed_page_by_page(api: AdminApi) -> None:
    made = sorted(new_window(api, now_on(f"Window {number}")) for number in range(5))
    assert [[each["id"] for each in page] for page in api.every_page("/maintenance-windows", limit=2)] == [
        made[:2],
        made[2:4],
        made[4:],
    ]


def test_a_window_that_is_not_there_is_not_found(refusing: AdminApi) -> None:
    for method, body in (("GET", None), ("PUT", now_on()), ("DELETE", None)):
        refusing.refused(404, method, "/maintenance-windows/unknown", body)


def test_an_alert_in_a_window_is_suppressed_and_says_by_which(api: AdminApi, integration_id: str) -> None:
    window_id = new_window(api, now_on("Patch night"))
    api.hear(integration_id, triggered())
    alert = api.alert(integration_id)
    assert (alert["status"], alert["suppressed_by_window_id"]) == ("suppressed", window_id)
    assert "maintenance window 'Patch night' holds it until" in alert["decisions"][-1]["reason"]
    assert api.items("/tickets") == []
    assert [each["id"] for each in api.items("/alerts", status="suppressed")] == [alert["id"]]


@pytest.mark.parametrize("how", ["deleted", "deactivated", "ended", "moved", "scoped"])
def test_a_change_of_a_window_frees_what_only_it_held_with_the_next_sweep(
    api: AdminApi, integration_id: str, how: str
) -> None:
    path = f"/maintenance-windows/{new_window(api, now_on())}"
    api.hear(integration_id, triggered())
    bodies = {
        "deactivated": now_on(active=False),
        "ended": {"name": "x", "starts_at": hours_from_now(-2), "ends_at": hours_from_now(-1)},
        "moved": {"name": "x", "starts_at": hours_from_now(1), "ends_at": hours_from_now(2)},
        "scoped": now_on(client_id=api.new_client("Another")),
    }
    api.ok(*(("DELETE", path) if how == "deleted" else ("PUT", path, bodies[how])))
    assert api.items("/tickets") == []
    minute_passes(api)
    assert api.alert(integration_id)["status"] == "active"
    assert len(api.items("/tickets")) == 1


def test_another_name_frees_nothing_and_the_same_again_changes_nothing(api: AdminApi, integration_id: str) -> None:
    body = now_on()
    path = f"/maintenance-windows/{new_window(api, body)}"
    api.hear(integration_id, triggered())
    api.ok("PUT", path, {**body, "name": "Another name"})
    with api.untouched():
        assert api.ok("PUT", path, {**body, "name": "Another name"})["name"] == "Another name"
    assert api.alert(integration_id)["status"] == "suppressed"
    assert not [sk for _, sk in api.stored() if "#window_changed#" in sk]


def test_an_integrations_own_windows_go_with_it_and_others_stay(api: AdminApi, integration_id: str) -> None:
    own = new_window(api, now_on(integration_id=integration_id))
    others = {new_window(api, now_on()), new_window(api, now_on(integration_id=api.new_integration()))}
    api.hear(integration_id, triggered())
    api.ok("DELETE", f"/integrations/{integration_id}")
    assert {each["id"] for each in api.items("/maintenance-windows")} == others
    api.refused(404, "GET", f"/maintenance-windows/{own}")
    minute_passes(api)
    assert not [sk for _, sk in api.stored() if "#window_changed#" in sk], "nothing is left for the sweep"
