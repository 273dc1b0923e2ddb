"""The payloads of the events (`detail` on the bus), as pydantic models: what the events of alerts, tickets and
integrations hold; those of syncs and devices are in fleet_payload.py, all of them in catalogue.py.

A field that has no value is left out, never null. Fields are only ever added to a version; what else changes is a new
version beside the old one. docs/events/ holds their JSON schemas, made from here (`make schemas`).
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from tandem.events.names import (
    INTEGRATION_CONNECTED,
    INTEGRATION_DISCONNECTED,
    INTEGRATION_RECONNECT_REQUIRED,
    RMM_ALERT_ACKNOWLEDGED,
    RMM_ALERT_RESET_REQUESTED,
    RMM_ALERT_RESOLVED,
    RMM_ALERT_TRIGGERED,
    RMM_WEBHOOK_RECEIVED,
    TICKET_CLOSED,
    TICKET_CREATED,
    TICKET_REOPENED,
    TICKET_UPDATED,
)
from tandem.times import to_text

Time = Annotated[
    datetime,
    PlainSerializer(to_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
ProviderName = Literal["ninjaone", "tacticalrmm", "levelio"]
SeverityName = Literal["critical", "major", "moderate", "minor", "none"]
PriorityName = Literal["urgent", "high", "medium", "low"]


class Event(BaseModel):
    """What every event says."""

    model_config = ConfigDict(frozen=True)
    name: ClassVar[str]
    subject: ClassVar[str]
    """The field that names what the event is about; events of one subject are put in order."""

    schema_version: Literal[1]
    event_id: str = Field(description="The same for the same event, however often it is delivered")
    occurred_at: Time = Field(description="When Tandem took note of it, to the second; the RMM's own times are apart")
    tenant_id: str

    def detail(self) -> str:
        """The payload as JSON."""
        return self.model_dump_json(exclude_none=True)

    @property
    def subject_id(self) -> str:
        """The id of what the event is about."""
        return str(getattr(self, self.subject))


class AlertEvent(Event):
    """What every event of an alert says; the alert as it was right after the event."""

    subject = "alert_id"

    integration_id: str
    provider: ProviderName
    alert_id: str
    external_alert_id: str = Field(description="The RMM's id; Tandem's own where the RMM gives alerts none")
    severity: SeverityName
    status: Literal["active", "acknowledged", "resolved", "auto_resolved"]
    condition_id: str = Field(description="What keeps firing: the same for all alerts that share a ticket")
    identity: str = Field(description="What of the device it is about, in the RMM's terms")
    external_device_id: str | None = None
    device_name: str | None = None
    external_organization_id: str | None = None
    organization_name: str | None = None
    asset_id: str | None = None
    client_id: str | None = None
    ticket_id: str | None = Field(None, description="The ticket that it stands on")
    priority: PriorityName | None = Field(None, description="What its rule, else its severity, makes a ticket's")
    message: str | None = Field(None, description="The beginning, 256 bytes at most")
    source_type: str | None = None
    alert_class: str | None = None
    activity_type: str | None = None
    triggered_at: Time | None = Field(None, description="When this episode began, by the RMM's clock")
    last_occurrence_at: Time | None = Field(None, description="When it fired last, by the RMM's clock")
    occurrence_count: int = Field(description="How often it has fired, all episodes together")


class AlertTriggered(AlertEvent):
    """An alert fired, fired again, or is still firing when the maintenance window that held it lets it go."""

    name = RMM_ALERT_TRIGGERED


class AlertResolved(AlertEvent):
    """An alert that was told as triggered fires no more."""

    name = RMM_ALERT_RESOLVED

    resolved_at: Time | None = Field(None, description="By the RMM's clock")


class AlertAcknowledged(AlertEvent):
    """Somebody acknowledged a firing alert, in the RMM or in Tandem."""

    name = RMM_ALERT_ACKNOWLEDGED

    acknowledged_at: Time | None = Field(None, description="By the RMM's clock")
    acknowledged_by: str | None = Field(None, description="Who, in the RMM's words; a user's id if in Tandem")


class AlertResetRequested(Event):
    """A person resolved an alert, or asked once more, so its RMM is to be told that it is over."""

    name = RMM_ALERT_RESET_REQUESTED
    subject = "alert_id"

    integration_id: str
    alert_id: str
    request_id: str = Field(description="Tells it from the other times at which this was asked of the alert's RMM")
    requested_at: Time
    ticket_id: str | None = Field(None, description="The ticket whose close was the first reason, if it was one")


class TicketEvent(Event):
    """What every event of a ticket says; the ticket as it was right after the event."""

    subject = "ticket_id"

    ticket_id: str
    number: str
    title: str
    board_id: str
    status: str = Field(description="Id of a status of the board")
    is_closed: bool
    priority: PriorityName
    source: str = Field(description="The RMM, or `manual`")
    opened_at: Time
    client_id: str | None = None
    asset_id: str | None = None
    assignee_id: str | None = None
    source_reference: str | None = Field(None, description="The RMM's id of the alert that opened it")
    condition_id: str | None = Field(None, description="What keeps firing; none for a ticket opened by hand")
    previous_ticket_number: str | None = None
    closed_at: Time | None = None
    closed_by: str | None = Field(None, description="A user's id; `tandem` if it closed itself")


class TicketCreated(TicketEvent):
    """A ticket was opened, by a rule or by hand."""

    name = TICKET_CREATED

    severity: SeverityName | None = Field(None, description="Of the alert that opened it; none for one by hand alone")
    notify_user_ids: list[str] | None = Field(None, description="Whom its rule wants told")


class TicketChange(BaseModel):
    """One field of a ticket before and after; absent where it had or has no value."""

    model_config = ConfigDict(frozen=True)

    field: Literal[
        "title",
        "description",
        "board_id",
        "status",
        "priority",
        "client_id",
        "asset_id",
        "assignee_id",
        "contact",
    ]
    before: str | None = Field(None, description="Never given for description and contact")
    after: str | None = Field(None, description="Never given for description and contact")


class TicketUpdated(TicketEvent):
    """Something of a ticket changed that people see; a change of status that closes or reopens it is told apart."""

    name = TICKET_UPDATED

    changes: list[TicketChange] = Field(min_length=1)


class TicketClosed(TicketEvent):
    """A ticket was closed, by a person or because none of its alerts fires any more."""

    name = TICKET_CLOSED


class TicketReopened(TicketEvent):
    """A closed ticket was opened again."""

    name = TICKET_REOPENED


class WebhookReceived(Event):
    """A webhook told of an alert, and what it told is safe in the queue. Off unless the tenant file turns it on."""

    name = RMM_WEBHOOK_RECEIVED
    subject = "integration_id"

    integration_id: str
    provider: ProviderName
    webhook_event_type: Literal["triggered", "acknowledged", "reset"]
    alert_event_id: str = Field(description="What the sender was answered as `event_id`")
    external_device_id: str | None = None


class IntegrationEvent(Event):
    """What every event of an integration says."""

    subject = "integration_id"

    integration_id: str
    provider: ProviderName
    integration_name: str
    instance_url: str | None = Field(None, description="Where the RMM is")


class IntegrationConnected(IntegrationEvent):
    """An RMM took the credentials of an integration, for the first time or again."""

    name = INTEGRATION_CONNECTED


class IntegrationReconnectRequired(IntegrationEvent):
    """An RMM does not take the credentials of an integration any more: a person must connect it anew."""

    name = INTEGRATION_RECONNECT_REQUIRED

    reason: str | None = Field(None, description="What happened and what to do, in sentences")


class IntegrationDisconnected(IntegrationEvent):
    """An integration was disconnected from its RMM, or removed while it was connected."""

    name = INTEGRATION_DISCONNECTED
