"""Tickets over the admin API: the built-in desk as people work it."""

from typing import Any

import pytest

from tests.integration.admin_calls import HOST, AdminApi, Person, fields
from tests.unit.alerts.world import reset, triggered

pytestmark = pytest.mark.emulator

WAITING = {"name": "To do", "is_default": True}
DONE = {"name": "Done", "is_closed": True}


@pytest.fixture
def ada(api: AdminApi) -> Person:
    """A technician."""
    return api.new_person("technician")


@pytest.fixture
def integration_id(api: AdminApi) -> str:
    """An integration that tickets every alert."""
    return api.new_integration(default_client_id=api.new_client(default_contact={"name": "Grace"}))


def ticket_of(api: AdminApi, integration_id: str, external_id: str = "a1") -> Any:
    return api.ok("GET", f"/tickets/{api.alert(integration_id, external_id)['ticket_id']}")


def test_a_ticket_by_hand_has_what_the_body_says_and_sensible_words_else(api: AdminApi, ada: Person) -> None:
    client_id = api.new_client(default_contact={"name": "Grace"})
    response = api.call("POST", "/tickets", {"title": "Printer", "client_id": client_id}, key=ada.key)
    made = response.json
    assert response.status == 201
    assert response.headers["location"] == f"https://{HOST}/api/v1/tickets/{made['id']}"
    assert made == {
        "id": made["id"],
        "number": "T-1001",
        "title": "Printer",
        "description": "",
        "board_id": "service-desk",
        "status": "new",
        "status_name": "New",
        "is_closed": False,
        "priority": "medium",
        "client_id": client_id,
        "asset_id": None,
        "assignee_id": None,
        "contact": {"name": "Grace", "email": None, "phone": None},
        "source": "manual",
        "source_reference": None,
        "previous_ticket_number": None,
        "opened_at": made["opened_at"],
        "closed_at": None,
        "closed_by": None,
        "touched_at": None,
        "occurrence_count": None,
        "alerts": [],
        "comments": [],
        "time_entries": [],
    }
    assert api.ok("GET", f"/tickets/{made['id']}") == made
    beside = ("occurrence_count", "alerts", "comments", "time_entries")
    assert api.items("/tickets") == [{name: value for name, value in made.items() if name not in beside}]

    words = {
        "title": "Other",
        "description": "two\nlines",
        "status": "In progress",
        "priority": "urgent",
        "assignee_id": ada.id,
        "asset_id": "asset-1",
        "contact": {"email": "x@example.com"},
        "board_id": "service-desk",
    }
    other = api.ok("POST", "/tickets", words, key=ada.key)
    assert other["number"] == "T-1002"
    assert {name: other[name] for name in words} == words | {
        "status": "in_progress",
        "contact": {"name": None, "email": "x@example.com", "phone": None},
    }


def test_the_ticket_of_an_alert_shows_its_alerts_and_comments(api: AdminApi, integration_id: str) -> None:
    api.hear(integration_id, triggered(), triggered(1, "a2"), triggered(2))
    ticket = ticket_of(api, integration_id)
    alerts = {each["external_id"]: each for each in api.items("/alerts")}
    assert ticket["title"] == "PC-d1: Disk C: is full"
    assert (ticket["source"], ticket["source_reference"]) == ("tacticalrmm", "a1")
    assert (ticket["contact"]["name"], ticket["client_id"]) == ("Grace", alerts["a1"]["client_id"])
    assert ticket["occurrence_count"] == 3
    assert sorted(ticket["alerts"], key=lambda each: str(each["external_id"])) == [
        {"id": alerts["a1"]["id"], "external_id": "a1", "status": "active"},
        {"id": alerts["a2"]["id"], "external_id": "a2", "status": "active"},
    ]
    assert len(ticket["comments"]) == 3
    for comment in ticket["comments"]:
        assert (comment["author"], comment["internal"]) == ("tandem", True)
    assert ticket["comments"] == sorted(ticket["comments"], key=lambda each: each["created_at"], reverse=True)
    assert "Opened by Tandem" in ticket["comments"][-1]["body"]

    of_it = api.items(f"/tickets/{ticket['id']}/alerts")
    assert of_it == sorted(alerts.values(), key=lambda each: str(each["id"]))
    assert api.items(f"/tickets/{ticket['id']}/comments", limit=2) == ticket["comments"]


def test_a_ticket_shows_its_newest_fifty_comments_and_lists_have_them_all(api: AdminApi, ada: Person) -> None:
    ticket_id = api.ok("POST", "/tickets", {"title": "x"})["id"]
    path = f"/tickets/{ticket_id}/comments"
    for number in range(53):
        api.ok("POST", path, {"body": f"comment {number}"}, key=ada.key)
    newest_first = [f"comment {number}" for number in range(52, -1, -1)]
    shown = api.ok("GET", f"/tickets/{ticket_id}")
    assert [each["body"] for each in shown["comments"]] == newest_first[:50]
    assert [each["body"] for each in api.items(path, limit=20)] == newest_first


