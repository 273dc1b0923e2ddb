"""Boards and their statuses over the admin API."""

from typing import Any

import pytest

from tests.integration.admin_calls import HOST, AdminApi, fields
from tests.unit.alerts.world import triggered

pytestmark = pytest.mark.emulator

STATUSES = [{"name": "To do", "is_default": True}, {"name": "Done", "is_closed": True}]


def status(identifier: str, name: str, *, is_default: bool = False, is_closed: bool = False) -> dict[str, Any]:
    return {"id": identifier, "name": name, "is_default": is_default, "is_closed": is_closed}


TO_DO, DONE = status("to_do", "To do", is_default=True), status("done", "Done", is_closed=True)


def test_a_default_board_exists_from_the_start(api: AdminApi) -> None:
    (board,) = api.items("/boards")
    assert (board["name"], board["is_default"], board["active"]) == ("Service desk", True, True)
    assert [each["id"] for each in board["statuses"] if each["is_default"]] == ["new"]
    assert [each["id"] for each in board["statuses"] if each["is_closed"]] == ["resolved", "closed"]
    assert api.ok("GET", f"/boards/{board['id']}") == board


def test_a_board_is_made_with_ids_from_the_names_of_its_statuses(api: AdminApi) -> None:
    response = api.call("POST", "/boards", {"name": "NOC", "statuses": STATUSES})
    made = response.json
    assert response.status == 201
    assert response.headers["location"] == f"https://{HOST}/api/v1/boards/{made['id']}"
    assert made == {"id": made["id"], "name": "NOC", "is_default": False, "active": True, "statuses": [TO_DO, DONE]}
    assert api.ok("GET", f"/boards/{made['id']}") == made
    assert made in api.items("/boards")


def test_ids_of_statuses_are_readable_and_differ(api: AdminApi) -> None:
    names = ["Waiting for client!", "Waiting, for client", "待機", "保留", "x" * 255]
    statuses = [*STATUSES, *({"name": name} for name in names), {"id": "mine", "name": "Mine"}]
    made = api.ok("POST", "/boards", {"name": "NOC", "statuses": statuses})
    ids = [each["id"] for each in made["statuses"]]
    assert ids[2:6] == ["waiting_for_client", "waiting_for_client_2", "status", "status_2"]
    assert len(ids[6]) <= 64
    assert ids[7] == "mine"


def test_another_board_takes_the_default_in_one_step(api: AdminApi) -> None:
    (first,) = api.items("/boards")
    made = api.ok("POST", "/boards", {"name": "NOC", "statuses": STATUSES, "is_default": True})
    assert {each["id"]: each["is_default"] for each in api.items("/boards")} == {first["id"]: False, made["id"]: True}
    api.ok("PATCH", f"/boards/{first['id']}", {"is_default": True})
    assert {each["id"]: each["is_default"] for each in api.items("/boards")} == {first["id"]: True, made["id"]: False}


def test_the_default_board_is_where_new_tickets_go(api: AdminApi) -> None:
    board = api.ok("POST", "/boards", {"name": "NOC", "statuses": STATUSES, "is_default": True})
    integration_id = api.new_integration(default_client_id=api.new_client())
    api.hear(integration_id, triggered())
    by_alert = api.ok("GET", f"/tickets/{api.alert(integration_id)['ticket_id']}")
    by_hand = api.ok("POST", "/tickets", {"title": "x"})
    for ticket in (by_alert, by_hand):
        assert (ticket["board_id"], ticket["status"], ticket["status_name"]) == (board["id"], "to_do", "To do")


def test_there_is_always_a_default_board_and_it_is_active(api: AdminApi) -> None:
    (first,) = api.items("/boards")
    path = f"/boards/{first['id']}"
    assert fields(api.refused(422, "PATCH", path, {"is_default": False})) == ["is_default"]
    assert fields(api.refused(422, "PATCH", path, {"active": False})) == ["active"]
    other = api.ok("POST", "/boards", {"name": "NOC", "statuses": STATUSES})
    assert api.ok("PATCH", f"/boards/{other['id']}", {"active": False})["active"] is False
    assert fields(api.refused(422, "PATCH", f"/boards/{other['id']}", {"is_default": True})) == ["active"]
    changed = api.ok("PATCH", f"/boards/{other['id']}", {"is_default": True, "active": True})
    assert (changed["is_default"], changed["active"]) == (True, True)


def test_nobody_can_send_a_new_ticket_to_a_board_that_is_not_active(api: AdminApi) -> None:
    board_id = api.ok("POST", "/boards", {"name": "NOC", "statuses": STATUSES})["id"]
    on_it = api.ok("POST", "/tickets", {"title": "x", "board_id": board_id})
    elsewhere = api.ok("POST", "/tickets", {"title": "x"})
    integration_id = api.new_integration()
    api.ok("PATCH", f"/boards/{board_id}", {"active": False})
    for method, path, body in (
        ("POST", "/tickets", {"title": "x", "board_id": board_id}),
        ("PATCH", f"/tickets/{elsewhere['id']}", {"board_id": board_id}),
    ):
        assert fields(api.refused(422, method, path, body)) == ["board_id"]
    rule = {"name": "x", "actions": {"board_id": board_id}}
    assert fields(api.refused(422, "POST", f"/integrations/{integration_id}/rules", rule)) == ["actions.board_id"]
    closed = api.ok("POST", f"/tickets/{on_it['id']}/close")
    assert (closed["board_id"], closed["status"]) == (board_id, "done"), "what is on it can be worked"


