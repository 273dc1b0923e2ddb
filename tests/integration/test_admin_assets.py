"""Assets over the admin API: found, read, written over, and what happened to them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tandem.assets.models import (
    AgentStatus,
    AssetType,
    Disk,
    Facts,
    Likeness,
    LinkedDevice,
    Presence,
    Seen,
)
from tandem.assets.writing import asset_write
from tandem.store.assets import Assets
from tandem.times import utc_now
from tests.integration.admin_calls import AdminApi, fields
from tests.integration.admin_machines import SEEN_AT, connected, machine
from tests.integration.test_admin_polls import as_shown
from tests.unit.alerts.world import triggered

pytestmark = pytest.mark.emulator


def ids(api: AdminApi, **query: Any) -> set[str]:
    return {each["id"] for each in api.items("/assets", **query)}


@pytest.fixture(scope="module")
def refusing_asset(refusing: AdminApi) -> str:
    """An asset of the tenant that refuses."""
    return machine(refusing, connected(refusing))


# ---- one asset


def test_an_asset_is_shown_with_units_in_its_names_and_with_what_the_fleet_knows_of_the_moment(api: AdminApi) -> None:
    integration_id, client_id = connected(api), api.new_client()
    booted = utc_now().replace(microsecond=0) - timedelta(hours=2)
    asset_id = machine(
        api,
        integration_id,
        client_id=client_id,
        seen=Seen(SEEN_AT, booted, "grace", {"C:": 96.2}),
        asset_type=AssetType.SERVER,
        agent_status=AgentStatus.ONLINE,
        serial_number="5CD1234XYZ",
        ram_gib=15.7,
        disks=(Disk("C:", 475.3), Disk("D:", None)),
        mac_addresses=("3c:ec:ef:12:34:56",),
        patches_pending=3,
    )
    (listed,) = api.items("/assets")
    assert (listed["id"], listed["client_id"], listed["name"], listed["type"]) == (
        asset_id,
        client_id,
        "PC-1",
        "server",
    )
    assert (listed["ram_gib"], listed["agent_status"], listed["presence"]) == (15.7, "online", "listed")
    assert listed["disks"] == [
        {"name": "C:", "total_gib": 475.3, "free_gib": 96.2},
        {"name": "D:", "total_gib": None, "free_gib": None},
    ]
    assert (listed["last_seen_at"], listed["last_boot_at"]) == (as_shown(SEEN_AT), as_shown(booted))
    assert 7200 <= listed["uptime_seconds"] < 7300
    assert (listed["last_user"], listed["patches_pending"], listed["has_patches_pending"]) == ("grace", 3, True)
    assert listed["is_managed"] is True
    assert listed["devices"] == [
        {
            "integration_id": integration_id,
            "provider": "tacticalrmm",
            "external_id": "1",
            "presence": "listed",
            "is_managed": True,
        }
    ]
    whole = api.ok("GET", f"/assets/{asset_id}")
    assert {name: whole[name] for name in listed if name != "devices"} == {
        name: value for name, value in listed.items() if name not in ("devices",)
    } | {"uptime_seconds": whole["uptime_seconds"]}
    (device,) = whole["devices"]
    assert (device["organization_id"], device["client_id"], device["linked_by"]) == ("12", client_id, "device")
    assert device["facts"]["serial_number"] == "5CD1234XYZ"
    assert (device["seen"]["last_user"], device["remote_access"]) == ("grace", True)
    assert (whole["edited"], whole["differences"], whole["maybe_same"], whole["notes"]) == ({}, [], [], None)
    assert (whole["active_alerts"], whole["open_tickets"], whole["linked_to"]) == (0, 0, None)


def test_a_machine_that_is_not_listed_any_more_is_neither_online_nor_managed(api: AdminApi) -> None:
    integration_id = connected(api)
    machine(api, integration_id, presence=Presence.MISSING, agent_status=AgentStatus.ONLINE)
    (shown,) = api.items("/assets")
    assert (shown["agent_status"], shown["uptime_seconds"], shown["is_managed"]) == ("unknown", None, False)
    assert shown["devices"][0]["presence"] == "missing"


def test_a_device_of_two_rmms_is_shown_by_both(api: AdminApi) -> None:
    tactical, level = connected(api), connected(api, "levelio")
    other = LinkedDevice(level, "l1", Facts(model="Latitude", antivirus_status="protected"), linked_by="serial_number")
    asset_id = machine(api, tactical, also=[other], model="OptiPlex")
    shown = api.ok("GET", f"/assets/{asset_id}")
    assert (shown["model"], shown["antivirus_status"]) == ("OptiPlex", "protected")
    assert [(each["provider"], each["linked_by"], each["facts"]["model"]) for each in shown["devices"]] == [
        ("tacticalrmm", "device", "OptiPlex"),
        ("levelio", "serial_number", "Latitude"),
    ]


def test_alerts_and_tickets_are_counted(api: AdminApi) -> None:
    integration_id, client_id = connected(api), api.new_client()
    api.new_rule(integration_id)
    api.ok("PUT", f"/integrations/{integration_id}/devices/d1", {"client_id": client_id})
    asset_id = machine(api, integration_id, "d1", client_id)
    api.hear(integration_id, triggered(0, "a1"), triggered(1, "a2"))
    assert api.ok("GET", f"/assets/{asset_id}")["active_alerts"] == 2
    api.ok("POST", "/tickets", {"title": "By hand", "client_id": client_id, "asset_id": asset_id})
    assert api.ok("GET", f"/assets/{asset_id}")["open_tickets"] >= 1


def test_an_unknown_asset_is_404(refusing: AdminApi) -> None:
    for path in ("", "/history", "/software"):
        assert "'nothing'" in refusing.refused(404, "GET", f"/assets/nothing{path}")["detail"]


# ---- lists


def test_assets_are_listed_newest_first_page_by_page_and_by_client(api: AdminApi) -> None:
    integration_id, mine, other = connected(api), api.new_client("A"), api.new_client("B")
    made = [
        machine(api, integration_id, str(n), (mine, other, None)[n % 3], at=SEEN_AT + timedelta(minutes=n))
        for n in range(9)
    ]
    assert [each["id"] for each in api.items("/assets", limit=4)] == made[::-1]
    assert [each["id"] for each in api.items("/assets", limit=2, client_id=mine)] == made[6::-3]
    assert ids(api, client_id="-") == set(made[2::3])
    assert ids(api, client_id="nobody") == set()


def test_assets_are_found_by_what_is_typed(api: AdminApi) -> None:
    integration_id = connected(api)
    first = machine(api, integration_id, "1", name="NW-DC01", serial_number="5CD1234XYZ")
    second = machine(api, integration_id, "2", name="NW-PC07", hostname="reception.northwind.example")
    assert ids(api, q="nw") == {first, second}
    assert ids(api, q="dc01") == ids(api, q="5cd12") == ids(api, q="NW DC") == {first}
    assert ids(api, q="recep") == {second}
    assert ids(api, q="nothing like it") == set()
    assert ids(api, q="nw", integration_id="other") == set()
    assert len(api.every_page("/assets", q="nw", limit=1)) >= 2
    assert fields(api.refused(400, "GET", "/assets", q="-")) == ["q"]


def test_filters_narrow_the_list(api: AdminApi) -> None:
    tactical, level = connected(api), connected(api, "levelio", status="disconnected")
    online = machine(
        api, tactical, "1", agent_status=AgentStatus.ONLINE, asset_type=AssetType.SERVER, patches_pending=2
    )
    offline = machine(api, tactical, "2", agent_status=AgentStatus.OFFLINE, patches_pending=0)
    missing = machine(api, tactical, "3", presence=Presence.MISSING, agent_status=AgentStatus.ONLINE)
    cut_off = machine(api, level, "4", has_patches_pending=True)
    for query, expected in (
        ({"integration_id": tactical}, {online, offline, missing}),
        ({"agent_status": "online"}, {online}),
        ({"agent_status": "unknown"}, {missing}),
        ({"type": "server"}, {online}),
        ({"presence": "missing"}, {missing}),
        ({"managed": "true"}, {online, offline}),
        ({"managed": "false"}, {missing, cut_off}),
        ({"has_pending_patches": "true"}, {online, cut_off}),
        ({"has_pending_patches": "false"}, {offline}),
        ({"managed": "true", "agent_status": "offline"}, {offline}),
        ({"has_differences": "true"}, set()),
    ):
        assert ids(api, **query) == expected, query


def test_assets_with_active_alerts_are_found(api: AdminApi) -> None:
    integration_id = connected(api)
    api.new_rule(integration_id)
    loud, quiet = machine(api, integration_id, "d1"), machine(api, integration_id, "d2")
    api.hear(integration_id, triggered(0, "a1", device="d1"))
    assert ids(api, has_active_alerts="true") == {loud}
    assert ids(api, has_active_alerts="false") == {quiet}
    api.ok("POST", f"/alerts/{api.alert_id(integration_id)}/resolve")
    assert ids(api, has_active_alerts="true") == set()


def test_what_is_to_be_reviewed_is_found(api: AdminApi) -> None:
    integration_id = connected(api)
    differs, alike, fine = (machine(api, integration_id, each, location="Main office") for each in "123")
    api.ok("PATCH", f"/assets/{differs}", {"location": "Server room"})
    assets = Assets(api.dynamodb, api.name)
    before = assets.asset(alike)
    assert before is not None
    assets.write(asset_write(before, replace(before, maybe_same=(Likeness(fine, "Same serial"),), version=2)), SEEN_AT)
    assert ids(api, has_differences="true") == {differs, alike}
    assert api.ok("GET", f"/assets/{alike}")["maybe_same"] == [{"asset_id": fine, "reason": "Same serial"}]


@pytest.mark.parametrize(
    "query",
    [
        {"agent_status": "on"},
        {"type": "desktop"},
        {"presence": "here"},
        {"managed": "yes"},
        {"has_active_alerts": "1"},
        {"has_pending_patches": ""},
        {"q": ""},
        {"q": "a"},
    ],
)
def test_a_filter_that_is_none_is_refused_by_its_name(refusing: AdminApi, query: dict[str, str]) -> None:
    assert fields(refusing.refused(400, "GET", "/assets", **query)) == list(query)


# ---- what a person writes


def test_a_persons_word_stands_over_the_rmms_until_it_is_given_back(api: AdminApi) -> None:
    integration_id, client_id = connected(api), api.new_client()
    asset_id = machine(api, integration_id, location="Main office", asset_type=AssetType.WORKSTATION)
    path = f"/assets/{asset_id}"
    written = api.ok(
        "PATCH",
        path,
        {"name": "Reception", "type": "server", "location": "Hall", "client_id": client_id, "notes": "By the door"},
    )
    assert (written["name"], written["type"], written["location"]) == ("Reception", "server", "Hall")
    assert (written["client_id"], written["notes"]) == (client_id, "By the door")
    assert written["edited_fields"] == ["client_id", "location", "name", "type"]
    assert {(each["field"], each["edited"], each["provided"]) for each in written["differences"]} == {
        ("name", "Reception", "PC-1"),
        ("type", "server", "workstation"),
        ("location", "Hall", "Main office"),
    }
    assert ids(api, client_id=client_id, q="recep") == {asset_id}

    given_back = api.ok("PATCH", path, {"give_back": ["name", "type"], "location": None})
    assert (given_back["name"], given_back["type"], given_back["location"]) == ("PC-1", "workstation", None)
    assert given_back["edited"] == {"client_id": client_id, "location": None}
    assert given_back["notes"] == "By the door"
    assert api.ok("GET", path) | {"uptime_seconds": None} == given_back | {"uptime_seconds": None}

    history = api.items(f"{path}/history")
    assert [each["what"] for each in history] == ["changed", "changed", "created"]
    assert {each["field"] for each in history[1]["changes"]} == {"client_id", "location", "name", "notes", "type"}
    assert history[1]["by"] == "user:first-admin"
    assert [len(page) for page in api.every_page(f"{path}/history", limit=2)] == [2, 1]


def test_the_same_words_again_change_nothing(api: AdminApi) -> None:
    path = f"/assets/{machine(api, connected(api))}"
    api.ok("PATCH", path, {"name": "Reception", "notes": "x"})
    before = api.stored()
    api.ok("PATCH", path, {"name": "Reception", "notes": "x"})
    api.ok("PATCH", path, {"give_back": ["location"]})
    assert api.stored() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"type": "desktop"}, "type"),
        ({"client_id": "nobody"}, "client_id"),
        ({"ram_gib": 8}, "ram_gib"),
        ({"agent_status": "online"}, "agent_status"),
        ({"give_back": ["ram_gib"]}, "give_back.0"),
        ({"give_back": ["name"], "name": "x"}, "give_back"),
        ({"give_back": None}, "give_back"),
        ({"notes": "x" * 16_001}, "notes"),
        ({"model": "x" * 256}, "model"),
    ],
)
def test_what_is_not_a_persons_is_refused_by_its_name(
    refusing: AdminApi, refusing_asset: str, body: Any, field: str
) -> None:
    assert fields(refusing.refused(422, "PATCH", f"/assets/{refusing_asset}", body)) == [field]


def test_deleting_an_asset_is_not_offered(refusing: AdminApi) -> None:
    refusing.refused(405, "DELETE", "/assets/x")
