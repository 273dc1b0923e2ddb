"""Organizations over the admin API: several at once, by suggestion, as new clients; and the syncs that this begins."""

from typing import Any

import pytest

from tandem.assets.models import FleetEntry, Presence
from tandem.store.configuration.organizations import Organizations
from tandem.store.configuration.records import OrganizationRecord
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.message import Step, decode
from tandem.times import utc_now
from tests.integration.admin_calls import AdminApi, fields
from tests.integration.admin_machines import connected, in_fleet
from tests.unit.alerts.world import triggered

pytestmark = pytest.mark.emulator


def synced(api: AdminApi, integration_id: str, *records: OrganizationRecord) -> None:
    """Organizations as a sync left them."""
    organizations = Organizations(ConfigurationTable(api.dynamodb, api.name))
    organizations.put_several(integration_id, records)


def named(external_id: str, name: str, **words: Any) -> OrganizationRecord:
    return OrganizationRecord(external_id, name, **words)


def organizations(api: AdminApi, integration_id: str, **query: Any) -> dict[str, Any]:
    path = f"/integrations/{integration_id}/organizations"
    return {each["external_id"]: each for each in api.items(path, **query)}


def test_a_client_of_the_same_name_is_suggested_if_both_are_alone_in_having_it(api: AdminApi) -> None:
    integration_id = connected(api)
    northwind, twin = api.new_client("Northwind Dental, Inc."), api.new_client("Twin")
    api.new_client("TWIN GmbH")
    synced(
        api,
        integration_id,
        named("1", "northwind dental"),
        named("2", "Twin"),
        named("3", "Nobody's"),
        named("4", "Northwind Dental", is_place=True),
        named("5", "Mapped", client_id=twin),
    )
    found = organizations(api, integration_id)
    assert {key: each["suggested_client_id"] for key, each in found.items()} == {
        "1": northwind,
        "2": None,
        "3": None,
        "4": None,
        "5": None,
    }
    assert [each for each, shown in found.items() if shown["is_place"]] == ["4"]
    assert set(organizations(api, integration_id, mapped="true")) == {"5"}
    assert set(organizations(api, integration_id, mapped="false", limit=1)) == {"1", "2", "3"}


def test_devices_are_counted_once_they_were_synced(api: AdminApi) -> None:
    integration_id = connected(api)
    synced(api, integration_id, named("12", "A"), named("13", "B"))
    assert {each["device_count"] for each in organizations(api, integration_id).values()} == {None}
    for external_id, presence in (("1", Presence.LISTED), ("2", Presence.MISSING), ("3", Presence.RETIRED)):
        in_fleet(api, integration_id, FleetEntry(external_id, "f", organization_id="12", presence=presence))
    assert {key: each["device_count"] for key, each in organizations(api, integration_id).items()} == {"12": 2, "13": 0}


def test_several_are_mapped_at_once_and_what_the_sync_knows_stays(api: AdminApi) -> None:
    integration_id, client_id = connected(api), api.new_client()
    synced(
        api, integration_id, named("1", "Acme", path="Acme"), named("2", "Branch", parent_id="1", path="Acme / Branch")
    )
    api.new_rule(integration_id)
    api.hear(integration_id, triggered(organization="2"))
    path = f"/integrations/{integration_id}/organizations"
    items = [
        {"external_id": "2", "client_id": client_id},
        {"external_id": "1", "client_id": None, "auto_sync": False},
        {"external_id": "new", "client_id": client_id},
    ]
    mapped = api.ok("PUT", path, {"items": items})
    assert [(each["external_id"], each["client_id"], each["auto_sync"]) for each in mapped["items"]] == [
        ("2", client_id, True),
        ("1", None, False),
        ("new", client_id, True),
    ]
    assert (mapped["alerts_decided_again"], mapped["device_sync"]) == (1, "begun")
    assert organizations(api, integration_id)["2"]["path"] == "Acme / Branch"
    assert api.ok("PUT", path, {"items": items})["device_sync"] is None, "nothing is new to the next sync"


def test_more_than_one_transaction_takes_are_mapped_too(api: AdminApi) -> None:
    integration_id, client_id = connected(api), api.new_client()
    items = [{"external_id": str(n), "client_id": client_id} for n in range(200)]
    assert len(api.ok("PUT", f"/integrations/{integration_id}/organizations", {"items": items})["items"]) == 200
    assert len(organizations(api, integration_id, mapped="true", limit=200)) == 200


def test_all_mistakes_are_named_and_nothing_is_mapped(api: AdminApi) -> None:
    integration_id, client_id = connected(api), api.new_client()
    items = [
        {"external_id": "1", "client_id": client_id},
        {"external_id": "2", "client_id": "nobody"},
        {"external_id": "1", "client_id": None},
    ]
    problem = api.refused(422, "PUT", f"/integrations/{integration_id}/organizations", {"items": items})
    assert fields(problem) == ["items.0.external_id", "items.1.client_id", "items.2.external_id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "items"),
        ({"items": []}, "items"),
        ({"items": [{"external_id": "1"}]}, "items.0.client_id"),
        ({"items": [{"external_id": "", "client_id": None}]}, "items.0.external_id"),
        ({"items": [{"external_id": "1", "client_id": None, "name": "x"}]}, "items.0.name"),
        ({"items": [{"external_id": str(n), "client_id": None} for n in range(201)]}, "items"),
    ],
)
def test_a_bulk_that_is_none_is_refused_by_field(refusing: AdminApi, body: Any, field: str) -> None:
    integration_id = refusing.new_integration(rule=False)
    assert fields(refusing.refused(422, "PUT", f"/integrations/{integration_id}/organizations", body)) == [field]


