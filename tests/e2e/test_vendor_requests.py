"""Every request a vendor was seen to send, and every payload it would post, ends over HTTP as these tables say."""

import json

import pytest

from tests.e2e.conftest import Stack
from tests.vendor_files import PAYLOADS, RECORDED_TACTICAL, needs_vendor_files, payload, recorded_body

pytestmark = [pytest.mark.emulator, needs_vendor_files]

# In the order in which the server sent them.
RECORDED = (
    "check_error_trigger.http",
    "check_error_resolve.http",
    "check_warning_trigger.http",
    "check_error_resolved_after_escalation.http",
    "quotes_in_message_body_becomes_json_string.http",
    "quotes_in_message_resolve.http",
    "backslash_and_newline_in_output.http",
    "backslash_resolve.http",
    "task_trigger.http",
    "task_resolve.http",
    "agent_overdue_trigger.http",
    "agent_online_resolve.http",
    "check_fails_after_api_resolve_new_alert.http",
    "snoozed_then_check_passes_resolve.http",
)

# Alert id → what became of it. Alert 40 is the same check as 36, whose ticket a person has not closed yet.
RECORDED_ALERTS = {
    "36": ("resolved", "critical", "check:87", ["ticket_created", "resolved"]),
    "37": ("resolved", "moderate", "check:117", ["ticket_created", "resolved"]),
    "39": ("resolved", "moderate", "check:91", ["ticket_created", "resolved"]),
    "40": ("resolved", "critical", "check:87", ["occurrence_appended", "resolved"]),
    "41": ("resolved", "moderate", "task:alert:41", ["ticket_created", "resolved"]),
    "44": ("resolved", "critical", "availability", ["ticket_created", "resolved"]),
    "47": ("resolved", "critical", "check:120", ["ticket_created", "resolved"]),
}

# Payload → the answer, and for an alert its id and its status in the end.
POSTED = {
    "ninjaone": {
        "webhook_condition_triggered.observed.json": (200, "accepted", "e6b0b0bd-5753-445d-9e4a-71c08983cbd5"),
        "webhook_condition_reset.constructed.json": (200, "accepted", "e6b0b0bd-5753-445d-9e4a-71c08983cbd5"),
        "webhook_notification_channel.docs.json": (200, "accepted", "uuid-string"),
        "webhook_node_created.constructed.json": (200, "ignored", None),
    },
    "tacticalrmm": {
        "webhook_failure_rendered.constructed.json": (200, "accepted", "4211"),
        "webhook_resolved_rendered.constructed.json": (200, "accepted", "4211"),
        "webhook_double_encoded.constructed.json": (200, "accepted", "4211"),
        "url_action_rest_body_template.constructed.json": (200, "ignored", None),
    },
    "levelio": {
        "webhook_alert_active.fixture.json": (200, "accepted", "alert-1"),
        "webhook_alert_resolved.constructed.json": (200, "accepted", "alert-1"),
        "webhook_device_created.docs.json": (200, "ignored", None),
    },
}
FINAL = {
    "ninjaone": {"e6b0b0bd-5753-445d-9e4a-71c08983cbd5": "resolved", "uuid-string": "active"},
    # The double-encoded body names no time: its firing counts as of now, so the alert fires again.
    "tacticalrmm": {"4211": "active"},
    "levelio": {"alert-1": "resolved"},
}
FOLDERS = {"ninjaone": "ninjaone", "tacticalrmm": "tactical", "levelio": "level"}


def test_the_tables_leave_no_request_out() -> None:
    assert {path.name for path in RECORDED_TACTICAL.glob("*.http")} == set(RECORDED)
    for provider, folder in FOLDERS.items():
        posted = {path.name for path in (PAYLOADS / folder).glob("webhook_*.json")} - {
            "webhook_signature_vector.constructed.json"  # a test of its own, below
        }
        assert posted <= set(POSTED[provider])


def test_all_recorded_tactical_requests_end_as_the_table_says(stack: Stack) -> None:
    rmm = stack.connect("tacticalrmm", default_client_id=stack.new_client())
    for name in RECORDED:
        # The server was set up for another product, so the secret came under that header's name.
        response = stack.post(rmm, recorded_body(name), **{"X-Alga-Webhook-Secret": rmm.secret})
        assert (response.status_code, response.json()["status"]) == (200, "accepted"), name
    stack.drained()
    ended = {}
    for external_id in RECORDED_ALERTS:
        alert = stack.alert(rmm, external_id)
        assert alert is not None
        outcomes = [line["outcome"] for line in alert["decisions"]]
        ended[external_id] = (alert["status"], alert["severity"], alert["identity"], outcomes)
    assert ended == RECORDED_ALERTS
    assert len(stack.alerts(rmm)) == len(RECORDED_ALERTS)


@pytest.mark.parametrize("provider", list(POSTED))
def test_every_payload_a_vendor_would_post_ends_as_the_table_says(stack: Stack, provider: str) -> None:
    rmm = stack.connect(provider, default_client_id=stack.new_client())
    for name, (status, word, _) in POSTED[provider].items():
        response = stack.post(rmm, payload(f"{FOLDERS[provider]}/{name}"))
        assert (response.status_code, response.json()["status"]) == (status, word), name
    stack.drained()
    assert {alert["external_id"]: alert["status"] for alert in stack.alerts(rmm)} == FINAL[provider]


def test_levels_signature_vector_is_accepted_and_a_changed_body_is_refused(stack: Stack) -> None:
    vector = json.loads(payload("level/webhook_signature_vector.constructed.json"))
    rmm = stack.connect("levelio", signing_secret=vector["secret"], default_client_id=stack.new_client())
    header = {vector["header"]: vector["value"]}
    assert stack.post(rmm, vector["raw_body"].encode(), **header).status_code == 200
    assert stack.post(rmm, vector["raw_body"].encode() + b" ", **header).status_code == 401
