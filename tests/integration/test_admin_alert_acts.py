"""What a person does with alerts over the admin API: acknowledge, resolve, make the ticket by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tandem.alerts.outbound import OutboundReset, ResetState
from tandem.store.outbound import OutboundResets
from tests.integration.admin_calls import AdminApi
from tests.unit.alerts.world import acknowledged, reset, triggered

pytestmark = pytest.mark.emulator

FIRST_ADMIN = "first-admin"


def heard(api: AdminApi, **rule: object) -> tuple[str, str]:
    """An integration in which a1 fired, and the alert's id. `rule`: the actions of its one rule."""
    integration_id = api.new_integration(rule=False, default_client_id=api.new_client())
    api.new_rule(integration_id, actions=rule)
    api.hear(integration_id, triggered())
    return integration_id, api.alert_id(integration_id)


def recorded(api: AdminApi) -> tuple[str, str]:
    return heard(api, create_ticket=False)


def test_an_acknowledge_says_who_and_when_on_the_alert_and_on_its_ticket(api: AdminApi) -> None:
    _, alert_id = heard(api)
    before = datetime.now(UTC)
    person = api.new_person("technician")
    alert = api.ok("POST", f"/alerts/{alert_id}/acknowledge", key=person.key)
    assert alert["status"] == "acknowledged"
    assert alert["acknowledged_by"] == person.id
    assert before - timedelta(seconds=1) <= datetime.fromisoformat(alert["acknowledged_at"])
    assert alert["decisions"][-1]["reason"] == "acknowledged by a person"
    ticket = api.ok("GET", f"/tickets/{alert['ticket_id']}")
    assert ticket["comments"][0]["author"] == person.id
    assert ticket["touched_at"] is None, "acknowledging an alert is no work on its ticket"


def test_acknowledging_twice_changes_nothing(api: AdminApi) -> None:
    _, alert_id = heard(api)
    first = api.ok("POST", f"/alerts/{alert_id}/acknowledge")
    stored = api.stored()
    assert api.ok("POST", f"/alerts/{alert_id}/acknowledge") == first
    assert api.stored() == stored


def test_only_an_active_alert_can_be_acknowledged(api: AdminApi) -> None:
    integration_id, alert_id = heard(api)
    api.hear(integration_id, reset(5))
    problem = api.refused(409, "POST", f"/alerts/{alert_id}/acknowledge")
    assert "resolved" in problem["detail"]


def test_a_later_firing_makes_an_acknowledged_alert_active_again(api: AdminApi) -> None:
    integration_id, alert_id = heard(api)
    api.ok("POST", f"/alerts/{alert_id}/acknowledge")
    api.hear(integration_id, triggered(60 * 24 * 365))
    assert api.alert(integration_id)["status"] == "active"


def test_a_resolve_closes_the_untouched_ticket_when_its_rule_says_so(api: AdminApi) -> None:
    _, alert_id = heard(api, auto_resolve_ticket=True)
    alert = api.ok("POST", f"/alerts/{alert_id}/resolve")
    assert alert["status"] == "auto_resolved"
    ticket = api.ok("GET", f"/tickets/{alert['ticket_id']}")
    assert ticket["is_closed"]
    assert ticket["closed_by"] == "tandem"
    assert ticket["closed_at"] is not None
    assert ticket["comments"][0]["author"] == FIRST_ADMIN


def test_a_resolve_leaves_a_ticket_that_somebody_works_on_open(api: AdminApi) -> None:
    _, alert_id = heard(api, auto_resolve_ticket=True)
    ticket_id = api.ok("GET", f"/alerts/{alert_id}")["ticket_id"]
    api.ok("POST", f"/tickets/{ticket_id}/comments", {"body": "On it", "internal": True})
    assert api.ok("POST", f"/alerts/{alert_id}/resolve")["status"] == "resolved"
    assert not api.ok("GET", f"/tickets/{ticket_id}")["is_closed"]


def test_resolving_a_resolved_alert_changes_nothing(api: AdminApi) -> None:
    integration_id, alert_id = heard(api)
    api.hear(integration_id, reset(5))
    stored = api.stored()
    assert api.ok("POST", f"/alerts/{alert_id}/resolve")["status"] == "resolved"
    assert api.stored() == stored


def test_the_rmms_own_reset_after_a_persons_resolve_is_an_echo(api: AdminApi) -> None:
    integration_id, alert_id = heard(api)
    ticket_id = api.ok("POST", f"/alerts/{alert_id}/resolve")["ticket_id"]
    comments = len(api.ok("GET", f"/tickets/{ticket_id}")["comments"])
    (result,) = api.hear(integration_id, reset(60 * 24 * 365))
    assert result.decision is not None
    assert result.decision.outcome.value == "ignored"
    assert len(api.ok("GET", f"/tickets/{ticket_id}")["comments"]) == comments


def test_the_ticket_of_a_recorded_alert_is_made_by_hand(api: AdminApi) -> None:
    integration_id, alert_id = recorded(api)
    made = api.call("POST", f"/alerts/{alert_id}/ticket")
    assert made.status == 201
    ticket = made.json
    assert made.headers["location"].endswith(f"/tickets/{ticket['id']}")
    assert ticket["title"] == "PC-d1: Disk C: is full"
    assert ticket["source"] == "tacticalrmm"
    assert [each["id"] for each in ticket["alerts"]] == [alert_id]
    assert ticket["occurrence_count"] == 1
    assert ticket["comments"][0]["body"].startswith("Opened by hand from a Tactical RMM alert.")
    alert = api.alert(integration_id)
    assert alert["ticket_id"] == ticket["id"]
    assert alert["decisions"][-1]["reason"] == f"a person made ticket {ticket['number']}"
    api.hear(integration_id, triggered(5))
    assert api.ok("GET", f"/tickets/{ticket['id']}")["occurrence_count"] == 2


