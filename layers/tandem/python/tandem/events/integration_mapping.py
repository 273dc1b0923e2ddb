"""A change of an integration as the event that it means. Pure, and of the item's own values.

INTEGRATION_CONNECTED            not taken, or none yet     credentials that the RMM took
INTEGRATION_RECONNECT_REQUIRED   taken                      not taken any more
INTEGRATION_DISCONNECTED         credentials                none, or no integration any more

`error` is a connection that fails for now: it ends nothing and begins nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tandem.events.names import SCHEMA_VERSION
from tandem.events.payload import (
    Event,
    IntegrationConnected,
    IntegrationDisconnected,
    IntegrationEvent,
    IntegrationReconnectRequired,
)
from tandem.ids import derived_id

Values = Mapping[str, Any]

_TAKEN = frozenset({"connected", "error"})
_REFUSED = "reconnect_required"
_WITH_CREDENTIALS = _TAKEN | {_REFUSED}


def integration_events(before: Values | None, after: Values | None, tenant: str, at: datetime) -> list[Event]:
    """What the change of an integration means. `at`: when it was written."""
    was = before["status"] if before is not None else None
    now = after["status"] if after is not None else None
    if after is None and before is not None:
        # The version that a removal would have been, so that it is no other event's.
        after = {**before, "version": before["version"] + 1, "status": "disconnected", "status_reason": None}
    if after is None:
        return []
    if now == "connected" and was not in _TAKEN:
        return [_event(IntegrationConnected, after, tenant, at)]
    if now == _REFUSED and was != _REFUSED:
        return [_event(IntegrationReconnectRequired, after, tenant, at, reason=after.get("status_reason"))]
    if now not in _WITH_CREDENTIALS and was in _WITH_CREDENTIALS:
        return [_event(IntegrationDisconnected, after, tenant, at)]
    return []


def _event(event: type[IntegrationEvent], values: Values, tenant: str, at: datetime, **more: object) -> Event:
    integration_id = values["integration_id"]
    return event.model_validate(
        {
            "schema_version": SCHEMA_VERSION,
            "event_id": derived_id(event.name, integration_id, str(values["version"])),
            "occurred_at": at,
            "tenant_id": tenant,
            "integration_id": integration_id,
            "provider": values["provider"],
            "integration_name": values["name"],
            "instance_url": values.get("instance_url"),
            **more,
        }
    )
