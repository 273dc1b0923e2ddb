"""What Tactical RMM posts: a person's template, with values put in as they are, and then whatever became of it.

Sources: tactical-live.md, "Outgoing webhooks", with the recorded requests; vendors.md 2.5. Values are never escaped for
JSON. Of what comes out:
- other control characters than newline, return and tab become spaces;
- a single backslash is doubled, unless n, r or t follows it: then the server takes it for an escape;
- what then is JSON (newlines in texts are let pass) is written anew; what is not is sent as one JSON string.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from tests.simulators.outbox import Delivery
from tests.simulators.tacticalrmm.rendering import operating_system
from tests.simulators.tacticalrmm.state import Agent, Alert, Client, Site, State, UrlAction

_PLACEHOLDER = re.compile(r"\{\{\s*(client|site|agent|global|alert)\.([\w\-\s.]+?)\s*\}\}")
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BACKSLASHES = re.compile(r"(\\+)(.?)", re.DOTALL)
_ESCAPES = frozenset("nrt")

Thing = Alert | Agent | Client | Site

FAILURE_BODY = """{
  "message": "{{alert.message}}",
  "event": "trigger",
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
  "task_id": "{{alert.assigned_task.id}}"
}"""
"""The body of docs/connecting.md."""
RESOLVED_BODY = FAILURE_BODY.replace('"event": "trigger"', '"event": "resolve"')


def actions(url: str, header: str, secret: str) -> tuple[UrlAction, UrlAction]:
    """The two URL actions of docs/connecting.md."""
    headers = json.dumps({"Content-Type": "application/json", header: secret})
    return (
        UrlAction("PSA alert (failure)", url, FAILURE_BODY, headers),
        UrlAction("PSA alert (resolved)", url, RESOLVED_BODY, headers),
    )


def delivery(action: UrlAction, state: State, alert: Alert, about: str) -> Delivery:
    """The request that an alert's action makes."""
    return _delivery(action, lambda model, path: _of_alert(state, alert, model, path), about)


def button_delivery(action: UrlAction, state: State, thing: Agent | Client | Site | None) -> Delivery:
    """What the dashboard's test button sends: with something chosen, a property that it lacks is skipped, so that its
    own name is what remains; with nothing chosen, the placeholders as they are written."""
    if thing is None:
        return _delivery(action, lambda _, __: None, "test")
    return _delivery(action, lambda model, path: _rendered(_walk(state, thing, path, lenient=True)), "test")


def _delivery(action: UrlAction, value_of: Callable[[str, str], str | None], about: str) -> Delivery:
    def replaced(found: re.Match[str]) -> str:
        value = value_of(found[1], found[2])
        return found[0] if value is None else value

    def fill(template: str) -> str:
        return _PLACEHOLDER.sub(replaced, template)

    try:
        headers = json.loads(fill(action.rest_headers), strict=False)
    except ValueError:
        headers = {}
    sent = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
    sent.setdefault("User-Agent", "python-requests/2.34.0")
    url = fill(action.pattern).replace(" ", "%20")
    return Delivery(url, sent, written(fill(action.rest_body)).encode(), about, method=action.rest_method.upper())


def written(rendered: str) -> str:
    """What the server posts for a rendered template; always ASCII."""
    text = _CONTROL_CHARACTERS.sub(" ", rendered)
    text = _BACKSLASHES.sub(_doubled, text)
    try:
        return json.dumps(json.loads(text, strict=False))
    except ValueError:
        return json.dumps(text)


def _doubled(found: re.Match[str]) -> str:
    is_alone = len(found[1]) == 1 and found[2] not in _ESCAPES
    return ("\\\\" if is_alone else found[1]) + found[2]


# ---- the values


def _of_alert(state: State, alert: Alert, model: str, path: str) -> str:
    """The text of a placeholder: `None` for what is missing, empty or false; `True`; times with a space."""
    agent = None if alert.agent_id is None else state.agents.get(alert.agent_id)
    thing: Any = None
    if model == "alert":
        thing = alert
    elif agent is not None and model in ("agent", "site", "client"):
        site = state.sites[agent.site_id]
        thing = {"agent": agent, "site": site, "client": state.clients[site.client_id]}[model]
    return _rendered(_walk(state, thing, path, lenient=False))


def _rendered(value: Any) -> str:
    return str(value) if value else "None"


def _walk(state: State, thing: Thing | None, path: str, lenient: bool) -> Any:
    value: Any = thing
    for name in path.split("."):
        members = _members(state, value)
        if name not in members:
            if lenient:
                continue
            return None
        value = members[name]
    return _name(value) if lenient and isinstance(value, Agent | Client | Site) else value


def _name(thing: Agent | Client | Site) -> str:
    return thing.hostname if isinstance(thing, Agent) else thing.name


def _members(state: State, thing: Any) -> dict[str, Any]:
    """What a template can name of a thing."""
    if isinstance(thing, dict):
        return thing
    if isinstance(thing, Client):
        return {"id": thing.id, "name": thing.name, "Contract ID": thing.contract}
    if isinstance(thing, Site):
        return {"id": thing.id, "name": thing.name, "client": state.clients[thing.client_id]}
    if isinstance(thing, Agent):
        site = state.sites[thing.site_id]
        return {
            "id": thing.id,
            "pk": thing.id,
            "agent_id": thing.agent_id,
            "hostname": thing.hostname,
            "status": state.status(thing),
            "operating_system": operating_system(thing),
            "monitoring_type": thing.monitoring_type,
            "Asset Tag": thing.asset_tag,
            "site": site,
            "client": state.clients[site.client_id],
        }
    if isinstance(thing, Alert):
        watched = state.watched.get(thing.watched_id or 0)
        described = None if watched is None else {"id": watched.id, "readable_desc": watched.watch.text}
        kind = None if watched is None else watched.watch.kind
        return {
            "id": thing.id,
            "alert_type": thing.alert_type,
            "severity": thing.severity,
            "message": thing.message,
            "alert_time": thing.alert_time,
            "resolved": thing.resolved,
            "resolved_on": thing.resolved_on,
            "snoozed": thing.snoozed,
            "snooze_until": thing.snooze_until,
            "hidden": thing.hidden,
            "assigned_check": described if kind == "check" else None,
            "assigned_task": described if kind == "task" else None,
            "get_result": None if watched is None else {"more_info": watched.output, "stdout": watched.output},
        }
    return {}
