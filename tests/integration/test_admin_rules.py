"""Rules over the admin API: their order, their revisions, and what their alerts keep of them."""

from typing import Any

import pytest

from tandem.store.configuration.rules import MOST_RULES
from tests.integration.admin_calls import HOST, AdminApi, fields
from tests.unit.alerts.world import triggered

pytestmark = pytest.mark.emulator

NO_CONDITIONS: dict[str, Any] = {
    "severities": [],
    "activity_types": [],
    "alert_classes": [],
    "source_types": [],
    "organization_ids": [],
    "keywords": [],
    "message_pattern": None,
}
USUAL_ACTIONS: dict[str, Any] = {
    "create_ticket": True,
    "board_id": None,
    "priority": None,
    "assignee_id": None,
    "title_template": None,
    "description_template": None,
    "auto_resolve_ticket": False,
    "auto_resolve_status_id": None,
    "reset_alert_on_ticket_close": True,
    "notify_user_ids": [],
}


def names(api: AdminApi, integration_id: str) -> list[str]:
    return [each["name"] for each in api.items(f"/integrations/{integration_id}/rules")]


@pytest.fixture
def integration_id(api: AdminApi) -> str:
    """An integration without rules, whose alerts all have a client."""
    return api.new_integration(rule=False, default_client_id=api.new_client())


@pytest.fixture(scope="module")
def refusing_path(refusing: AdminApi) -> str:
    """The rules of an integration that nothing changes."""
    return f"/integrations/{refusing.new_integration(rule=False)}/rules"


def test_a_rule_of_a_name_only_matches_everything_and_makes_a_ticket(api: AdminApi, integration_id: str) -> None:
    path = f"/integrations/{integration_id}/rules"
    response = api.call("POST", path, {"name": "Everything"})
    made = response.json
    assert response.status == 201
    assert response.headers["location"] == f"https://{HOST}/api/v1{path}/{made['id']}"
    assert made == {
        "id": made["id"],
        "name": "Everything",
        "description": "",
        "active": True,
        "order": 1,
        "revision": 1,
        "conditions": NO_CONDITIONS,
        "actions": USUAL_ACTIONS,
    }
    assert api.ok("GET", f"{path}/{made['id']}") == made
    assert api.items(path) == [made]


def test_all_that_a_rule_says_is_kept(api: AdminApi, integration_id: str) -> None:
    user = api.new_person("technician")
    (board,) = api.items("/boards")
    rule = {
        "name": "Servers",
        "description": "What the NOC wants\nat night",
        "active": False,
        "order": 7,
        "conditions": {
            "severities": ["critical", "major"],
            "activity_types": ["CONDITION"],
            "alert_classes": ["server"],
            "source_types": ["WMI"],
            "organization_ids": ["7"],
            "keywords": ["disk", "Platte"],
            "message_pattern": "(?i)disk .* (full|failing)",
        },
        "actions": {
            "create_ticket": True,
            "board_id": board["id"],
            "priority": "urgent",
            "assignee_id": user.id,
            "title_template": "{{device}}: {{message}}",
            "description_template": "{{message}}\n{{organization}}",
            "auto_resolve_ticket": True,
            "auto_resolve_status_id": "closed",
            "reset_alert_on_ticket_close": False,
            "notify_user_ids": [user.id],
        },
    }
    made = api.ok("POST", f"/integrations/{integration_id}/rules", rule)
    assert made == rule | {"id": made["id"], "revision": 1}
    assert api.ok("GET", f"/integrations/{integration_id}/rules/{made['id']}") == made


@pytest.mark.parametrize("template", ["{{devcie}}: {{message}}", "{{device}}: {{ alert.message }}"])
@pytest.mark.parametrize("field", ["title_template", "description_template"])
def test_a_placeholder_that_stands_for_nothing_is_refused(
    refusing: AdminApi, refusing_path: str, field: str, template: str
) -> None:
    problem = refusing.refused(422, "POST", refusing_path, {"name": "x", "actions": {field: template}})
    assert fields(problem) == [f"actions.{field}"]
    assert "{{device}}, {{message}}, {{severity}}, {{organization}}" in problem["errors"][0]["message"]