def test_a_comment_is_its_authors_and_touches_the_ticket(api: AdminApi, ada: Person, integration_id: str) -> None:
    api.hear(integration_id, triggered())
    ticket = ticket_of(api, integration_id)
    assert ticket["touched_at"] is None
    response = api.call("POST", f"/tickets/{ticket['id']}/comments", {"body": "  Rebooted\nit 👩‍💻  "}, key=ada.key)
    comment = response.json
    assert response.status == 201
    assert comment == {
        "id": comment["id"],
        "body": "Rebooted\nit 👩‍💻",
        "author": ada.id,
        "internal": False,
        "created_at": comment["created_at"],
        "edited_at": None,
    }
    after = api.ok("GET", f"/tickets/{ticket['id']}")
    assert after["touched_at"] == comment["created_at"]
    newest = api.items(f"/tickets/{ticket['id']}/comments")[0]
    assert newest == comment == after["comments"][0]
    assert api.ok("POST", f"/tickets/{ticket['id']}/comments", {"body": "x", "internal": True})["internal"] is True
    assert api.ok("GET", f"/tickets/{ticket['id']}")["touched_at"] == comment["created_at"], "the first touch stays"


def test_time_is_booked_by_who_worked(api: AdminApi, ada: Person) -> None:
    ticket_id = api.ok("POST", "/tickets", {"title": "x"})["id"]
    path = f"/tickets/{ticket_id}/time-entries"
    response = api.call("POST", path, {"minutes": 15, "note": "Replaced the disk"}, key=ada.key)
    entry = response.json
    assert response.status == 201
    assert entry == {
        "id": entry["id"],
        "minutes": 15,
        "note": "Replaced the disk",
        "author": ada.id,
        "created_at": entry["created_at"],
    }
    second = api.ok("POST", path, {"minutes": 10_080}, key=ada.key)
    assert second["note"] == ""
    assert api.items(path, limit=1) == [second, entry], "newest first"
    shown = api.ok("GET", f"/tickets/{ticket_id}")
    assert shown["time_entries"] == [second, entry]
    assert shown["touched_at"] == entry["created_at"]
    assert shown["comments"] == []


def test_a_ticket_is_changed_and_keeps_what_is_left_out(api: AdminApi, ada: Person) -> None:
    ticket = api.ok("POST", "/tickets", {"title": "x", "priority": "low"})
    path = f"/tickets/{ticket['id']}"
    changed = api.ok("PATCH", path, {"title": "y", "assignee_id": ada.id}, key=ada.key)
    assert changed == ticket | {"title": "y", "assignee_id": ada.id}
    assert api.ok("PATCH", path, {"priority": "urgent"}) == changed | {"priority": "urgent"}
    cleared = api.ok("PATCH", path, {"assignee_id": None})
    assert cleared["assignee_id"] is None
    moved = api.ok("PATCH", path, {"status": "waiting"})
    assert (moved["status"], moved["is_closed"]) == ("waiting", False)
    assert moved["touched_at"] is not None
    assert api.ok("PATCH", path, {"status": "in PROGRESS"})["status"] == "in_progress", "a status by its name"
    assert api.ok("GET", path)["status_name"] == "In progress"


def test_a_ticket_moves_to_another_board_with_that_boards_statuses(api: AdminApi) -> None:
    board = api.ok("POST", "/boards", {"name": "NOC", "statuses": [WAITING, {"name": "Doing"}, DONE]})
    ticket = api.ok("POST", "/tickets", {"title": "x", "status": "in_progress"})
    path = f"/tickets/{ticket['id']}"
    moved = api.ok("PATCH", path, {"board_id": board["id"]})
    assert (moved["board_id"], moved["status"], moved["status_name"]) == (board["id"], "to_do", "To do")
    assert fields(api.refused(422, "PATCH", path, {"status": "in_progress"})) == ["status"]
    back = api.ok("PATCH", path, {"board_id": "service-desk", "status": "waiting"})
    assert (back["board_id"], back["status"]) == ("service-desk", "waiting")
    closed = api.ok("PATCH", path, {"board_id": board["id"], "status": "done"})
    assert (closed["status"], closed["is_closed"]) == ("done", True)
    moved = api.ok("PATCH", path, {"board_id": "service-desk"})
    assert (moved["status"], moved["is_closed"]) == ("resolved", True), "a closed ticket stays closed"