def test_what_the_person_says_of_the_ticket_counts(api: AdminApi) -> None:
    _, alert_id = recorded(api)
    client_id, person = api.new_client("Globex"), api.new_person("technician")
    wishes = {"title": "{{device}}: look", "priority": "urgent", "client_id": client_id, "assignee_id": person.id}
    ticket = api.ok("POST", f"/alerts/{alert_id}/ticket", wishes)
    assert (ticket["title"], ticket["priority"]) == ("PC-d1: look", "urgent")
    assert (ticket["client_id"], ticket["assignee_id"]) == (client_id, person.id)


def test_a_second_ticket_of_a_condition_is_refused_and_the_first_one_named(api: AdminApi) -> None:
    integration_id, alert_id = recorded(api)
    first = api.ok("POST", f"/alerts/{alert_id}/ticket")
    api.hear(integration_id, triggered(1, "a2"))
    for each in (alert_id, api.alert_id(integration_id, "a2")):
        problem = api.refused(409, "POST", f"/alerts/{each}/ticket")
        assert first["number"] in problem["detail"]
        assert first["id"] in problem["detail"]


@pytest.mark.parametrize("act", ["acknowledge", "resolve", "ticket"])
def test_an_unknown_alert_is_not_found(api: AdminApi, act: str) -> None:
    problem = api.refused(404, "POST", f"/alerts/nonsense/{act}")
    assert "nonsense" in problem["detail"]


@pytest.mark.parametrize("field", ["client_id", "assignee_id", "board_id"])
def test_a_ticket_by_hand_refers_only_to_what_is_there(api: AdminApi, field: str) -> None:
    _, alert_id = recorded(api)
    problem = api.refused(422, "POST", f"/alerts/{alert_id}/ticket", {field: "nonsense"})
    assert [error["field"] for error in problem["errors"]] == [field]


def test_an_alert_whose_integration_is_gone_can_only_be_read(api: AdminApi) -> None:
    integration_id, alert_id = heard(api)
    api.ok("DELETE", f"/integrations/{integration_id}")
    assert api.ok("GET", f"/alerts/{alert_id}")["status"] == "active"
    for act in ("acknowledge", "resolve", "ticket"):
        assert integration_id in api.refused(409, "POST", f"/alerts/{alert_id}/{act}")["detail"]


def test_an_acknowledge_of_the_rmm_after_a_persons_changes_nobodys_name(api: AdminApi) -> None:
    integration_id, alert_id = heard(api)
    api.ok("POST", f"/alerts/{alert_id}/acknowledge")
    api.hear(integration_id, acknowledged(5))
    assert api.alert(integration_id)["acknowledged_by"] == FIRST_ADMIN


# ---- telling the RMM


def wish_of(api: AdminApi, alert_id: str) -> OutboundReset:
    return OutboundResets(api.dynamodb, api.name).several([alert_id])[alert_id]


def settled(api: AdminApi, alert_id: str, state: ResetState) -> None:
    """The workers did so much."""
    at = datetime.now(UTC)
    wish = replace(wish_of(api, alert_id), state=state, attempts=3, last_error="It did not answer.", done_at=at)
    assert OutboundResets(api.dynamodb, api.name).note(wish)


def test_the_rmm_is_to_be_told_of_what_a_person_resolved(api: AdminApi) -> None:
    _, alert_id = heard(api)
    assert api.ok("GET", f"/alerts/{alert_id}")["outbound_reset"] is None
    shown = api.ok("POST", f"/alerts/{alert_id}/resolve")["outbound_reset"]
    assert (shown["state"], shown["attempts"], shown["last_error"], shown["done_at"]) == ("pending", 0, None, None)
    assert wish_of(api, alert_id).announced
    (listed,) = api.items("/alerts")
    assert listed["outbound_reset"] == shown, "lists say so, too"
    before = api.stored()
    api.ok("POST", f"/alerts/{alert_id}/resolve")
    assert api.stored() == before, "it is resolved already"


@pytest.mark.parametrize("state", [ResetState.FAILED, ResetState.NOT_CONNECTED])
def test_what_failed_is_asked_again(api: AdminApi, state: ResetState) -> None:
    _, alert_id = heard(api)
    api.ok("POST", f"/alerts/{alert_id}/resolve")
    first = wish_of(api, alert_id)
    settled(api, alert_id, state)
    assert api.ok("GET", f"/alerts/{alert_id}")["outbound_reset"]["last_error"] == "It did not answer."
    technician = api.new_person("technician")
    shown = api.ok("POST", f"/alerts/{alert_id}/outbound-reset/retry", key=technician.key)["outbound_reset"]
    assert (shown["state"], shown["attempts"], shown["last_error"]) == ("pending", 0, None)
    again = wish_of(api, alert_id)
    assert again.request_id != first.request_id
    assert again.announced


@pytest.mark.parametrize("state", [ResetState.PENDING, ResetState.DONE, ResetState.NOT_NEEDED])
def test_what_is_under_way_or_settled_is_not(api: AdminApi, state: ResetState) -> None:
    _, alert_id = heard(api)
    api.ok("POST", f"/alerts/{alert_id}/resolve")
    settled(api, alert_id, state)
    problem = api.refused(409, "POST", f"/alerts/{alert_id}/outbound-reset/retry")
    assert state.value in problem["detail"]


def test_nothing_is_asked_again_that_nobody_asked(api: AdminApi) -> None:
    _, alert_id = heard(api)
    assert "resolve the alert" in api.refused(409, "POST", f"/alerts/{alert_id}/outbound-reset/retry")["detail"]
    api.refused(404, "POST", "/alerts/unknown/outbound-reset/retry")