def test_a_rule_is_replaced_whole(api: AdminApi, integration_id: str) -> None:
    path = f"/integrations/{integration_id}/rules"
    rule = {"name": "Disks", "conditions": {"keywords": ["disk"]}, "actions": {"priority": "low"}}
    made = api.ok("POST", path, rule)
    replaced = api.ok("PUT", f"{path}/{made['id']}", {"name": "Renamed"})
    assert (replaced["id"], replaced["order"], replaced["revision"]) == (made["id"], 1, 2)
    assert (replaced["conditions"], replaced["actions"]) == (NO_CONDITIONS, USUAL_ACTIONS)
    assert api.items(path) == [replaced]


def test_null_and_blank_ask_nothing(api: AdminApi, integration_id: str) -> None:
    conditions = dict.fromkeys(NO_CONDITIONS)
    actions = {"title_template": " ", "description_template": "\n", "notify_user_ids": None}
    rule = {"name": "x", "conditions": conditions, "actions": actions}
    made = api.ok("POST", f"/integrations/{integration_id}/rules", rule)
    assert (made["conditions"], made["actions"]) == (NO_CONDITIONS, USUAL_ACTIONS)


def test_rules_are_tried_in_their_order_which_can_be_changed_at_once(api: AdminApi, integration_id: str) -> None:
    path = f"/integrations/{integration_id}/rules"
    first, second = api.new_rule(integration_id, "A"), api.new_rule(integration_id, "B")
    third = api.new_rule(integration_id, "C", order=1)
    assert [each["order"] for each in api.items(path)] == [1, 1, 2]
    assert names(api, integration_id)[-1] == "B"
    answer = api.ok("PUT", f"{path}/order", {"ids": [third, second, first]})
    assert [(each["name"], each["order"], each["revision"]) for each in answer["items"]] == [
        ("C", 1, 1),
        ("B", 2, 1),
        ("A", 3, 1),
    ]
    assert api.items(path) == answer["items"]

    api.hear(integration_id, triggered())
    assert api.alert(integration_id)["matched_rule"]["name"] == "C"
    api.ok("PUT", f"{path}/order", {"ids": [second, third, first]})
    api.hear(integration_id, triggered(1, "a2", device="d2"))
    assert api.alert(integration_id, "a2")["matched_rule"]["name"] == "B"


def test_the_same_order_again_writes_nothing(api: AdminApi, integration_id: str) -> None:
    ids = [api.new_rule(integration_id, name) for name in "AB"]
    before = api.stored()
    api.ok("PUT", f"/integrations/{integration_id}/rules/order", {"ids": ids})
    assert api.stored() == before


def test_an_order_names_every_rule_once(api: AdminApi, integration_id: str) -> None:
    first, second = api.new_rule(integration_id, "A"), api.new_rule(integration_id, "B")
    foreign = api.new_rule(api.new_integration(rule=False))
    path = f"/integrations/{integration_id}/rules/order"
    for ids, field in (
        ([first], "ids"),
        ([], "ids"),
        ([first, second, "nothing"], "ids.2"),
        ([first, second, foreign], "ids.2"),
        ([first, first], "ids.1"),
        ([first, 2], "ids.1"),
        (None, "ids"),
        (first, "ids"),
    ):
        assert fields(api.refused(422, "PUT", path, {"ids": ids})) == [field], ids
    assert second in api.refused(422, "PUT", path, {"ids": [first]})["errors"][0]["message"]
    assert names(api, integration_id) == ["A", "B"]


