"""Listings: what they ask, what they make of rows that nobody can read, and when they are none."""

import json as json_module
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tandem.alerts.models import AlertEvent, Kind, Provider
from tandem.connections.errors import BadReply, VendorError, WrongAddress
from tandem.connections.rmm import Rmm, UnreadableAlert
from tandem.providers.levelio import api as levelio
from tandem.providers.ninjaone.news import ASKED_FOR
from tests.unit.connections.world import START, World, json, page, raw
from tests.unit.providers.clients import client, level_client, ninjaone_client, tactical_client

NINJAONE, TACTICAL, LEVEL = Provider.NINJAONE, Provider.TACTICALRMM, Provider.LEVELIO
LONG = "x" * 300


def ninjaone_row(uid: Any = "u-1", **more: Any) -> dict[str, Any]:
    return {"uid": uid, "deviceId": 7, "message": "m", "createTime": 1730332915.0, "sourceConfigUid": "c"} | more


def tactical_row(number: Any = 1, **more: Any) -> dict[str, Any]:
    row = {"id": number, "agent_id": "a" * 40, "alert_type": "check", "assigned_check": 9, "severity": "error"}
    return row | {"message": "m", "alert_time": "2026-11-20T01:00:00Z", "resolved": False, "resolved_on": None} | more


def level_row(alert_id: Any = "a-1", **more: Any) -> dict[str, Any]:
    row = {"id": alert_id, "device_id": "d-1", "name": "Disk", "severity": "critical", "is_resolved": False}
    return row | {"started_at": "2026-11-20T01:00:00Z", "resolved_at": None} | more


ROWS: dict[Provider, Any] = {NINJAONE: ninjaone_row, TACTICAL: tactical_row, LEVEL: level_row}


def ninjaone_ended(uid: Any = "u-1", **more: Any) -> dict[str, Any]:
    """What the two activities of one alert have in common."""
    return {
        "seriesUid": uid,
        "deviceId": 7,
        "message": "m",
        "activityTime": START.timestamp(),
        "sourceConfigUid": "c",
    } | more


def ninjaone_activities(rows: list[dict[str, Any]]) -> dict[str, Any]:
    kinds = [{"statusCode": code} for code in ("RESET", "TRIGGERED")]
    return {"activities": [{"id": 9, "statusCode": "RESET"} | kind | row for row in rows for kind in kinds]}


def tactical_ended(number: Any = 1, **more: Any) -> dict[str, Any]:
    return tactical_row(number, resolved=True, resolved_on="2026-11-20T12:00:00Z") | more


def level_ended(alert_id: Any = "a-1", **more: Any) -> dict[str, Any]:
    return level_row(alert_id, is_resolved=True, resolved_at="2026-11-20T12:00:00Z") | more


ENDED: dict[Provider, Any] = {NINJAONE: ninjaone_ended, TACTICAL: tactical_ended, LEVEL: level_ended}


def listing(provider: Provider, rows: list[Any]) -> Any:
    return {"data": rows, "has_more": False} if provider is LEVEL else rows


def active(provider: Provider, *answers: Any) -> list[Any]:
    return list(client(provider, World(*answers)).active_alerts())


def ended_since(rmm: Rmm, since: datetime) -> list[AlertEvent]:
    """History all of which can be read."""
    seen = list(rmm.resolved_alerts(since))
    assert all(isinstance(each, AlertEvent) for each in seen)
    return [each for each in seen if isinstance(each, AlertEvent)]


EVERY = pytest.mark.parametrize("provider", [NINJAONE, TACTICAL, LEVEL])


# ---- rows that cannot be read


@EVERY
def test_a_bad_row_stops_nothing_and_still_counts_as_listed(provider: Provider) -> None:
    bad = {NINJAONE: {"deviceId": LONG}, TACTICAL: {"agent_id": LONG}, LEVEL: {"device_id": LONG}}[provider]
    rows = [ROWS[provider]("1"), ROWS[provider]("2", **bad), ROWS[provider]("3")]
    first, second, third = active(provider, json(listing(provider, rows)))
    assert (first.external_alert_id, third.external_alert_id) == ("1", "3")
    assert isinstance(second, UnreadableAlert)
    assert second.external_alert_id == "2"
    assert "at most 255 bytes" in second.reason


