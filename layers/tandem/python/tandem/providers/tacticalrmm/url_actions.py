"""The two URL actions that an admin puts into Tactical RMM, ready to be copied.

Every member stands on a line of its own, so that a value with a quote in it can be told from the next member, and
`message` comes first: of two members of one name the last counts, so its text cannot pass for another's. Sources:
vendors.md 2.5; tactical-live.md.
"""

import json
from dataclasses import dataclass

TRIGGER, RESOLVE = "trigger", "resolve"

_MEMBERS = {
    "message": "{{alert.message}}",
    "event": "",
    "alert_id": "{{alert.id}}",
    "alert_type": "{{alert.alert_type}}",
    "severity": "{{alert.severity}}",
    "alert_time": "{{alert.alert_time}}",
    "resolved_on": "{{alert.resolved_on}}",
    "agent_id": "{{agent.agent_id}}",
    "hostname": "{{agent.hostname}}",
    "operating_system": "{{agent.operating_system}}",
    "client_id": "{{client.id}}",
    "client_name": "{{client.name}}",
    "site_name": "{{site.name}}",
    "check_id": "{{alert.assigned_check.id}}",
    "task_id": "{{alert.assigned_task.id}}",
}


@dataclass(frozen=True, slots=True)
class UrlAction:
    """One URL action, as the fields of Tactical RMM's form. `headers` and `body` are texts."""

    name: str
    url: str
    method: str
    headers: str
    body: str


def url_actions(url: str, header: str, secret: str) -> tuple[UrlAction, UrlAction]:
    """The failure action and the resolved action, with this header for the webhook's secret."""
    headers = json.dumps({"Content-Type": "application/json", header: secret})
    return (
        UrlAction("Tandem (failure)", url, "POST", headers, body(TRIGGER)),
        UrlAction("Tandem (resolved)", url, "POST", headers, body(RESOLVE)),
    )


def body(event: str) -> str:
    """The body's template."""
    return json.dumps(_MEMBERS | {"event": event}, indent=2)
