"""From a webhook over the stream into the archive, and back in a preview; all on the deployed stack."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.bodies import tactical, unique
from tests.e2e.conftest import Integration, Stack, eventually

pytestmark = pytest.mark.emulator


def fired(stack: Stack) -> tuple[Integration, str]:
    """An alert with a ticket, and its integration."""
    rmm = stack.connect("tacticalrmm", default_client_id=stack.new_client())
    number = unique("preview")
    return rmm, str(stack.settled(rmm, number, stack.accepted(rmm, tactical(number, "trigger", 0)))["id"])


def item_of(answer: Any, alert_id: str) -> Any:
    return next((item for item in answer["items"] if item["alert"]["id"] == alert_id), None)


def test_a_rule_is_tried_on_what_a_webhook_told_a_moment_ago(stack: Stack) -> None:
    rmm, alert_id = fired(stack)
    quiet = {"name": "Quiet", "order": 1, "actions": {"create_ticket": False}}
    (rule,) = stack.ok("GET", f"/integrations/{rmm.id}/rules")["items"]

    def item() -> Any:
        answer = stack.ok("POST", f"/integrations/{rmm.id}/rules/preview", {**quiet, "rule_id": rule["id"]})
        return item_of(answer, alert_id)

    eventually(lambda: item() is not None, "the alert is in the archive")
    found = item()
    assert (found["change"], found["after"]["outcome"]) == ("ticket_not_made", "recorded_only")
    assert found["alert"]["ticket_id"]


def test_a_window_is_tried_on_what_a_webhook_told_a_moment_ago(stack: Stack) -> None:
    rmm, alert_id = fired(stack)
    now = datetime.now(UTC)
    window = {
        "name": "Now",
        "integration_id": rmm.id,
        "starts_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
    }

    def item() -> Any:
        return item_of(stack.ok("POST", "/maintenance-windows/preview", window), alert_id)

    eventually(lambda: item() is not None, "the alert is in the archive")
    assert item()["after"]["outcome"] == "suppressed"


def test_a_rule_is_applied_to_an_alert_that_was_only_recorded(stack: Stack) -> None:
    rmm = stack.connect("tacticalrmm", default_client_id=stack.new_client())
    (everything,) = stack.ok("GET", f"/integrations/{rmm.id}/rules")["items"]
    stack.ok("DELETE", f"/integrations/{rmm.id}/rules/{everything['id']}")
    number = unique("apply")
    alert = stack.settled(rmm, number, stack.accepted(rmm, tactical(number, "trigger", 0)))
    assert alert["ticket_id"] is None

    path = f"/integrations/{rmm.id}/rules"
    rule_id = stack.ok("POST", path, {"name": "Everything"})["id"]
    preview = stack.ok("POST", f"{path}/{rule_id}/preview", {})
    assert preview["live"]["would"] == {"ticket_created": 1}
    applied = stack.ok("POST", f"{path}/{rule_id}/apply", {"preview_id": preview["preview_id"]})
    assert applied["handed_over"] == 1

    def has_a_ticket() -> bool:
        return stack.ok("GET", f"/alerts/{alert['id']}")["ticket_id"] is not None

    eventually(has_a_ticket, "the alert has a ticket")
