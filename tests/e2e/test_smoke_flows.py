"""What an MSP would try in its first week, over HTTP: routing, flapping, closing by itself, a patch night."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tandem.sweeping.sweep import CLOCKS_APART
from tests.e2e.bodies import ninjaone, tactical, unique
from tests.e2e.conftest import Integration, Stack, eventually

pytestmark = pytest.mark.emulator

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

NIGHT_SECONDS = 20
"""Long enough for all that is to happen in it."""


def rules(stack: Stack, rmm: Integration, *wanted: dict[str, Any]) -> None:
    """These rules in place of the one that `connect` makes."""
    for each in stack.ok("GET", f"/integrations/{rmm.id}/rules")["items"]:
        stack.ok("DELETE", f"/integrations/{rmm.id}/rules/{each['id']}")
    for each in wanted:
        stack.ok("POST", f"/integrations/{rmm.id}/rules", each)


def test_alerts_are_routed_by_severity_organization_and_words(stack: Stack) -> None:
    acme, globex = stack.new_client("Acme"), stack.new_client("Globex")
    rmm = stack.connect("ninjaone")
    for organization, client in (("2", acme), ("3", globex)):
        stack.ok("PUT", f"/integrations/{rmm.id}/organizations/{organization}", {"client_id": client})
    board = stack.ok(
        "POST",
        "/boards",
        {
            "name": unique("Servers"),
            "statuses": [{"name": "New", "is_default": True}, {"name": "Done", "is_closed": True}],
        },
    )["id"]
    technician = stack.ok(
        "POST", "/users", {"name": "Ann", "email": f"{unique('ann')}@example.com", "role": "technician"}
    )["id"]
    rules(
        stack,
        rmm,
        {"name": "Noise", "conditions": {"keywords": ["heartbeat"]}, "actions": {"create_ticket": False}},
        {
            "name": "Globex",
            "conditions": {"organization_ids": ["3"]},
            "actions": {"board_id": board, "assignee_id": technician},
        },
        {"name": "Loud", "conditions": {"severities": ["critical"]}, "actions": {"priority": "urgent"}},
    )
    told = {
        "noise": ninjaone("noise", device=1, message="Heartbeat missed once"),
        "globex": ninjaone("globex", device=2, organization=3),
        "loud": ninjaone("loud", device=3, severity="CRITICAL"),
        "nobody": ninjaone("nobody", device=4, severity="MINOR"),
    }
    settled = {name: stack.settled(rmm, name, stack.accepted(rmm, body)) for name, body in told.items()}
    assert settled["noise"]["ticket_id"] is None
    assert settled["noise"]["matched_rule"]["name"] == "Noise"
    assert settled["nobody"]["ticket_id"] is None
    assert settled["nobody"]["decisions"][-1]["reason"] == "no rule matched"
    ticket = stack.ok("GET", f"/tickets/{settled['globex']['ticket_id']}")
    assert (ticket["board_id"], ticket["assignee_id"], ticket["client_id"]) == (board, technician, globex)
    ticket = stack.ok("GET", f"/tickets/{settled['loud']['ticket_id']}")
    assert (ticket["priority"], ticket["client_id"]) == ("urgent", acme)


def test_a_flapping_check_makes_one_ticket_and_no_storm_of_comments(stack: Stack) -> None:
    rmm = stack.connect("tacticalrmm", default_client_id=stack.new_client())
    event = ""
    for number in range(15):
        stack.accepted(rmm, tactical(f"flap-{number}", "trigger", number * 10))
        event = stack.accepted(rmm, tactical(f"flap-{number}", "resolve", number * 10 + 5))
    stack.settled(rmm, "flap-14", event)
    (ticket_id,) = {alert["ticket_id"] for alert in stack.alerts(rmm)}
    ticket = stack.ok("GET", f"/tickets/{ticket_id}")
    assert ticket["occurrence_count"] == 15
    assert len(ticket["comments"]) == 1 + 9 + 9, "from the tenth on each sort of comment is rewritten"


def test_an_untouched_ticket_closes_when_its_last_alert_clears_and_a_touched_one_stays(stack: Stack) -> None:
    rmm = stack.connect("ninjaone", default_client_id=stack.new_client())
    rules(stack, rmm, {"name": "By itself", "conditions": {}, "actions": {"auto_resolve_ticket": True}})
    for name, device in (("untouched", 1), ("touched", 2)):
        event = stack.accepted(rmm, ninjaone(name, device=device))
        stack.settled(rmm, name, event)
        stack.settled(rmm, f"{name} too", stack.accepted(rmm, ninjaone(f"{name} too", seconds=1, device=device)))
    touched = stack.settled(rmm, "touched", event)["ticket_id"]
    stack.ok("POST", f"/tickets/{touched}/comments", {"body": "Looking at it", "internal": True})

    for name, device in (("untouched", 1), ("touched", 2)):
        stack.settled(rmm, name, stack.accepted(rmm, ninjaone(name, "RESET", 60, device=device)))
    untouched = (stack.alert(rmm, "untouched") or {})["ticket_id"]
    assert not stack.ok("GET", f"/tickets/{untouched}")["is_closed"], "another of its alerts still fires"
    for name, device in (("untouched too", 1), ("touched too", 2)):
        stack.settled(rmm, name, stack.accepted(rmm, ninjaone(name, "RESET", 61, device=device)))

    ticket = stack.ok("GET", f"/tickets/{untouched}")
    assert (ticket["is_closed"], ticket["closed_by"]) == (True, "tandem")
    assert ticket["closed_at"] is not None
    assert (stack.alert(rmm, "untouched too") or {})["status"] == "auto_resolved"
    assert not stack.ok("GET", f"/tickets/{touched}")["is_closed"]
    assert (stack.alert(rmm, "touched too") or {})["status"] == "resolved"

    fired_again = stack.settled(rmm, "untouched", stack.accepted(rmm, ninjaone("untouched", seconds=120, device=1)))
    assert fired_again["ticket_id"] != untouched
    first_comment = stack.ok("GET", f"/tickets/{fired_again['ticket_id']}")["comments"][-1]["body"]
    assert ticket["number"] in first_comment


def test_a_patch_night_holds_alerts_and_what_still_fires_afterwards_surfaces(stack: Stack) -> None:
    """One wait for both ways out of a window: it ends, or it is deleted."""
    client, other = stack.new_client(), stack.new_client("Other")
    rmm, elsewhere = (stack.connect("ninjaone", default_client_id=each) for each in (client, other))
    now = datetime.now(UTC)
    ends_at = now + timedelta(seconds=NIGHT_SECONDS)
    ending = {"starts_at": (now - timedelta(hours=1)).isoformat(), "ends_at": ends_at.isoformat()}
    every_day = {"days": list(DAYS), "start": "00:00", "end": "23:59"}
    ends = stack.ok("POST", "/maintenance-windows", {"name": "Patch night", "client_id": client, **ending})["id"]
    for_ever = [
        stack.ok(
            "POST", "/maintenance-windows", {"name": zone["timezone"], "client_id": other, "weekly": every_day | zone}
        )["id"]
        for zone in ({"timezone": "UTC"}, {"timezone": "Asia/Tokyo"})
    ]

    held = stack.settled(rmm, "stays", stack.accepted(rmm, ninjaone("stays", device=1)))
    assert (held["status"], held["suppressed_by_window_id"]) == ("suppressed", ends)
    assert "Patch night" in held["decisions"][-1]["reason"]
    stack.settled(rmm, "clears", stack.accepted(rmm, ninjaone("clears", device=2)))
    cleared = stack.settled(rmm, "clears", stack.accepted(rmm, ninjaone("clears", "RESET", 5, device=2)))
    assert (cleared["status"], cleared["ticket_id"]) == ("resolved", None)
    assert stack.settled(elsewhere, "freed", stack.accepted(elsewhere, ninjaone("freed")))["status"] == "suppressed"
    assert stack.ok("GET", "/tickets", client_id=client)["items"] == []
    for window in for_ever:
        stack.ok("DELETE", f"/maintenance-windows/{window}")

    eventually(lambda: datetime.now(UTC) > ends_at + 2 * CLOCKS_APART, "the night is over")
    stack.sweep()
    for integration, name in ((rmm, "stays"), (elsewhere, "freed")):
        surfaces(stack, integration, name)
        alert = stack.alert(integration, name)
        assert alert is not None
        assert [line["outcome"] for line in alert["decisions"]] == ["suppressed", "ticket_created"]
    (ticket,) = stack.ok("GET", "/tickets", client_id=client)["items"]
    assert ticket["source_reference"] == "stays"


def surfaces(stack: Stack, rmm: Integration, name: str) -> None:
    """Wait until the held alert is active."""
    eventually(lambda: (stack.alert(rmm, name) or {})["status"] == "active", f"{name} surfaces after its window")
