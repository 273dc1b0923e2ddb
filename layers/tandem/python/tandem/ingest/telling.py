"""RMM_WEBHOOK_RECEIVED: a webhook told of an alert, and what it told is safe. Off unless the tenant file turns it on.

Best effort: the sender's answer never depends on it. Built without pydantic, whose import alone would cost more than
the whole webhook; tests hold it against the model (events/payload.py).
"""

import json
import logging
from collections.abc import Callable
from typing import Any, Protocol

from tandem import telemetry
from tandem.alerts.models import AlertEvent
from tandem.events.names import RMM_WEBHOOK_RECEIVED, SCHEMA_VERSION, source
from tandem.ids import derived_id
from tandem.times import to_text


class EventBridge(Protocol):
    """What is used of boto3's client."""

    def put_events(self, *, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803  AWS's name
        """Puts entries."""


class WebhookTeller:
    """Tells the tenant's event bus. The client is made by the first webhook that is told of."""

    def __init__(self, client: Callable[[], EventBridge], bus: str, tenant: str) -> None:
        self._client = client
        self._bus = bus
        self._tenant = tenant

    def tell(self, event: AlertEvent) -> None:
        """Put the event of a webhook. Never raises: what fails is logged."""
        try:
            answer = self._client().put_events(
                Entries=[
                    {
                        "EventBusName": self._bus,
                        "Source": source(self._tenant),
                        "DetailType": RMM_WEBHOOK_RECEIVED,
                        "Detail": detail(event, self._tenant),
                        "Time": event.received_at,
                    }
                ]
            )
            refused = answer["Entries"][0].get("ErrorCode")
        except Exception:  # noqa: BLE001  the event is safe: the sender must hear so
            telemetry.log_exception("webhook not told", event_id=event.event_id)
            return
        if refused:
            telemetry.log(logging.WARNING, "webhook not told", event_id=event.event_id, reason=refused)


def detail(event: AlertEvent, tenant: str) -> str:
    """The payload: what the webhook was about, nothing of what it held."""
    values = {
        "schema_version": SCHEMA_VERSION,
        "event_id": derived_id(RMM_WEBHOOK_RECEIVED, event.event_id),
        "occurred_at": to_text(event.received_at),
        "tenant_id": tenant,
        "integration_id": event.integration_id,
        "provider": event.provider.value,
        "webhook_event_type": event.kind.value,
        "alert_event_id": event.event_id,
        "external_device_id": event.external_device_id,
    }
    return json.dumps({name: value for name, value in values.items() if value is not None})