def test_suggestions_are_applied_by_a_person(api: AdminApi) -> None:
    integration_id, client_id = connected(api), api.new_client("Northwind Dental")
    synced(api, integration_id, named("1", "Northwind Dental"), named("2", "Other"))
    path = f"/integrations/{integration_id}/organizations/suggestions/apply"
    problem = api.refused(422, "POST", path, {"external_ids": ["1", "2", "nothing"]})
    assert fields(problem) == ["external_ids.1", "external_ids.2"]
    mapped = api.ok("POST", path, {"external_ids": ["1"]})
    assert [(each["external_id"], each["client_id"]) for each in mapped["items"]] == [("1", client_id)]
    assert mapped["device_sync"] == "begun"
    assert fields(api.refused(422, "POST", path, {"external_ids": ["1"]})) == ["external_ids.0"], "it is mapped"


def test_a_client_is_made_of_an_organization(api: AdminApi) -> None:
    integration_id = connected(api)
    synced(api, integration_id, named("a/b", "Northwind Dental"), named("site:1", "Main", is_place=True))
    api.new_rule(integration_id)
    api.hear(integration_id, triggered(organization="a/b"))
    path = f"/integrations/{integration_id}/organizations"
    response = api.call("POST", f"{path}/a/b/client")
    assert response.status == 201
    made = response.json
    assert made["client"]["name"] == "Northwind Dental"
    assert made["organization"]["client_id"] == made["client"]["id"]
    assert (made["alerts_decided_again"], made["device_sync"]) == (1, "begun")
    assert response.headers["location"].endswith(f"/clients/{made['client']['id']}")
    assert api.ok("GET", f"/clients/{made['client']['id']}") == made["client"]

    assert "mapped to client" in api.refused(409, "POST", f"{path}/a/b/client", {"name": "Another"})["detail"]
    assert "place" in api.refused(409, "POST", f"{path}/site:1/client")["detail"]
    assert "nothing" in api.refused(404, "POST", f"{path}/nothing/client")["detail"]


def test_no_second_client_of_one_name_is_made_and_a_name_is_needed(api: AdminApi) -> None:
    integration_id, client_id = connected(api), api.new_client("Northwind Dental Inc")
    synced(api, integration_id, named("1", "NORTHWIND DENTAL"), OrganizationRecord("2"))
    path = f"/integrations/{integration_id}/organizations"
    assert client_id in api.refused(409, "POST", f"{path}/1/client")["detail"]
    assert fields(api.refused(422, "POST", f"{path}/2/client")) == ["name"]
    made = api.ok("POST", f"{path}/1/client", {"name": "Northwind Two", "external_ref": "C-7"})
    assert (made["client"]["name"], made["client"]["external_ref"]) == ("Northwind Two", "C-7")


@pytest.mark.parametrize(
    ("provider", "told_apart"),
    [("tacticalrmm", {"patches", "software"}), ("ninjaone", {"software"}), ("levelio", set())],
)
def test_a_mapping_wants_a_sync_once_however_many_are_made_while_one_is_at_work(
    api: AdminApi, provider: str, told_apart: set[str]
) -> None:
    integration_id, client_id = connected(api, provider), api.new_client()
    path = f"/integrations/{integration_id}/organizations"
    states = [api.ok("PUT", f"{path}/{n}", {"client_id": client_id})["device_sync"] for n in range(4)]
    assert states == ["begun", "wanted", "wanted", "wanted"]
    assert [decode(each).step for each in api.messages(api.sync_queue_url)] == [Step.START]
    wanted = SyncRuns(api.dynamodb, api.name).state(integration_id).wanted
    assert wanted == dict.fromkeys({"devices", *told_apart}, "first-admin"), "what new assets have comes with them"
    assert api.ok("PUT", f"{path}/0", {"client_id": client_id, "name": "A name"})["device_sync"] is None
    assert api.ok("PUT", f"{path}/0", {"client_id": client_id, "auto_sync": False})["device_sync"] == "wanted"


def test_a_mapping_is_kept_though_no_sync_can_be_begun(api: AdminApi) -> None:
    integration_id, client_id = connected(api), api.new_client()
    broken = api.another_instance(DEVICE_SYNC_QUEUE_URL=f"{api.sync_queue_url}-gone")
    response = api.call(
        "PUT", f"/integrations/{integration_id}/organizations/1", {"client_id": client_id}, instance=broken
    )
    assert (response.status, response.json["device_sync"]) == (200, None)
    assert SyncRuns(api.dynamodb, api.name).runs(integration_id, None, 5, utc_now()).records[0].state == "failed"


def test_an_integration_whose_devices_are_not_synced_begins_nothing(api: AdminApi) -> None:
    off, client_id = connected(api, device_sync_enabled=False), api.new_client()
    assert api.ok("PUT", f"/integrations/{off}/organizations/1", {"client_id": client_id})["device_sync"] is None
    assert api.messages(api.sync_queue_url) == []