def test_statuses_are_renamed_ordered_and_added_but_keep_their_ids(api: AdminApi) -> None:
    made = api.ok("POST", "/boards", {"name": "NOC", "statuses": STATUSES})
    wanted = [DONE | {"name": "Closed"}, {"name": "Doing"}, TO_DO | {"name": "Open"}]
    changed = api.ok("PATCH", f"/boards/{made['id']}", {"statuses": wanted})
    assert changed["statuses"] == [
        status("done", "Closed", is_closed=True),
        status("doing", "Doing"),
        status("to_do", "Open", is_default=True),
    ]
    assert (changed["name"], changed["is_default"]) == ("NOC", False)
    back = api.ok("PATCH", f"/boards/{made['id']}", {"statuses": changed["statuses"], "name": "Network"})
    assert back == changed | {"name": "Network"}


@pytest.mark.parametrize(
    ("statuses", "field"),
    [
        ([], "statuses"),
        ([STATUSES[0]], "statuses"),
        ([{"name": "A"}, STATUSES[1]], "statuses"),
        ([STATUSES[0], {"name": "B", "is_default": True}, STATUSES[1]], "statuses"),
        ([STATUSES[0], {"name": "B"}], "statuses"),
        ([{"name": "A", "is_default": True, "is_closed": True}, {"name": "B"}], "statuses"),
        ([STATUSES[0], {"name": "to DO", "is_closed": True}], "statuses.1.name"),
        ([STATUSES[0], {"id": "to_do", "name": "Done", "is_closed": True}], "statuses.1.id"),
        ([STATUSES[0], {"id": "Not an id", "name": "Done", "is_closed": True}], "statuses.1.id"),
        ([STATUSES[0], {"id": "", "name": "Done", "is_closed": True}], "statuses.1.id"),
        ([STATUSES[0], {"name": "Done", "is_closed": True, "color": "red"}], "statuses.1.color"),
        ([STATUSES[0], {"name": "Done", "is_closed": 1}], "statuses.1.is_closed"),
        ([STATUSES[0], {"is_closed": True}], "statuses.1.name"),
        ([STATUSES[0], "Done"], "statuses.1"),
        ("To do, Done", "statuses"),
        ([*STATUSES, *({"name": f"S{n}"} for n in range(29))], "statuses"),
    ],
)
def test_statuses_that_make_no_board_are_refused_by_place(refusing: AdminApi, statuses: object, field: str) -> None:
    assert fields(refusing.refused(422, "POST", "/boards", {"name": "NOC", "statuses": statuses})) == [field]


@pytest.mark.parametrize(
    ("statuses", "field"),
    [
        ([TO_DO, {"name": "Closed", "is_closed": True}], "statuses"),
        ([status("to_do", "To do", is_closed=True), DONE, {"name": "New", "is_default": True}], "statuses.0.is_closed"),
        ([TO_DO, DONE | {"is_closed": False}, {"name": "End", "is_closed": True}], "statuses.1.is_closed"),
        ([TO_DO | {"is_default": False}, DONE], "statuses"),
    ],
)
def test_a_status_in_which_tickets_may_stand_stays_and_stays_open_or_closed(
    api: AdminApi, statuses: object, field: str
) -> None:
    made = api.ok("POST", "/boards", {"name": "NOC", "statuses": STATUSES})
    assert fields(api.refused(422, "PATCH", f"/boards/{made['id']}", {"statuses": statuses})) == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"statuses": STATUSES}, "name"),
        ({"name": "NOC"}, "statuses"),
        ({"name": "NOC", "statuses": STATUSES, "is_default": None}, "is_default"),
        ({"name": "NOC", "statuses": STATUSES, "active": False}, "active"),
    ],
)
def test_a_board_that_is_none_is_refused_by_field(refusing: AdminApi, body: object, field: str) -> None:
    assert fields(refusing.refused(422, "POST", "/boards", body)) == [field]


@pytest.mark.parametrize("field", ["name", "statuses", "is_default", "active"])
def test_nothing_of_a_board_can_be_null(refusing: AdminApi, field: str) -> None:
    assert fields(refusing.refused(422, "PATCH", "/boards/service-desk", {field: None})) == [field]


def test_an_unknown_board_is_404(refusing: AdminApi) -> None:
    refusing.refused(404, "GET", "/boards/nothing")
    refusing.refused(404, "PATCH", "/boards/nothing", {"name": "x"})
