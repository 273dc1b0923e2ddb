"""The main job over HTTP: webhooks become tickets, as an RMM and a technician see it."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.bodies import EPOCH, level, ninjaone, tactical, unique
from tests.e2e.conftest import Stack, eventually

pytestmark = pytest.mark.emulator

SENDERS: dict[str, tuple[Callable[..., dict[str, Any]], str, str]] = {
    "ninjaone": (ninjaone, "TRIGGERED", "RESET"),
    "tacticalrmm": (tactical, "trigger", "resolve"),
    "levelio": (level, "alert_active", "alert_resolved"),
}


def test_a_first_firing_becomes_a_ticket_that_reads_as_the_surface_says(stack: Stack) -> None:
    client = stack.new_client()
    rmm = stack.connect("ninjaone")
    stack.ok("PUT", f"/integrations/{rmm.id}/organizations/2", {"client_id": client, "name": "Acme Corp"})
    alert = stack.settled(rmm, "first", stack.accepted(rmm, ninjaone("first")))
    assert (alert["status"], alert["severity"], alert["provider"]) == ("active", "major", "ninjaone")
    assert alert["decisions"][0]["outcome"] == "ticket_created"
    assert alert["matched_rule"]["name"] == "Everything"
    assert "seriesUid" in alert["raw"]

    ticket = stack.ok("GET", f"/tickets/{alert['ticket_id']}")
    assert ticket["number"].startswith("T-")
    assert (ticket["client_id"], ticket["priority"], ticket["is_closed"]) == (client, "high", False)
    assert (ticket["source"], ticket["source_reference"]) == ("ninjaone", "first")
    assert ticket["alerts"] == [{"id": alert["id"], "external_id": "first", "status": "active"}]
    (comment,) = ticket["comments"]
    assert comment["internal"]
    listed = stack.ok("GET", "/tickets", client_id=client)["items"]
    assert [each["id"] for each in listed] == [ticket["id"]]
    assert stack.ok("GET", "/alerts", ticket_id=ticket["id"])["items"][0]["id"] == alert["id"]


@pytest.mark.parametrize("provider", list(SENDERS))
def test_each_provider_fires_repeats_and_clears(stack: Stack, provider: str) -> None:
    make, fired, cleared = SENDERS[provider]
    words = {"signing_secret": "made-up-signing-secret"} if provider == "levelio" else {}
    rmm = stack.connect(provider, default_client_id=stack.new_client(), **words)
    first = stack.accepted(rmm, make("1001", fired, 0))
    assert stack.accepted(rmm, make("1001", fired, 0)) == first, "an exact redelivery is the same event"
    again = stack.accepted(rmm, make("1002", fired, 60))
    reset = stack.accepted(rmm, make("1001", cleared, 120))
    one = stack.settled(rmm, "1001", reset)
    two = stack.settled(rmm, "1002", again)
    assert (one["status"], two["status"]) == ("resolved", "active")
    assert [line["outcome"] for line in one["decisions"]] == ["ticket_created", "resolved"]
    assert [line["outcome"] for line in two["decisions"]] == ["occurrence_appended"]
    assert one["ticket_id"] == two["ticket_id"]
    ticket = stack.ok("GET", f"/tickets/{one['ticket_id']}")
    assert {alert["external_id"] for alert in ticket["alerts"]} == {"1001", "1002"}
    assert len(ticket["comments"]) == 3


def test_mapping_an_organization_decides_its_waiting_alerts_again(stack: Stack) -> None:
    rmm = stack.connect("ninjaone")
    waiting = stack.settled(rmm, "w", stack.accepted(rmm, ninjaone("w", organization=77)))
    assert waiting["decisions"][-1]["outcome"] == "needs_mapping"
    assert "Organization 77" in waiting["decisions"][-1]["reason"]
    seen = stack.ok("GET", f"/integrations/{rmm.id}/organizations")["items"]
    assert [(each["external_id"], each["client_id"]) for each in seen] == [("77", None)]

    client = stack.new_client()
    stack.ok("PUT", f"/integrations/{rmm.id}/organizations/77", {"client_id": client})

    def ticketed() -> bool:
        alert = stack.alert(rmm, "w")
        return alert is not None and alert["ticket_id"] is not None

    eventually(ticketed, "the waiting alert has its ticket")
    alert = stack.alert(rmm, "w")
    assert alert is not None
    assert [line["outcome"] for line in alert["decisions"]] == ["needs_mapping", "ticket_created"]
    assert alert["client_id"] == client


def test_after_a_person_closed_the_ticket_a_new_firing_makes_a_new_one_and_the_old_one_stays_closed(
    stack: Stack,
) -> None:
    rmm = stack.connect("ninjaone", default_client_id=stack.new_client())
    first = stack.settled(rmm, "a", stack.accepted(rmm, ninjaone("a")))["ticket_id"]
    closed = stack.ok("POST", f"/tickets/{first}/close")
    assert closed["is_closed"]
    assert closed["closed_by"]
    since_the_close = time.time() - EPOCH  # what fired before it, the close resolves, whenever it is heard of
    second = stack.settled(rmm, "a", stack.accepted(rmm, ninjaone("a", seconds=since_the_close)))["ticket_id"]
    assert second != first
    assert closed["number"] in stack.ok("GET", f"/tickets/{second}")["comments"][0]["body"]
    refused = stack.api("POST", f"/tickets/{first}/reopen")
    assert refused.status_code == 409
    assert stack.ok("GET", f"/tickets/{second}")["number"] in refused.text
    stack.ok("POST", f"/tickets/{second}/close")
    assert not stack.ok("POST", f"/tickets/{first}/reopen")["is_closed"]


def test_a_rotated_secret_and_the_one_before_both_work_and_a_third_does_not(stack: Stack) -> None:
    rmm = stack.connect("ninjaone", default_client_id=stack.new_client())
    fresh = stack.ok("POST", f"/integrations/{rmm.id}/webhook-secret/rotate")["webhook"]["secret"]
    for secret in (fresh, rmm.secret):
        assert stack.post(rmm, ninjaone(unique("r")), **{"X-Tandem-Secret": secret}).status_code == 200
    assert stack.post(rmm, ninjaone(unique("r")), **{"X-Tandem-Secret": "third"}).status_code == 401


def test_a_flapping_condition_stays_one_ticket_with_ten_comments(stack: Stack) -> None:
    rmm = stack.connect("ninjaone", default_client_id=stack.new_client())
    for number in range(12):
        body = ninjaone(f"flood-{number}", seconds=number, device=3)
        event = stack.accepted(rmm, body)
    stack.settled(rmm, "flood-11", event)
    tickets = {alert["ticket_id"] for alert in stack.alerts(rmm)}
    assert len(tickets) == 1
    comments = stack.ok("GET", f"/tickets/{tickets.pop()}")["comments"]
    assert len(comments) == 1 + 9, "from the tenth on the last comment is rewritten"
