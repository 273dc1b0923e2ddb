"""Organizations and devices over the admin API; what waits for a mapping is decided again when it comes."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tandem.admin import bootstrap
from tandem.alerts.limits import MARKER, MESSAGE_BYTES
from tandem.alerts.models import Origin
from tests.integration.admin_calls import AdminApi, fields
from tests.unit.alerts.world import reset, triggered

pytestmark = pytest.mark.emulator

LONG = "x" * 1_500 + " disk failing " + "y" * 1_500


def organizations(api: AdminApi, integration_id: str) -> dict[str, Any]:
    return {each["external_id"]: each for each in api.items(f"/integrations/{integration_id}/organizations")}


def test_an_organization_is_mapped_before_anything_was_heard_of_it(api: AdminApi) -> None:
    integration_id, client_id = api.new_integration(), api.new_client()
    path = f"/integrations/{integration_id}/organizations/7"
    mapped = api.ok("PUT", path, {"client_id": client_id, "name": "Northwind"})
    assert mapped == {
        "external_id": "7",
        "name": "Northwind",
        "parent_id": None,
        "path": None,
        "is_place": False,
        "is_listed": False,
        "client_id": client_id,
        "suggested_client_id": None,
        "auto_sync": True,
        "default_contact": None,
        "device_count": None,
        "waiting_alerts": None,
        "alerts_decided_again": 0,
        "device_sync": None,
    }
    del mapped["alerts_decided_again"], mapped["device_sync"]
    assert organizations(api, integration_id) == {"7": mapped | {"waiting_alerts": 0}}

    api.hear(integration_id, triggered(organization="7"))
    assert api.alert(integration_id)["client_id"] == client_id, "the first alert finds its client"


def test_a_later_mapping_keeps_what_it_leaves_out(api: AdminApi) -> None:
    integration_id, client_id = api.new_integration(), api.new_client()
    path = f"/integrations/{integration_id}/organizations/7"
    contact = {"name": "Grace", "email": None, "phone": None}
    first = api.ok(
        "PUT", path, {"client_id": client_id, "name": "N", "auto_sync": False, "default_contact": {"name": "Grace"}}
    )
    again = api.ok("PUT", path, {"client_id": None})
    assert (first["client_id"], again["client_id"]) == (client_id, None)
    assert (again["name"], again["auto_sync"], again["default_contact"]) == ("N", False, contact)
    cleared = api.ok("PUT", path, {"client_id": None, "name": None, "default_contact": None})
    assert (cleared["name"], cleared["default_contact"]) == (None, None)


def test_its_contact_is_the_tickets(api: AdminApi) -> None:
    integration_id = api.new_integration()
    client_id = api.new_client(default_contact={"name": "Of the client"})
    body = {"client_id": client_id, "default_contact": {"name": "Of the organization"}}
    api.ok("PUT", f"/integrations/{integration_id}/organizations/o1", body)
    api.hear(integration_id, triggered())
    ticket = api.ok("GET", f"/tickets/{api.alert(integration_id)['ticket_id']}")
    assert ticket["contact"]["name"] == "Of the organization"


def test_organizations_that_only_waiting_alerts_speak_of_are_listed_with_their_number(api: AdminApi) -> None:
    integration_id = api.new_integration()
    api.hear(
        integration_id,
        triggered(0, "a1", organization="o1"),
        triggered(1, "a2", organization="o1", device="d2"),
        triggered(2, "a3", organization="o2", device="d3"),
        triggered(3, "a4", organization="o3", device="d4"),
        reset(4, "a4", organization="o3", device="d4"),
    )
    found = organizations(api, integration_id)
    assert {key: (each["waiting_alerts"], each["name"]) for key, each in found.items()} == {
        "o1": (2, "Organization o1"),
        "o2": (1, "Organization o2"),
    }


def test_organizations_with_and_without_a_record_come_in_one_order_page_by_page(api: AdminApi) -> None:
    integration_id = api.new_integration()
    for number in ("b", "d", "f", "ü"):
        api.ok("PUT", f"/integrations/{integration_id}/organizations/{number}", {"client_id": None})
    api.hear(
        integration_id,
        *(triggered(0, f"a{each}", organization=each, device=each) for each in ("a", "c", "e", "g", "ä", "b")),
    )
    path = f"/integrations/{integration_id}/organizations"
    whole = [each["external_id"] for each in api.items(path)]
    assert whole == sorted(whole, key=str.encode)
    assert len(whole) == 9
    for limit in (1, 2, 3, 4, 8, 9):
        assert [each["external_id"] for each in api.items(path, limit=limit)] == whole, f"limit {limit}"


def test_mapping_hands_back_exactly_the_alerts_that_waited_for_it(api: AdminApi) -> None:
    integration_id, other = api.new_integration(), api.new_integration()
    api.hear(
        integration_id,
        triggered(0, "a1"),
        triggered(1, "a2", device="d2"),
        triggered(2, "gone", device="d3"),
        reset(3, "gone", device="d3"),
        triggered(4, "elsewhere", organization="o2", device="d4"),
    )
    api.hear(other, triggered(0, "a1"))
    client_id = api.new_client()
    mapped = api.ok("PUT", f"/integrations/{integration_id}/organizations/o1", {"client_id": client_id})
    assert mapped["alerts_decided_again"] == 2

    handed_back = api.work_the_queue()
    assert [each.external_alert_id for each in handed_back] == ["a1", "a2"], "oldest first"
    for each in handed_back:
        assert (each.integration_id, each.origin, each.decide_again) == (integration_id, Origin.MAPPING, True)
    for external_id in ("a1", "a2"):
        alert = api.alert(integration_id, external_id)
        assert (alert["client_id"], alert["needs_mapping"]) == (client_id, False)
        assert [line["outcome"] for line in alert["decisions"]] == ["needs_mapping", "ticket_created"]
    assert api.alert(integration_id, "elsewhere")["needs_mapping"] is True
    assert api.alert(integration_id, "gone")["ticket_id"] is None
    assert api.alert(other)["needs_mapping"] is True


def test_an_alert_goes_back_at_its_own_time_to_its_own_group(api: AdminApi) -> None:
    integration_id = api.new_integration()
    fired = replace(triggered(7), integration_id=integration_id)
    api.hear(integration_id, fired)
    path = f"/integrations/{integration_id}/organizations/o1"
    api.ok("PUT", path, {"client_id": api.new_client()})
    (sent,) = api.queued()
    assert sent["Attributes"]["MessageGroupId"] == fired.group_id
    assert '"occurred_at":"2026-11-21T08:07:00.000000Z"' in sent["Body"]


def test_the_same_mapping_again_is_safe_and_finishes_what_was_lost(api: AdminApi) -> None:
    integration_id, client_id = api.new_integration(), api.new_client()
    api.hear(integration_id, triggered())
    path, body = f"/integrations/{integration_id}/organizations/o1", {"client_id": client_id}
    assert api.ok("PUT", path, body)["alerts_decided_again"] == 1
    lost = api.queued()
    written = api.stored()
    assert api.ok("PUT", path, body)["alerts_decided_again"] == 1
    assert api.stored() == written, "the mapping itself is not written anew"
    again = api.queued()
    names = {each["Attributes"]["MessageDeduplicationId"] for each in (*lost, *again)}
    assert len(names) == 2, "or the queue would swallow it for five minutes"

    assert api.ok("PUT", path, body)["alerts_decided_again"] == 1
    assert api.ok("PUT", path, body)["alerts_decided_again"] == 1
    assert len(api.work_the_queue()) == 2
    alert = api.alert(integration_id)
    assert len(api.items("/tickets", client_id=client_id)) == 1
    assert alert["occurrence_count"] == 1, "deciding again is no firing"
    assert api.ok("PUT", path, body)["alerts_decided_again"] == 0, "it waits no more"


def test_mapping_to_no_client_hands_nothing_back(api: AdminApi) -> None:
    integration_id = api.new_integration()
    api.hear(integration_id, triggered())
    mapped = api.ok("PUT", f"/integrations/{integration_id}/organizations/o1", {"client_id": None})
    assert mapped["alerts_decided_again"] == 0
    assert api.queued() == []


def test_more_waiting_alerts_than_one_call_of_the_queue_takes_all_go(api: AdminApi) -> None:
    integration_id = api.new_integration()
    api.hear(integration_id, *(triggered(n, f"a{n}", device=f"d{n}") for n in range(23)))
    mapped = api.ok("PUT", f"/integrations/{integration_id}/organizations/o1", {"client_id": api.new_client()})
    assert mapped["alerts_decided_again"] == 23
    assert len(api.queued()) == 23


def test_a_long_message_is_decided_by_all_of_it(api: AdminApi) -> None:
    """The alert itself holds only the beginning; the rule's word stands behind that."""
    integration_id = api.new_integration(rule=False)
    api.new_rule(integration_id, "Disks", conditions={"keywords": ["disk failing"]})
    api.hear(integration_id, triggered(message=LONG))
    (listed,) = api.items("/alerts", integration_id=integration_id)
    assert listed["message"].endswith(MARKER)
    assert "disk failing" not in listed["message"]
    assert api.alert(integration_id)["message"] == LONG
    assert api.alert(integration_id)["needs_mapping"] is True

    api.ok("PUT", f"/integrations/{integration_id}/organizations/o1", {"client_id": api.new_client()})
    (handed_back,) = api.work_the_queue()
    assert handed_back.message == LONG
    alert = api.alert(integration_id)
    assert alert["message"] == LONG
    assert alert["matched_rule"]["name"] == "Disks"
    assert alert["ticket_id"] is not None


