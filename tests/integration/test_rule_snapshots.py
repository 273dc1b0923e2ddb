"""A rule that is edited, deleted, switched off or passed over between an alert's firing and its reset changes nothing
for that alert. Over the admin API; the purely decided part is in tests/unit/alerts/test_reset_properties.py."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.admin_calls import AdminApi
from tests.unit.alerts.world import reset, triggered

pytestmark = pytest.mark.emulator

CLOSING = {"auto_resolve_ticket": True, "auto_resolve_status_id": "closed", "priority": "low"}

Change = Callable[[AdminApi, str, str], Any]


def edited_to_stay_open(api: AdminApi, path: str, rule_id: str) -> None:
    api.ok("PUT", f"{path}/{rule_id}", {"name": "Edited", "actions": {"auto_resolve_ticket": False}})


def edited_to_close_otherwise(api: AdminApi, path: str, rule_id: str) -> None:
    actions = CLOSING | {"auto_resolve_status_id": "resolved"}
    api.ok("PUT", f"{path}/{rule_id}", {"name": "Edited", "actions": actions})


def edited_to_make_no_ticket(api: AdminApi, path: str, rule_id: str) -> None:
    api.ok("PUT", f"{path}/{rule_id}", {"name": "Edited", "actions": {"create_ticket": False}})


def edited_to_match_something_else(api: AdminApi, path: str, rule_id: str) -> None:
    api.ok("PUT", f"{path}/{rule_id}", {"name": "Edited", "conditions": {"keywords": ["never"]}})


def switched_off(api: AdminApi, path: str, rule_id: str) -> None:
    api.ok("PUT", f"{path}/{rule_id}", {"name": "Off", "active": False})


def deleted(api: AdminApi, path: str, rule_id: str) -> None:
    assert api.call("DELETE", f"{path}/{rule_id}").status == 204


def passed_over(api: AdminApi, path: str, rule_id: str) -> None:
    first = api.ok("POST", path, {"name": "First", "actions": {"auto_resolve_ticket": False}})["id"]
    api.ok("PUT", f"{path}/order", {"ids": [first, rule_id]})


CHANGES = (
    edited_to_stay_open,
    edited_to_close_otherwise,
    edited_to_make_no_ticket,
    edited_to_match_something_else,
    switched_off,
    deleted,
    passed_over,
)


def fired(api: AdminApi, **actions: Any) -> tuple[str, str, str]:
    """An integration in which a1 fired, the path of its rules, and its rule's id."""
    integration_id = api.new_integration(rule=False, default_client_id=api.new_client())
    rule_id = api.new_rule(integration_id, "As it was", actions=actions)
    api.hear(integration_id, triggered())
    return integration_id, f"/integrations/{integration_id}/rules", rule_id


@pytest.mark.parametrize("change", CHANGES)
def test_what_becomes_of_the_rule_changes_nothing_for_its_alert(api: AdminApi, change: Change) -> None:
    integration_id, path, rule_id = fired(api, **CLOSING)
    before = api.alert(integration_id)["matched_rule"]
    change(api, path, rule_id)
    api.hear(integration_id, triggered(1), reset(2))
    alert = api.alert(integration_id)
    assert alert["matched_rule"] == before
    assert alert["status"] == "auto_resolved"
    ticket = api.ok("GET", f"/tickets/{alert['ticket_id']}")
    assert (ticket["is_closed"], ticket["status"], ticket["closed_by"]) == (True, "closed", "tandem")
    assert ticket["closed_at"] is not None


@pytest.mark.parametrize("change", ["edited", "replaced"])
def test_a_rule_that_closes_now_closes_no_ticket_of_an_alert_that_fired_before(api: AdminApi, change: str) -> None:
    integration_id, path, rule_id = fired(api)
    if change == "replaced":
        deleted(api, path, rule_id)
        api.new_rule(integration_id, "New", actions=CLOSING)
    else:
        api.ok("PUT", f"{path}/{rule_id}", {"name": "Edited", "actions": CLOSING})
    api.hear(integration_id, reset(2))
    alert = api.alert(integration_id)
    assert alert["status"] == "resolved"
    ticket = api.ok("GET", f"/tickets/{alert['ticket_id']}")
    assert not ticket["is_closed"]
    assert [comment["author"] for comment in ticket["comments"]] == ["tandem", "tandem"], "one comment always"


def test_the_next_firing_is_decided_by_the_rule_as_it_is_then(api: AdminApi) -> None:
    integration_id, path, rule_id = fired(api, **CLOSING)
    edited_to_stay_open(api, path, rule_id)
    api.hear(integration_id, reset(1), triggered(2), reset(3))
    tickets = sorted(api.items("/tickets"), key=lambda ticket: ticket["opened_at"])
    assert [ticket["is_closed"] for ticket in tickets] == [True, False]
    assert api.alert(integration_id)["matched_rule"]["name"] == "Edited"
    first_comment = api.ok("GET", f"/tickets/{tickets[1]['id']}")["comments"][-1]["body"]
    assert tickets[0]["number"] in first_comment