@EVERY
@pytest.mark.parametrize("row", [None, 5, "text", [], {}, {"id": LONG, "uid": LONG}, {"message": "no id"}])
def test_a_row_without_a_readable_id_is_told_as_such(provider: Provider, row: Any) -> None:
    rows = [ROWS[provider]("1"), row, ROWS[provider]("3")]
    first, second, third = active(provider, json(listing(provider, rows)))
    assert second == UnreadableAlert(None, second.reason)
    assert isinstance(first, AlertEvent)
    assert isinstance(third, AlertEvent)


@EVERY
@pytest.mark.parametrize("value", [None, 5, True, [], {}, "x", 1e300, -1, "9" * 400])
def test_no_value_of_any_field_raises_anything(provider: Provider, value: Any) -> None:
    for name in ROWS[provider]("1"):
        is_over = value is True and name in ("resolved", "is_resolved")
        found = active(provider, json(listing(provider, [ROWS[provider]("1") | {name: value}])))
        assert len(found) == (0 if is_over else 1)


@EVERY
@pytest.mark.parametrize("value", [None, 5, True, [], {}, "x", 1e300, -1, "9" * 400])
def test_no_value_of_any_field_of_an_ended_alert_raises_anything(provider: Provider, value: Any) -> None:
    for name in ROWS[provider]("1"):
        ended = ENDED[provider]("1")
        row = ended | {name: value} if provider is not NINJAONE else ninjaone_activities([ended, {name: value}])
        answer = row if provider is NINJAONE else listing(provider, [row])
        list(client(provider, World(json(answer))).resolved_alerts(START - timedelta(days=5)))


@EVERY
def test_an_ended_alert_that_cannot_be_read_is_told_and_stops_no_other(provider: Provider) -> None:
    bad = {NINJAONE: {"deviceId": LONG}, TACTICAL: {"agent_id": LONG}, LEVEL: {"device_id": LONG}}[provider]
    rows = [ENDED[provider]("1", **bad), ENDED[provider]("2")]
    answer = ninjaone_activities(rows) if provider is NINJAONE else listing(provider, rows)
    unreadable, fired, reset = client(provider, World(json(answer))).resolved_alerts(START - timedelta(days=5))
    assert isinstance(unreadable, UnreadableAlert)
    assert unreadable.external_alert_id == "1"
    assert isinstance(fired, AlertEvent)
    assert isinstance(reset, AlertEvent)
    assert (fired.external_alert_id, fired.kind, reset.kind) == ("2", Kind.TRIGGERED, Kind.RESET)


@EVERY
def test_a_row_of_the_active_ones_that_is_over_is_not_listed(provider: Provider) -> None:
    rows: dict[Provider, dict[str, Any]] = {
        NINJAONE: {"statusCode": "RESET"},
        TACTICAL: {"resolved": True, "resolved_on": "2026-11-20T02:00:00Z"},
        LEVEL: {"is_resolved": True, "resolved_at": "2026-11-20T02:00:00Z"},
    }
    over = ROWS[provider]("1", **rows[provider])
    (event,) = active(provider, json(listing(provider, [over, ROWS[provider]("2")])))
    assert event.external_alert_id == "2"


# ---- what is no listing


@EVERY
@pytest.mark.parametrize(
    "answer",
    [
        page(), page(404), raw(b""), raw(b"null"), raw(b'"ok"'), raw(b"{}"), raw(b'{"detail": "no"}'), json({}, 500),
        json({}, 401), httpx.ReadError("reset"), raw(b'[{"uid": "1"}'), raw(b'{"data": [{"id": 1}'), json({"data": []}),
    ],
)  # fmt: skip
def test_what_is_no_whole_listing_raises(provider: Provider, answer: Any) -> None:
    with pytest.raises(VendorError):
        active(provider, answer)


def test_the_dashboard_of_tactical_is_the_wrong_address() -> None:
    with pytest.raises(WrongAddress, match=r"https://api\.example\.com"):
        list(tactical_client(World(page()), base_url="https://rmm.example.com").organizations())


# ---- NinjaOne