def test_a_message_that_was_cut_at_ingest_is_handed_back_as_it_is(api: AdminApi) -> None:
    integration_id = api.new_integration()
    cut = "z" * (MESSAGE_BYTES - len(MARKER.encode())) + MARKER
    api.hear(integration_id, triggered(message=cut))
    api.ok("PUT", f"/integrations/{integration_id}/organizations/o1", {"client_id": api.new_client()})
    (handed_back,) = api.work_the_queue()
    assert handed_back.message == cut


def test_a_queue_that_fails_is_503_and_says_that_repeating_finishes_it(
    api: AdminApi, capsys: pytest.CaptureFixture[str]
) -> None:
    integration_id, client_id = api.new_integration(), api.new_client()
    api.hear(integration_id, triggered())
    path, body = f"/integrations/{integration_id}/organizations/o1", {"client_id": client_id}
    broken = api.another_instance(ALERT_QUEUE_URL=api.queue_url.replace(".fifo", "-gone.fifo"))
    response = api.call("PUT", path, body, instance=broken)
    assert response.status == 503
    assert response.headers["Retry-After"] == "1"
    assert "0 of 1" in response.json["detail"]
    assert "repeat the request" in response.json["detail"]
    assert api.ok("GET", f"/integrations/{integration_id}/organizations")["items"][0]["client_id"] == client_id

    assert api.ok("PUT", path, body, instance=api.another_instance())["alerts_decided_again"] == 1
    api.work_the_queue()
    assert api.alert(integration_id)["ticket_id"] is not None