def test_a_ticket_is_closed_by_who_closes_it_and_reopened(api: AdminApi, ada: Person) -> None:
    ticket = api.ok("POST", "/tickets", {"title": "x"})
    path = f"/tickets/{ticket['id']}"
    closed = api.ok("POST", f"{path}/close", key=ada.key)
    assert (closed["status"], closed["is_closed"], closed["closed_by"]) == ("resolved", True, ada.id)
    assert closed["closed_at"] is not None
    assert closed["touched_at"] == closed["closed_at"]
    assert api.ok("POST", f"{path}/close") == closed, "closing a closed ticket changes nothing"
    assert api.ok("GET", path) == closed
    opened = api.ok("POST", f"{path}/reopen", key=ada.key)
    assert opened == closed | {"status": "new", "status_name": "New", "is_closed": False} | dict.fromkeys(
        ("closed_at", "closed_by")
    )
    assert api.ok("POST", f"{path}/reopen") == opened, "reopening an open ticket changes nothing"
    assert api.ok("POST", f"{path}/close", {"status": "Closed"})["status"] == "closed"


def test_a_status_of_the_other_sort_closes_and_reopens(api: AdminApi, ada: Person) -> None:
    path = f"/tickets/{api.ok('POST', '/tickets', {'title': 'x'})['id']}"
    closed = api.ok("PATCH", path, {"status": "closed"}, key=ada.key)
    assert (closed["is_closed"], closed["closed_by"]) == (True, ada.id)
    opened = api.ok("PATCH", path, {"status": "waiting"})
    assert (opened["is_closed"], opened["status"], opened["closed_at"]) == (False, "waiting", None)


def test_only_a_closed_status_closes_and_only_an_open_one_opens(api: AdminApi) -> None:
    path = f"/tickets/{api.ok('POST', '/tickets', {'title': 'x'})['id']}"
    for status in ("in_progress", "nothing", ""):
        assert fields(api.refused(422, "POST", f"{path}/close", {"status": status})) == ["status"]
    assert fields(api.refused(422, "POST", "/tickets", {"title": "x", "status": "closed"})) == ["status"]


def test_an_alert_that_fires_after_a_close_opens_the_next_ticket_which_names_the_one_before(
    api: AdminApi, integration_id: str
) -> None:
    api.hear(integration_id, triggered())
    first = ticket_of(api, integration_id)
    api.ok("POST", f"/tickets/{first['id']}/close")
    api.hear(integration_id, triggered(1))
    second = ticket_of(api, integration_id)
    assert second["id"] != first["id"]
    assert second["previous_ticket_number"] == first["number"]
    assert second["occurrence_count"] == 1
    assert api.ok("GET", f"/tickets/{first['id']}")["occurrence_count"] is None


@pytest.mark.parametrize(("method", "rest", "body"), [("POST", "/reopen", None), ("PATCH", "", {"status": "new"})])
def test_reopening_beside_another_open_ticket_of_the_condition_is_refused_naming_it(
    api: AdminApi, integration_id: str, method: str, rest: str, body: object
) -> None:
    api.hear(integration_id, triggered())
    first = ticket_of(api, integration_id)
    api.ok("POST", f"/tickets/{first['id']}/close")
    api.hear(integration_id, triggered(1))
    second = ticket_of(api, integration_id)
    problem = api.refused(409, method, f"/tickets/{first['id']}{rest}", body)
    assert second["number"] in problem["detail"]
    api.ok("POST", f"/tickets/{second['id']}/close")
    assert api.ok(method, f"/tickets/{first['id']}{rest}", body)["is_closed"] is False


def test_a_reopened_ticket_is_its_conditions_again(api: AdminApi, integration_id: str) -> None:
    api.hear(integration_id, triggered(), triggered(1, "a2"), reset(2, "a2"))
    ticket = ticket_of(api, integration_id)
    api.ok("POST", f"/tickets/{ticket['id']}/close")
    api.ok("POST", f"/tickets/{ticket['id']}/reopen")
    conditions = {sk: item for (_, sk), item in api.stored().items() if sk == "CONDITION"}
    assert conditions["CONDITION"]["live_count"] == 1, "of its two alerts one is live"
    assert conditions["CONDITION"]["open_ticket_id"] == ticket["id"]
    api.hear(integration_id, triggered(3, "a3"))
    assert ticket_of(api, integration_id, "a3")["id"] == ticket["id"]
    assert ticket_of(api, integration_id, "a3")["occurrence_count"] == ticket["occurrence_count"] + 1