def test_ninjaones_alerts_are_one_request() -> None:
    world = World(json([ninjaone_row()]))
    [event] = ninjaone_client(world).active_alerts()
    assert isinstance(event, AlertEvent)
    assert (event.kind, event.activity_type) == (Kind.TRIGGERED, "CONDITION")
    assert [str(each.url) for each in world.requests] == ["https://eu.ninjarmm.com/v2/alerts"]
    assert world.requests[0].headers["Authorization"].startswith("Bearer ")


def test_ninjaones_devices_come_after_the_last_id_of_each_page() -> None:
    pages = [[{"id": number} for number in range(first, first + 1000)] for first in (1, 1001)]
    world = World(json(pages[0]), json(pages[1]), json([{"id": 2001, "displayName": "SRV", "organizationId": 4}]))
    devices = list(ninjaone_client(world).devices())
    assert [each.url.params.get("after") for each in world.requests] == [None, "1000", "2000"]
    assert len(devices) == 2001
    assert (devices[-1].external_id, devices[-1].name, devices[-1].organization_id) == ("2001", "SRV", "4")


def test_a_ninjaone_page_that_comes_again_ends_the_listing() -> None:
    with pytest.raises(BadReply, match="circles"):
        list(ninjaone_client(World(json([{"id": number} for number in range(1000)]))).devices())


def activity(number: int, series: str, code: str, at: datetime) -> dict[str, Any]:
    return ninjaone_row() | {
        "id": number, "seriesUid": series, "statusCode": code, "activityTime": at.timestamp(),
        "activityType": "CONDITION",
    }  # fmt: skip


def test_ninjaones_history_pairs_each_reset_with_its_firing() -> None:
    now = START
    rows = [
        activity(9, "again", "TRIGGERED", now - timedelta(hours=1)),
        activity(8, "again", "RESET", now - timedelta(hours=2)),
        activity(7, "again", "TRIGGERED", now - timedelta(hours=3)),
        activity(6, "other", "ACKNOWLEDGED", now - timedelta(hours=4)),
        activity(5, "old", "RESET", now - timedelta(hours=5)),
        activity(4, "old", "TRIGGERED", now - timedelta(days=9)),
    ]
    world = World(json({"lastActivityId": 9, "activities": rows}))
    events = ended_since(ninjaone_client(world), now - timedelta(days=2))
    assert [(each.external_alert_id, each.kind, each.makes_no_ticket) for each in events] == [
        ("again", Kind.TRIGGERED, True),
        ("again", Kind.RESET, False),
    ]
    assert events[0].occurred_at < events[1].occurred_at
    assert world.requests[0].url.params["after"] == "2026-11-18"


def test_ninjaones_history_ends_at_its_beginning_and_not_at_the_end_of_all_time() -> None:
    rows = [activity(5000 - number, "s", "RESET", START - timedelta(hours=number)) for number in range(1000)]
    world = World(json({"activities": rows}))
    list(ninjaone_client(world).resolved_alerts(START - timedelta(days=2)))
    assert len(world.requests) == 1


def test_a_ninjaone_alert_is_what_its_newest_activity_says() -> None:
    fired, over = activity(1, "s", "TRIGGERED", START), activity(3, "s", "RESET", START)
    seen = activity(2, "s", "ACKNOWLEDGED", START)
    for rows, kind in (([over, seen, fired], Kind.RESET), ([seen, fired], Kind.TRIGGERED)):
        event = ninjaone_client(World(json({"activities": rows}))).alert("s")
        assert event is not None
        assert event.kind is kind
    assert ninjaone_client(World(json({"activities": []}))).alert("s") is None


CONDITIONS = {"CONDITION": ["TRIGGERED", "RESET", "ACKNOWLEDGED"]}


def test_a_webhook_is_registered_with_its_header_and_what_places_a_device() -> None:
    world = World(httpx.Response(204))
    ninjaone_client(world).register_webhook("https://t.example/webhooks/1", {"X-Tandem-Secret": "s3cret-s3cret"})
    sent = json_module.loads(world.requests[0].content)
    activities = sent.pop("activities")
    assert sent == {
        "url": "https://t.example/webhooks/1",
        "expand": ["device", "organization", "location"],
        "headers": [{"name": "X-Tandem-Secret", "value": "s3cret-s3cret"}],
    }
    assert activities == CONDITIONS | {name: list(codes) for name, codes in ASKED_FOR.items()}