def test_a_queue_that_cannot_be_reached_is_503_too(api: AdminApi) -> None:
    integration_id = api.new_integration()
    api.hear(integration_id, triggered())

    def unplug(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="the queue")

    instance = api.another_instance()
    bootstrap._sqs().meta.events.register("before-send.sqs.SendMessageBatch", unplug)
    path = f"/integrations/{integration_id}/organizations/o1"
    response = api.call("PUT", path, {"client_id": api.new_client()}, instance=instance)
    assert response.status == 503
    assert "repeat the request" in response.json["detail"]


def test_the_record_of_a_device_is_what_its_alerts_taught(api: AdminApi) -> None:
    integration_id = api.new_integration()
    path = f"/integrations/{integration_id}/devices/d1"
    api.refused(404, "GET", path)
    api.hear(integration_id, replace(triggered(), facts={"Location": "Berlin"}))
    assert api.ok("GET", path) == {
        "integration_id": integration_id,
        "external_id": "d1",
        "name": "PC-d1",
        "organization_id": "o1",
        "client_id": None,
        "asset_id": None,
        "facts": {"Location": "Berlin"},
    }


def test_a_device_is_put_where_it_belongs_before_anything_was_heard_of_it(api: AdminApi) -> None:
    integration_id, client_id = api.new_integration(), api.new_client()
    path = f"/integrations/{integration_id}/devices/d1"
    put = api.ok("PUT", path, {"client_id": client_id})
    assert (put["client_id"], put["organization_id"], put["alerts_decided_again"]) == (client_id, None, 0)
    put = api.ok("PUT", path, {"name": "NW-DC01"})
    assert (put["client_id"], put["name"]) == (client_id, "NW-DC01"), "what is left out stays"
    assert api.ok("GET", path) == {name: value for name, value in put.items() if name != "alerts_decided_again"}
    api.hear(integration_id, triggered())
    assert api.alert(integration_id)["client_id"] == client_id
    assert api.ok("PUT", path, {"client_id": None})["client_id"] is None


def test_the_client_of_a_device_goes_before_its_organizations(api: AdminApi) -> None:
    integration_id, its, organizations_ = api.new_integration(), api.new_client(), api.new_client()
    api.ok("PUT", f"/integrations/{integration_id}/organizations/o1", {"client_id": organizations_})
    api.ok("PUT", f"/integrations/{integration_id}/devices/d1", {"client_id": its})
    api.hear(integration_id, triggered(), triggered(1, "a2", device="d2"))
    assert api.alert(integration_id)["client_id"] == its
    assert api.alert(integration_id, "a2")["client_id"] == organizations_