def test_tickets_are_listed_newest_first_by_status_client_and_asset(api: AdminApi, integration_id: str) -> None:
    acme = api.new_client()
    api.ok("POST", "/tickets", {"title": "one", "client_id": acme, "asset_id": "asset-1"})
    two = api.ok("POST", "/tickets", {"title": "two", "client_id": acme})
    api.ok("POST", "/tickets", {"title": "three", "asset_id": "asset-1"})
    api.hear(integration_id, triggered())
    api.ok("POST", f"/tickets/{two['id']}/close")

    def titles(**query: Any) -> list[str]:
        whole = [each["title"] for each in api.items("/tickets", **query)]
        assert [each["title"] for each in api.items("/tickets", limit=1, **query)] == whole
        return whole

    disk = "PC-d1: Disk C: is full"
    assert titles() == [disk, "three", "two", "one"]
    assert titles(status="open") == [disk, "three", "one"]
    assert titles(status="closed") == ["two"]
    assert titles(client_id=acme) == ["two", "one"]
    assert titles(client_id=acme, status="open") == ["one"]
    assert titles(asset_id="asset-1") == ["three", "one"]
    assert titles(client_id=acme, asset_id="asset-1") == ["one"]
    assert titles(client_id="nobody") == []


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": None}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"title": "x" * 256}, "title"),
        ({"description": "x" * 32_001}, "description"),
        ({"description": "nul\0"}, "description"),
        ({"description": None}, "description"),
        ({"client_id": "nobody"}, "client_id"),
        ({"board_id": "nothing"}, "board_id"),
        ({"status": "nothing"}, "status"),
        ({"priority": "critical"}, "priority"),
        ({"priority": None}, "priority"),
        ({"assignee_id": "nobody"}, "assignee_id"),
        ({"number": "T-1"}, "number"),
        ({"closed_by": "me"}, "closed_by"),
        ({"contact": {"email": "x"}}, "contact.email"),
    ],
)
def test_a_ticket_that_is_none_is_refused_by_field(refusing: AdminApi, words: dict[str, object], field: str) -> None:
    assert fields(refusing.refused(422, "POST", "/tickets", {"title": "x"} | words)) == [field]


@pytest.fixture(scope="module")
def ticket_path(refusing: AdminApi) -> str:
    """A ticket that nothing changes."""
    return f"/tickets/{refusing.ok('POST', '/tickets', {'title': 'x'})['id']}"


@pytest.mark.parametrize(
    ("method", "rest", "body", "field"),
    [
        ("PATCH", "", {"title": None}, "title"),
        ("PATCH", "", {"status": None}, "status"),
        ("PATCH", "", {"priority": None}, "priority"),
        ("PATCH", "", {"board_id": None}, "board_id"),
        ("PATCH", "", {"board_id": "nothing"}, "board_id"),
        ("PATCH", "", {"assignee_id": "nobody"}, "assignee_id"),
        ("PATCH", "", {"status": "nothing"}, "status"),
        ("PATCH", "", {"description": "x"}, "description"),
        ("PATCH", "", {"is_closed": True}, "is_closed"),
        ("POST", "/comments", {}, "body"),
        ("POST", "/comments", {"body": ""}, "body"),
        ("POST", "/comments", {"body": " \n "}, "body"),
        ("POST", "/comments", {"body": "x" * 32_001}, "body"),
        ("POST", "/comments", {"body": "nul\0"}, "body"),
        ("POST", "/comments", {"body": "x", "internal": "no"}, "internal"),
        ("POST", "/comments", {"body": "x", "author": "tandem"}, "author"),
        ("POST", "/time-entries", {}, "minutes"),
        ("POST", "/time-entries", {"minutes": 0}, "minutes"),
        ("POST", "/time-entries", {"minutes": -5}, "minutes"),
        ("POST", "/time-entries", {"minutes": 10_081}, "minutes"),
        ("POST", "/time-entries", {"minutes": 1.5}, "minutes"),
        ("POST", "/time-entries", {"minutes": "5"}, "minutes"),
        ("POST", "/time-entries", {"minutes": True}, "minutes"),
        ("POST", "/close", {"reason": "done"}, "reason"),
        ("POST", "/reopen", {"reason": "not done"}, "reason"),
    ],
)
def test_work_on_a_ticket_that_is_none_is_refused_by_field(
    refusing: AdminApi, ticket_path: str, method: str, rest: str, body: object, field: str
) -> None:
    assert fields(refusing.refused(422, method, f"{ticket_path}{rest}", body)) == [field]


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"title": "x"}),
        ("POST", "/close", None),
        ("POST", "/reopen", None),
        ("GET", "/comments", None),
        ("POST", "/comments", {"body": "x"}),
        ("GET", "/time-entries", None),
        ("POST", "/time-entries", {"minutes": 5}),
        ("GET", "/alerts", None),
    ],
)
def test_an_unknown_ticket_is_404(refusing: AdminApi, method: str, rest: str, body: object) -> None:
    assert "nothing" in refusing.refused(404, method, f"/tickets/nothing{rest}", body)["detail"]