def test_an_inactive_rule_is_passed_over(api: AdminApi, integration_id: str) -> None:
    api.new_rule(integration_id, "Asleep", active=False)
    api.new_rule(integration_id, "Awake")
    api.hear(integration_id, triggered())
    assert api.alert(integration_id)["matched_rule"]["name"] == "Awake"


def test_an_alert_keeps_the_rule_as_it_was_when_it_matched(api: AdminApi, integration_id: str) -> None:
    conditions = {"message_pattern": "(?i)disk", "severities": ["moderate"]}
    rule_id = api.new_rule(integration_id, "Disks", description="As it was", conditions=conditions)
    path = f"/integrations/{integration_id}/rules/{rule_id}"
    matched = {
        "id": rule_id,
        "revision": 1,
        "name": "Disks",
        "description": "As it was",
        "order": 1,
        "conditions": NO_CONDITIONS | conditions,
        "actions": USUAL_ACTIONS,
    }
    api.hear(integration_id, triggered())
    assert api.alert(integration_id)["matched_rule"] == matched

    api.ok("PUT", path, {"name": "Everything else", "actions": {"create_ticket": False}})
    api.hear(integration_id, triggered(1, "a2", device="d2"))
    assert api.alert(integration_id)["matched_rule"] == matched
    later = api.alert(integration_id, "a2")["matched_rule"]
    assert (later["revision"], later["name"], later["actions"]["create_ticket"]) == (2, "Everything else", False)

    assert api.call("DELETE", path).status == 204
    assert api.alert(integration_id)["matched_rule"] == matched
    listed = {each["external_id"]: each["matched_rule"] for each in api.items("/alerts")}
    assert listed == {"a1": matched, "a2": later}


def test_a_rule_that_is_gone_matches_no_more(api: AdminApi, integration_id: str) -> None:
    rule_id = api.new_rule(integration_id)
    path = f"/integrations/{integration_id}/rules/{rule_id}"
    assert api.call("DELETE", path).status == 204
    for method, body in (("GET", None), ("DELETE", None), ("PUT", {"name": "x"})):
        api.refused(404, method, path, body)
    api.hear(integration_id, triggered())
    alert = api.alert(integration_id)
    assert (alert["matched_rule"], alert["ticket_id"]) == (None, None)


def test_a_rule_belongs_to_one_integration(api: AdminApi, integration_id: str) -> None:
    rule_id = api.new_rule(integration_id)
    other = api.new_integration(rule=False)
    api.refused(404, "GET", f"/integrations/{other}/rules/{rule_id}")
    api.refused(404, "DELETE", f"/integrations/{other}/rules/{rule_id}")
    assert names(api, other) == []


def test_an_integration_has_no_more_rules_than_one_order_can_hold(api: AdminApi, integration_id: str) -> None:
    ids = [api.new_rule(integration_id, f"Rule {number}") for number in range(MOST_RULES)]
    problem = api.refused(409, "POST", f"/integrations/{integration_id}/rules", {"name": "One more"})
    assert str(MOST_RULES) in problem["detail"]
    path = f"/integrations/{integration_id}/rules"
    assert [each["id"] for each in api.ok("PUT", f"{path}/order", {"ids": ids[::-1]})["items"]] == ids[::-1]
    assert [each["id"] for each in api.items(path, limit=40)] == ids[::-1]


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("disk (full", 6),
        ("disk full)", 10),
        ("(a)(b(c)", 4),
        ("[a-", 1),
        ("disk [z-a]", 7),
        ("*", 1),
        ("a**b", 2),
        ("cpu (?=9)", 5),
        (r"(a)\1", 4),
        (r"a{2,1}", 2),
        (r"x{1001}", 2),
        ("disk\\", 5),
        (r"\p{Klingon}", 1),
        ("öö (?P<n!>a)", 4),
    ],
)
def test_a_pattern_that_is_none_is_refused_with_its_position(
    refusing: AdminApi, refusing_path: str, pattern: str, position: int
) -> None:
    rule = {"name": "x", "conditions": {"message_pattern": pattern}}
    problem = refusing.refused(422, "POST", refusing_path, rule)
    (error,) = problem["errors"]
    assert error["field"] == "conditions.message_pattern"
    assert f"at position {position}:" in error["message"], error["message"]