def test_mapping_a_device_hands_back_its_own_waiting_alerts(api: AdminApi) -> None:
    integration_id, client_id = api.new_integration(), api.new_client()
    api.hear(integration_id, triggered(), triggered(1, "a2", device="d2"))
    assert api.ok("PUT", f"/integrations/{integration_id}/devices/d1", {"name": "only a name"}) is not None
    api.queued()
    put = api.ok("PUT", f"/integrations/{integration_id}/devices/d1", {"client_id": client_id})
    assert put["alerts_decided_again"] == 1
    api.work_the_queue()
    assert api.alert(integration_id)["client_id"] == client_id
    assert api.alert(integration_id, "a2")["needs_mapping"] is True


def test_a_device_that_moves_to_a_mapped_organization_takes_its_waiting_alerts_along(api: AdminApi) -> None:
    integration_id, client_id = api.new_integration(), api.new_client()
    api.hear(integration_id, triggered(organization=None))
    api.ok("PUT", f"/integrations/{integration_id}/organizations/o9", {"client_id": client_id})
    assert api.queued() == []
    put = api.ok("PUT", f"/integrations/{integration_id}/devices/d1", {"organization_id": "o9"})
    assert put["alerts_decided_again"] == 1
    api.work_the_queue()
    assert api.alert(integration_id)["client_id"] == client_id


def test_an_organization_that_is_mapped_after_its_device_was_moved_there_finds_the_alert(api: AdminApi) -> None:
    integration_id, client_id = api.new_integration(), api.new_client()
    api.hear(integration_id, triggered())
    api.ok("PUT", f"/integrations/{integration_id}/devices/d1", {"organization_id": "o9"})
    api.work_the_queue()
    assert api.alert(integration_id)["needs_mapping"] is True
    mapped = api.ok("PUT", f"/integrations/{integration_id}/organizations/o9", {"client_id": client_id})
    assert mapped["alerts_decided_again"] == 1
    api.work_the_queue()
    assert api.alert(integration_id)["client_id"] == client_id


@pytest.mark.parametrize("kind", ["organizations", "devices"])
@pytest.mark.parametrize(
    "external_id", ["a%2Fb", "a/b/c", "50%25", "with%20space", "%C3%A9", "a+b", "order", "x" * 255]
)
def test_ids_of_the_rmm_may_look_like_anything(api: AdminApi, kind: str, external_id: str) -> None:
    integration_id, client_id = api.new_integration(rule=False), api.new_client()
    path = f"/integrations/{integration_id}/{kind}/{external_id}"
    put = api.ok("PUT", path, {"client_id": client_id})
    expected = {"a%2Fb": "a/b", "50%25": "50%", "with%20space": "with space", "%C3%A9": "é"}
    assert put["external_id"] == expected.get(external_id, external_id)


@pytest.mark.parametrize("kind", ["organizations", "devices"])
@pytest.mark.parametrize("external_id", ["x" * 256, "a%00b", "a%0Ab"])
def test_ids_that_no_rmm_gives_are_refused(refusing: AdminApi, kind: str, external_id: str) -> None:
    integration_id, client_id = refusing.new_integration(rule=False), refusing.new_client()
    path = f"/integrations/{integration_id}/{kind}/{external_id}"
    assert fields(refusing.refused(422, "PUT", path, {"client_id": client_id})) == ["external_id"]


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("organizations", {}, "client_id"),
        ("organizations", {"name": "x"}, "client_id"),
        ("organizations", {"client_id": "nobody"}, "client_id"),
        ("organizations", {"client_id": 7}, "client_id"),
        ("organizations", {"client_id": None, "auto_sync": None}, "auto_sync"),
        ("organizations", {"client_id": None, "external_id": "8"}, "external_id"),
        ("devices", {}, "body"),
        ("devices", {"client_id": "nobody"}, "client_id"),
        ("devices", {"organization_id": ""}, "organization_id"),
        ("devices", {"organization_id": "a\nb"}, "organization_id"),
        ("devices", {"asset_id": "x"}, "asset_id"),
    ],
)
def test_a_mapping_that_is_none_is_refused_by_field(refusing: AdminApi, kind: str, body: object, field: str) -> None:
    integration_id = refusing.new_integration(rule=False)
    assert fields(refusing.refused(422, "PUT", f"/integrations/{integration_id}/{kind}/x", body)) == [field]


def test_places_of_an_unknown_integration_are_404(refusing: AdminApi) -> None:
    for path in ("/integrations/nothing/organizations/o1", "/integrations/nothing/devices/d1"):
        refusing.refused(404, "PUT", path, {"client_id": None})
    refusing.refused(404, "GET", "/integrations/nothing/organizations")
    refusing.refused(404, "GET", "/integrations/nothing/devices/d1")