def test_a_webhook_of_conditions_alone_is_registered_where_the_rest_is_refused() -> None:
    world = World(httpx.Response(400, json={"errorMessage": "Invalid activity status"}), httpx.Response(204))
    ninjaone_client(world).register_webhook("https://t.example/webhooks/1", {"X-Tandem-Secret": "s3cret-s3cret"})
    assert json_module.loads(world.requests[1].content)["activities"] == CONDITIONS


# ---- Tactical


def test_tactical_is_asked_for_all_that_is_not_resolved() -> None:
    world = World(json([tactical_row(1, hidden=True, snoozed=True), tactical_row(2, agent_id=None)]))
    events = list(tactical_client(world).active_alerts())
    assert [each.external_alert_id for each in events] == ["1", "2"]
    assert (world.requests[0].method, world.requests[0].url.path) == ("PATCH", "/alerts/")
    assert json_module.loads(world.requests[0].content) == {"resolvedFilter": False, "snoozedFilter": True}


def test_a_tactical_listing_is_repeated_though_it_is_no_get() -> None:
    assert len(active(TACTICAL, json({}, 503), json([tactical_row()]))) == 1


def test_tacticals_devices_get_their_clients_number_by_its_name() -> None:
    clients = [{"id": 1, "name": "Acme"}, {"id": 3, "name": "Müller GmbH"}, {"name": "no id"}, 5]
    agents = [
        {"id": 18, "hostname": "D-17", "agent_id": "x" * 40, "client": "Müller GmbH", "site": "München"},
        {"id": 19, "hostname": "D-18", "agent_id": "y" * 40, "client": "Gone", "site": "HQ"},
        {"id": 20, "hostname": "no agent id"},
    ]
    world = World(json(clients), json(agents))
    first, second = tactical_client(world).devices()
    assert (first.external_id, first.name, first.organization_id) == ("x" * 40, "D-17", "3")
    assert first.facts == {"Site": "München"}
    assert (second.organization_id, second.organization_name) == (None, "Gone")
    assert world.requests[1].url.params["detail"] == "false"