@pytest.mark.parametrize("pattern", ["", "x" * 1001, r"((a{100}){100}){100}", "(.?){1000}z", 5, ["a"]])
def test_a_pattern_that_is_wrong_as_a_whole_is_refused_too(
    refusing: AdminApi, refusing_path: str, pattern: object
) -> None:
    rule = {"name": "x", "conditions": {"message_pattern": pattern}}
    assert fields(refusing.refused(422, "POST", refusing_path, rule)) == ["conditions.message_pattern"]


def test_a_bad_pattern_is_refused_in_a_change_as_well(api: AdminApi, integration_id: str) -> None:
    rule_id = api.new_rule(integration_id, conditions={"message_pattern": "disk"})
    path = f"/integrations/{integration_id}/rules/{rule_id}"
    api.refused(422, "PUT", path, {"name": "x", "conditions": {"message_pattern": "("}})
    assert api.ok("GET", path)["conditions"]["message_pattern"] == "disk"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"description": "x" * 2001}, "description"),
        ({"description": "nul\0"}, "description"),
        ({"active": "true"}, "active"),
        ({"order": 0}, "order"),
        ({"order": 1_000_001}, "order"),
        ({"order": "1"}, "order"),
        ({"order": 1.0}, "order"),
        ({"revision": 3}, "revision"),
        ({"conditions": None}, "conditions"),
        ({"conditions": []}, "conditions"),
        ({"conditions": {"severity": ["critical"]}}, "conditions.severity"),
        ({"conditions": {"severities": ["CRITICAL"]}}, "conditions.severities.0"),
        ({"conditions": {"severities": "critical"}}, "conditions.severities"),
        ({"conditions": {"keywords": [""]}}, "conditions.keywords.0"),
        ({"conditions": {"keywords": ["x" * 256]}}, "conditions.keywords.0"),
        ({"conditions": {"keywords": ["x"] * 101}}, "conditions.keywords"),
        ({"conditions": {"organization_ids": [7]}}, "conditions.organization_ids.0"),
        ({"actions": {"delete": True}}, "actions.delete"),
        ({"actions": {"priority": "critical"}}, "actions.priority"),
        ({"actions": {"board_id": "nothing"}}, "actions.board_id"),
        ({"actions": {"assignee_id": "nobody"}}, "actions.assignee_id"),
        ({"actions": {"notify_user_ids": ["first-admin", "nobody"]}}, "actions.notify_user_ids.1"),
        ({"actions": {"auto_resolve_status_id": "nothing"}}, "actions.auto_resolve_status_id"),
        ({"actions": {"auto_resolve_status_id": "new"}}, "actions.auto_resolve_status_id"),
        ({"actions": {"title_template": "x" * 32_001}}, "actions.title_template"),
        ({"actions": {"create_ticket": None}}, "actions.create_ticket"),
    ],
)
def test_a_rule_that_is_none_is_refused_by_field(
    refusing: AdminApi, refusing_path: str, words: dict[str, object], field: str
) -> None:
    assert fields(refusing.refused(422, "POST", refusing_path, {"name": "x"} | words)) == [field]


def test_rules_of_an_unknown_integration_are_404(refusing: AdminApi) -> None:
    path = "/integrations/nothing/rules"
    for method, rest, body in (
        ("GET", "", None),
        ("POST", "", {"name": "x"}),
        ("PUT", "/order", {"ids": []}),
        ("GET", "/x", None),
        ("PUT", "/x", {"name": "x"}),
        ("DELETE", "/x", None),
    ):
        assert "integration" in refusing.refused(404, method, f"{path}{rest}", body)["detail"]
