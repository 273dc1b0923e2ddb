"""What a person does with assets over the admin API: link, unlink, retire, restore, ask anew; and who did it."""

from typing import Any

import pytest

from tandem.assets.models import FleetEntry, Presence
from tandem.assets.news import News
from tandem.store.fleets import Fleets
from tandem.syncing.refresh_message import decode
from tests.integration.admin_calls import AdminApi, fields
from tests.integration.admin_machines import connected, in_fleet, machine

pytestmark = pytest.mark.emulator

SERIAL = "5CD1234XYZ"


def listed(api: AdminApi) -> set[str]:
    return {each["id"] for each in api.items("/assets")}


def test_two_assets_of_one_machine_become_one_and_two_again(api: AdminApi) -> None:
    tactical, level, client_id = connected(api), connected(api, "levelio"), api.new_client()
    first = machine(api, tactical, "1", client_id, model="OptiPlex")
    second = machine(api, level, "l1", client_id, serial_number=SERIAL)
    api.ok("PATCH", f"/assets/{second}", {"location": "Hall"})

    linked = api.ok("POST", f"/assets/{first}/link", {"asset_id": second})
    assert [each["provider"] for each in linked["asset"]["devices"]] == ["tacticalrmm", "levelio"]
    assert linked["asset"]["serial_number"] == SERIAL
    assert [each["linked_by"] for each in linked["asset"]["devices"]] == ["device", "person"]
    assert linked["other_id"] == second
    other = api.ok("GET", f"/assets/{second}")
    assert (other["devices"], other["linked_to"], other["presence"], other["location"]) == ([], first, None, "Hall")
    assert listed(api) == {first}
    assert {each["id"] for each in api.items("/assets", q="pc")} == {first}
    assert Fleets(api.dynamodb, api.name).entries([(level, "l1")])[level, "l1"].asset_id == first
    assert api.ok("GET", f"/integrations/{level}/devices/l1")["asset_id"] == first

    apart = api.ok("POST", f"/assets/{first}/unlink", {"integration_id": level, "external_id": "l1"})
    assert [each["provider"] for each in apart["asset"]["devices"]] == ["tacticalrmm"]
    assert apart["other_id"] == second
    other = api.ok("GET", f"/assets/{second}")
    assert ([each["provider"] for each in other["devices"]], other["location"]) == (["levelio"], "Hall")
    assert listed(api) == {first, second}
    assert [each["what"] for each in api.items(f"/assets/{second}/history")] == [
        "unlinked",
        "linked",
        "changed",
        "created",
    ]
    assert [(each["action"], each["subject"]) for each in api.items("/audit")] == [
        ("unlink", f"asset:{first}"),
        ("link", f"asset:{first}"),
    ]


def test_what_cannot_be_linked_or_unlinked_is_refused_with_a_sentence(api: AdminApi) -> None:
    integration_id = connected(api)
    first, second = machine(api, integration_id, "1"), machine(api, integration_id, "2")
    path = f"/assets/{first}"
    device = {"integration_id": integration_id, "external_id": "1"}
    assert fields(api.refused(422, "POST", f"{path}/link", {"asset_id": "nothing"})) == ["asset_id"]
    assert fields(api.refused(422, "POST", f"{path}/unlink", device | {"external_id": "9"})) == ["external_id"]
    assert "itself" in api.refused(409, "POST", f"{path}/link", {"asset_id": first})["detail"]
    assert "only device" in api.refused(409, "POST", f"{path}/unlink", device)["detail"]
    api.ok("POST", f"{path}/link", {"asset_id": second})
    assert "made the asset" in api.refused(409, "POST", f"{path}/unlink", device)["detail"]
    assert "no device" in api.refused(409, "POST", f"{path}/link", {"asset_id": second})["detail"]
    assert "linked to another" in api.refused(409, "POST", f"/assets/{second}/retire")["detail"]


def test_an_asset_is_retired_and_restored_by_hand(api: AdminApi) -> None:
    integration_id = connected(api)
    asset_id = machine(api, integration_id, "1")
    path = f"/assets/{asset_id}"
    for _ in range(2):
        assert api.ok("POST", f"{path}/retire")["presence"] == "retired"
    assert {each["id"] for each in api.items("/assets", presence="retired")} == {asset_id}
    restored = api.ok("POST", f"{path}/restore")
    assert (restored["presence"], restored["is_managed"]) == ("listed", True)
    assert [each["what"] for each in api.items(f"{path}/history")] == ["returned", "retired", "created"]
    assert [each["action"] for each in api.items("/audit")] == ["restore", "retire"], "what changed nothing is not told"


def test_what_no_rmm_lists_is_not_restored(api: AdminApi) -> None:
    integration_id = connected(api)
    asset_id = machine(api, integration_id, "1", presence=Presence.RETIRED)
    assert "no RMM lists" in api.refused(409, "POST", f"/assets/{asset_id}/restore")["detail"]
    in_fleet(api, integration_id, FleetEntry("1", "f", asset_id))
    assert api.ok("POST", f"/assets/{asset_id}/restore")["presence"] == "listed"


def test_assets_are_asked_for_at_their_rmms(api: AdminApi) -> None:
    tactical, gone = connected(api), connected(api, "levelio", status="disconnected")
    first, second = machine(api, tactical, "1"), machine(api, tactical, "2")
    cut_off = machine(api, gone, "l1")
    technician = api.new_person("technician").key
    answer = api.call("POST", "/assets/sync", {"ids": [first, second, first, cut_off]}, key=technician)
    assert answer.status == 202
    assert answer.json["devices"] == 2
    assert [each["id"] for each in answer.json["not_asked"]] == [cut_off]
    messages = [decode(each) for each in api.messages(api.refresh_queue_url)]
    assert {(each.integration_id, each.external_id, each.news) for each in messages} == {
        (tactical, "1", News.REQUESTED),
        (tactical, "2", News.REQUESTED),
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "ids"), ({"ids": []}, "ids"), ({"ids": ["x"] * 101}, "ids"), ({"ids": ["nothing"]}, "ids.0")],
)
def test_assets_that_are_none_are_refused_by_their_place(refusing: AdminApi, body: Any, field: str) -> None:
    assert fields(refusing.refused(422, "POST", "/assets/sync", body)) == [field]


def test_the_audit_log_is_narrowed_by_user_action_and_subject(api: AdminApi) -> None:
    integration_id, other = connected(api), api.new_person("admin")
    first, second = machine(api, integration_id, "1"), machine(api, integration_id, "2")
    api.ok("POST", f"/assets/{first}/retire")
    api.ok("POST", f"/assets/{second}/retire", key=other.key)
    api.ok("POST", f"/assets/{second}/restore")

    def told(**query: Any) -> list[tuple[str, str]]:
        return [(each["action"], each["subject"]) for each in api.items("/audit", limit=1, **query)]

    assert told() == [("restore", f"asset:{second}"), ("retire", f"asset:{second}"), ("retire", f"asset:{first}")]
    assert told(user_id=other.id) == [("retire", f"asset:{second}")]
    assert told(action="restore") == [("restore", f"asset:{second}")]
    assert told(subject=f"asset:{first}") == [("retire", f"asset:{first}")]
    assert api.problem(403, "GET", "/audit", key=api.new_person("technician").key)
