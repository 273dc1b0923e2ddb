"""The names of the events (`detail-type` on the bus) and who sends them (`source`). Light, for webhook_ingest."""

from typing import Literal

RMM_ALERT_TRIGGERED = "RMM_ALERT_TRIGGERED"
RMM_ALERT_RESOLVED = "RMM_ALERT_RESOLVED"
RMM_ALERT_ACKNOWLEDGED = "RMM_ALERT_ACKNOWLEDGED"
RMM_ALERT_RESET_REQUESTED = "RMM_ALERT_RESET_REQUESTED"
TICKET_CREATED = "TICKET_CREATED"
TICKET_UPDATED = "TICKET_UPDATED"
TICKET_CLOSED = "TICKET_CLOSED"
TICKET_REOPENED = "TICKET_REOPENED"
RMM_WEBHOOK_RECEIVED = "RMM_WEBHOOK_RECEIVED"

SCHEMA_VERSION: Literal[1] = 1
"""Of every payload, as long as none has a second version."""


def source(tenant: str) -> str:
    """Who sends the tenant's events."""
    return f"tandem.{tenant}"
