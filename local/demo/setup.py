"""What an MSP admin would set up: clients, one integration a provider, mappings, rules."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.demo.api import Api

Progress = Callable[[str], None]

LEVEL_SIGNING_SECRET_BYTES = 24

_CLIENTS = ("Acme", "Globex", "Umbrella")
_PATCH_NIGHT = "Patch night of Umbrella (demo)"

_RULES: tuple[dict[str, Any], ...] = (
    {
        "name": "Information is only recorded",
        "conditions": {"severities": ["minor", "none"]},
        "actions": {"create_ticket": False},
    },
    {
        "name": "Critical at once",
        "conditions": {"severities": ["critical"]},
        "actions": {"priority": "urgent", "title_template": "[{{severity}}] {{device}}: {{message}}"},
    },
    {"name": "Everything else", "conditions": {}, "actions": {"auto_resolve_ticket": True}},
)


@dataclass(frozen=True)
class Connected:
    """One integration as its RMM would know it. `signing_secret`: Level's."""

    name: str
    integration_id: str
    url: str
    header: str
    secret: str
    signing_secret: str | None


def clients(api: Api) -> dict[str, str]:
    """The MSP's customers: name → id; made unless they are there from an earlier run."""
    known = {client["name"]: client["id"] for client in api.all("/clients")}
    return {name: known.get(name) or api.post("/clients", {"name": name})["id"] for name in _CLIENTS}


def integrations(api: Api, client_ids: dict[str, str], say: Progress) -> dict[str, Connected]:
    """One webhook-only integration a provider, with its rules and its organizations mapped to clients."""
    known = {(each["provider"], each["name"]): each["id"] for each in api.all("/integrations")}
    connected = {}
    for provider, name in (("ninjaone", "NinjaOne"), ("tacticalrmm", "Tactical RMM"), ("levelio", "Level")):
        say(f"connecting {name}")
        signing_secret = secrets.token_hex(LEVEL_SIGNING_SECRET_BYTES) if provider == "levelio" else None
        extra = {}
        if signing_secret:
            # Level's webhooks name no group, so nothing else says whose device it is.
            extra = {"signing_secret": signing_secret, "default_client_id": client_ids["Acme"]}
        name = f"{name} (demo)"
        if (provider, name) in known:
            integration_id = known[provider, name]
            if extra:
                api.patch(f"/integrations/{integration_id}", extra)
            webhook = api.post(f"/integrations/{integration_id}/webhook-secret/rotate")["webhook"]
        else:
            made = api.post("/integrations", {"provider": provider, "name": name, **extra})
            integration_id, webhook = made["id"], made["webhook"]
            for rule in _RULES:
                api.post(f"/integrations/{integration_id}/rules", rule)
        connected[provider] = Connected(
            name, integration_id, webhook["url"], webhook["header"], webhook["secret"], signing_secret
        )
    map_organization(api, connected["ninjaone"], "2", "Acme Corp", client_ids["Acme"])
    map_organization(api, connected["ninjaone"], "5", "Umbrella Corp", client_ids["Umbrella"])
    map_organization(api, connected["ninjaone"], "9", "Initech", None)
    map_organization(api, connected["tacticalrmm"], "2", "Globex & Sons", client_ids["Globex"])
    return connected


def changed(api: Api, connected: Mapping[str, Connected]) -> list[str]:
    """The names of the integrations whose rules are not those of the demo: somebody tried something out."""
    return [each.name for each in connected.values() if not _has_own_rules(api, each)]


def _has_own_rules(api: Api, integration: Connected) -> bool:
    found = list(api.all(f"/integrations/{integration.integration_id}/rules"))
    return len(found) == len(_RULES) and all(
        rule["active"]
        and rule["name"] == own["name"]
        and all(rule["actions"][name] == value for name, value in own["actions"].items())
        and {name: value for name, value in rule["conditions"].items() if value} == own["conditions"]
        for rule, own in zip(found, _RULES, strict=True)
    )


def patch_night(api: Api, client_id: str, ends_at: datetime) -> None:
    """A maintenance window of this client that has begun and ends soon, in place of an earlier run's."""
    for window in list(api.all("/maintenance-windows")):
        if window["name"] == _PATCH_NIGHT:
            api.delete(f"/maintenance-windows/{window['id']}")
    times = {"starts_at": (ends_at - timedelta(hours=4)).isoformat(), "ends_at": ends_at.isoformat()}
    api.post("/maintenance-windows", {"name": _PATCH_NIGHT, "client_id": client_id, **times})


def map_organization(api: Api, integration: Connected, organization: str, name: str, client_id: str | None) -> None:
    """Say whose organization it is; None takes the mapping away."""
    path = f"/integrations/{integration.integration_id}/organizations/{organization}"
    api.put(path, {"client_id": client_id, "name": name})
