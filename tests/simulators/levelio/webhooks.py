"""What Level posts: native webhooks, signed, and the HTTP action of an automation with a template of Tandem's.

Sources: vendors.md 3. Up to three attempts, two minutes and up to a minute more apart; the event id stays the same.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.levelio.rendering import Rendering, seconds
from tests.simulators.levelio.state import Alert, Device, Happened, State
from tests.simulators.outbox import Delivery

ATTEMPTS = 3
DELAY_SECONDS, JITTER_SECONDS = 120.0, 60.0


@dataclass(frozen=True)
class NativeWebhook:
    """Settings → Webhooks. `secret`: None for a webhook that is not signed. `events`: None for "send all"."""

    url: str
    secret: str | None
    events: frozenset[str] | None = None

    def wants(self, event_type: str) -> bool:
        """Whether it was chosen."""
        return self.events is None or event_type in self.events


@dataclass(frozen=True)
class Automation:
    """An automation that is started by alerts and makes an HTTP request; it knows the group of the device."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


def signature(secret: str, body: bytes) -> str:
    """`X-Level-Signature` over the raw body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def native(happened: Happened, webhook: NativeWebhook, rendering: Rendering) -> Delivery:
    """The request of a native webhook."""
    body = json.dumps(
        {
            "event_type": happened.event_type,
            "event_id": happened.event_id,
            "occurred_at": happened.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "data": _resource(happened, rendering),
        },
        separators=(",", ":"),
    ).encode()
    headers = {"Content-Type": "application/json"}
    if webhook.secret is not None:
        headers["X-Level-Signature"] = signature(webhook.secret, body)
    return Delivery(webhook.url, headers, body, f"{happened.event_type} {happened.resource.id}")


def by_automation(happened: Happened, automation: Automation, state: State) -> Delivery | None:
    """The request of an automation; None for what is no alert. The body is that of docs/connecting.md."""
    alert = happened.resource
    if not isinstance(alert, Alert):
        return None
    device = state.devices.get(alert.device_id)
    group = state.groups.get(device.group_id) if device is not None and device.group_id is not None else None
    moment = {"started_at": seconds(alert.started_at)}
    if alert.resolved_at is not None:
        moment = {"resolved_at": seconds(alert.resolved_at)}
    body = {
        "description": alert.description,
        "event": happened.event_type,
        "alert_id": alert.id,
        "device_id": alert.device_id,
        "hostname": "" if device is None else device.hostname,
        "name": alert.name,
        "severity": alert.severity,
        "group_id": "" if group is None else group.id,
        "group_name": "" if group is None else group.name,
        **moment,
    }
    headers = {"Content-Type": "application/json", **automation.headers}
    return Delivery(automation.url, headers, json.dumps(body).encode(), f"{happened.event_type} {alert.id}")


def _resource(happened: Happened, rendering: Rendering) -> dict[str, Any]:
    resource = happened.resource
    if isinstance(resource, Alert):
        return rendering.alert_in_webhook(resource)
    if happened.event_type.endswith("_deleted"):
        return {"id": resource.id}
    return rendering.device(resource) if isinstance(resource, Device) else rendering.group(resource)