def test_tacticals_history_is_what_ended_since_then() -> None:
    over = {"resolved": True, "resolved_on": "2026-11-20T12:00:00Z"}
    rows = [
        tactical_row(1, **over),
        tactical_row(2),
        tactical_row(3, resolved=True, resolved_on="2026-11-01T00:00:00Z"),
    ]
    world = World(json(rows))
    fired, reset = ended_since(tactical_client(world), START - timedelta(days=5))
    assert (fired.external_alert_id, fired.kind, fired.makes_no_ticket) == ("1", Kind.TRIGGERED, True)
    assert (reset.kind, reset.occurred_at) == (Kind.RESET, datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert json_module.loads(world.requests[0].content) == {"timeFilter": 6}


# ---- Level


def test_levels_pages_follow_the_last_id() -> None:
    world = World(
        json({"data": [level_row("a"), level_row("b")], "has_more": True}),
        json({"data": [level_row("c")], "has_more": False}),
    )
    assert [each.external_alert_id for each in level_client(world).active_alerts()] == ["a", "b", "c"]
    assert [dict(each.url.params) for each in world.requests] == [
        {"limit": "100", "status": "active"},
        {"limit": "100", "status": "active", "starting_after": "b"},
    ]
    assert world.requests[0].headers["Authorization"].startswith("k-")


@pytest.mark.parametrize("rows", [[], [{"name": "no id"}], [5]])
def test_a_level_page_that_promises_more_and_does_not_say_where_is_no_listing(rows: list[Any]) -> None:
    with pytest.raises(BadReply):
        active(LEVEL, json({"data": rows, "has_more": True}))


def test_a_level_page_that_comes_again_ends_the_listing() -> None:
    with pytest.raises(BadReply, match="circles"):
        active(LEVEL, json({"data": [level_row()], "has_more": True}))


def test_levels_groups_are_organizations_with_paths() -> None:
    groups = [
        {"id": "g1", "parent_id": None, "name": "Acme"},
        {"id": "g2", "parent_id": "g1", "name": "Branch"},
        {"id": "g3", "parent_id": "g2", "name": "Floor 2"},
        {"id": "x", "parent_id": "y", "name": "X"},
        {"id": "y", "parent_id": "x", "name": "Y"},
    ]
    seen = {each.external_id: each for each in level_client(World(json(listing(LEVEL, groups)))).organizations()}
    assert (seen["g1"].parent_id, seen["g1"].path) == (None, None)
    assert (seen["g3"].parent_id, seen["g3"].path) == ("g2", "Acme / Branch / Floor 2")
    assert set(seen) == {"g1", "g2", "g3", "x", "y"}


# ---- resets


@EVERY
def test_a_reset_is_repeated_and_one_that_is_gone_is_fine(provider: Provider) -> None:
    world = World(json({}, 502), json("ok"))
    client(provider, world).reset("a/1")
    assert len(world.requests) == 2
    assert world.requests[0].url.raw_path.count(b"a%2F1") == 1
    client(provider, World(json({"detail": "No Alert matches the given query."}, 404))).reset("1")


def test_what_each_reset_sends() -> None:
    sent = {}
    for provider in (NINJAONE, TACTICAL, LEVEL):
        world = World(json("ok"))
        client(provider, world).reset("1")
        request = world.requests[0]
        sent[provider] = (request.method, request.url.path, request.content)
    assert sent == {
        NINJAONE: ("POST", "/v2/alert/1/reset", b"{}"),
        TACTICAL: ("PUT", "/alerts/1/", b'{"type":"resolve"}'),
        LEVEL: ("POST", "/v2/alerts/1/resolve", b""),
    }


def test_a_level_alert_that_is_over_already_is_no_error_but_one_that_is_not_is() -> None:
    refusal = json({"error": "already resolved"}, 422)
    level_client(World(refusal, json(level_row(is_resolved=True, resolved_at="2026-11-20T02:00:00Z")))).reset("a-1")
    with pytest.raises(VendorError):
        level_client(World(refusal, json(level_row()))).reset("a-1")


@pytest.mark.parametrize(("provider", "field"), [(TACTICAL, "resolved"), (LEVEL, "is_resolved")])
def test_one_alert_is_as_it_is(provider: Provider, field: str) -> None:
    row = ROWS[provider]("1")
    fired = client(provider, World(json(row))).alert("1")
    over = client(provider, World(json(row | {field: True}))).alert("1")
    assert fired is not None
    assert over is not None
    assert (fired.kind, over.kind) == (Kind.TRIGGERED, Kind.RESET)
    assert client(provider, World(json({"detail": "no"}, 404))).alert("1") is None
    with pytest.raises(BadReply):
        client(provider, World(json({"message": "no id"}))).alert("1")


def level_history(days: Sequence[float], is_last: bool = False) -> dict[str, Any]:
    """A page of alerts that fired so many days ago, and ended an hour later."""
    rows = [
        level_ended(
            f"a{day}",
            started_at=(START - timedelta(days=day)).isoformat(),
            resolved_at=(START - timedelta(days=day) + timedelta(hours=1)).isoformat(),
        )
        for day in days
    ]
    return {"data": rows, "has_more": not is_last}


def test_levels_history_newest_first_ends_at_the_first_page_of_older_ones() -> None:
    world = World(json(level_history([1, 2])), json(level_history([6, 8])), json(level_history([9, 10])))
    found = list(level_client(world).resolved_alerts(START - timedelta(days=7)))
    assert [each.external_alert_id for each in found] == ["a1", "a1", "a2", "a2", "a6", "a6"]
    assert [each.url.params.get("starting_after") for each in world.requests] == [None, "a2", "a8"]


def test_levels_history_oldest_first_is_read_to_its_end_however_old_it_begins() -> None:
    world = World(json(level_history([10, 9])), json(level_history([8, 6])), json(level_history([2, 1], is_last=True)))
    found = list(level_client(world).resolved_alerts(START - timedelta(days=7)))
    assert [each.external_alert_id for each in found] == ["a6", "a6", "a2", "a2", "a1", "a1"]


def test_levels_history_oldest_first_is_left_after_so_many_pages_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levelio, "HISTORY_PAGES", 2)
    world = World(json(level_history([10, 9])), json(level_history([8, 6])))
    *found, cut = level_client(world).resolved_alerts(START - timedelta(days=7))
    assert [each.external_alert_id for each in found] == ["a6", "a6"]
    assert isinstance(cut, UnreadableAlert)
    assert "left out" in cut.reason
    assert len(world.requests) == 2
