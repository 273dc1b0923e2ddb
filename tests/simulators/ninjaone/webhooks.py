"""What NinjaOne posts, to whom, and how: one activity a request, no signature, a header that the receiver chose.

Sources: vendors.md 1.7 and the observed payload. How often it tries again is not documented: here, once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.ninjaone.rendering import Rendering
from tests.simulators.ninjaone.state import Activity, State
from tests.simulators.outbox import Delivery


@dataclass(frozen=True)
class Registration:
    """A client's webhook, as `PUT /v2/webhook` set it."""

    url: str
    activities: Mapping[str, list[str]] | None = None
    expand: frozenset[str] = frozenset()
    headers: tuple[tuple[str, str], ...] = ()
    organization_ids: frozenset[int] = field(default_factory=frozenset)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Registration":
        """From the request's body. Raises KeyError, TypeError or ValueError for one of another shape."""
        return cls(
            url=str(body["url"]),
            activities={str(name): list(codes) for name, codes in (body.get("activities") or {}).items()} or None,
            expand=frozenset(body.get("expand") or []),
            headers=tuple((str(each["name"]), str(each["value"])) for each in body.get("headers") or []),
            organization_ids=frozenset(int(each) for each in body.get("organizationIds") or []),
        )

    def wants(self, activity: Activity) -> bool:
        """Whether it is among those that were asked for; all are if none was named."""
        if self.organization_ids and activity.organization_id not in self.organization_ids:
            return False
        if self.activities is None:
            return True
        codes = self.activities.get(activity.activity_type)
        return codes is not None and (not codes or activity.status_code in codes)


def delivery(activity: Activity, registration: Registration, state: State, rendering: Rendering) -> Delivery:
    """The request for one activity."""
    body = rendering.activity(activity)
    device = state.devices.get(activity.device_id) if activity.device_id is not None else None
    references: dict[str, Any] = {}
    if device is not None:
        known = rendering.references(device)
        references = {name: known[name] for name in ("organization", "location") if name in registration.expand}
    if device is not None and "device" in registration.expand:
        body["device"] = rendering.device(device)
        # The observed body names organization and location within the device.
        if references:
            body["device"]["references"] = references
    elif references:
        body |= references
    headers = {"Content-Type": "application/json", **dict(registration.headers)}
    about = f"{activity.status_code} {activity.series_uid}"
    return Delivery(registration.url, headers, json.dumps(body, separators=(",", ":")).encode(), about)
