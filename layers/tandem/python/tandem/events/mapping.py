"""A change of an alert, a ticket or a wish as the events that it means. Pure: the same change gives the same events.

an alert             before                             after
RMM_ALERT_TRIGGERED  not firing, or held by a window    firing and not held
                     firing and not held                the same, fired again since
RMM_ALERT_ACK...     anything but acknowledged          acknowledged
RMM_ALERT_RESOLVED   firing and not held                not firing

a ticket
TICKET_CREATED       none                               a ticket
TICKET_REOPENED      closed                             open
TICKET_UPDATED       other words that people see        (before a close of the same change, behind a reopening)
TICKET_CLOSED        open                               closed

the wish that its RMM resets an alert
RMM_ALERT_RESET_...  none, or another wish              one that is to be announced

What a maintenance window holds makes no event: not when it begins to hold an alert, nor when what it holds is reset. An
alert whose reset had come before its trigger never fires.
"""

from datetime import datetime

from tandem.alerts.models import Alert, AlertStatus
from tandem.alerts.outbound import OutboundReset
from tandem.alerts.tickets import PRIORITY_OF_SEVERITY, Ticket
from tandem.events.names import SCHEMA_VERSION
from tandem.events.payload import (
    AlertAcknowledged,
    AlertEvent,
    AlertResetRequested,
    AlertResolved,
    AlertTriggered,
    Event,
    TicketChange,
    TicketClosed,
    TicketCreated,
    TicketEvent,
    TicketReopened,
    TicketUpdated,
)
from tandem.ids import derived_id
from tandem.times import to_text

_TOLD_AS_FIRING = frozenset({AlertStatus.ACTIVE, AlertStatus.ACKNOWLEDGED})
"""Live, and no window holds it."""

_TOLD_BY_VALUE = ("title", "board_id", "priority", "client_id", "asset_id", "assignee_id")
"""A ticket's fields whose change is told with the value before and after, as `status` is."""

_TOLD_BY_NAME = ("description", "contact")
"""Those of which only that they changed is told: too long, or about a person."""


def alert_events(before: Alert | None, after: Alert, tenant: str, at: datetime) -> list[Event]:
    """What the change of an alert means, in order. `at`: when it was written."""
    if after.version == 1:
        before = None  # what stood there had expired
    fired = _fires(after) and (before is None or not _fires(before) or _fired_again(before, after))
    events: list[type[AlertEvent]] = [AlertTriggered] if fired else []
    if after.status is AlertStatus.ACKNOWLEDGED and (before is None or before.status is not AlertStatus.ACKNOWLEDGED):
        events.append(AlertAcknowledged)
    if before is not None and _fires(before) and not after.is_live:
        events.append(AlertResolved)
    return [_of_alert(event, after, tenant, at) for event in events]


def ticket_events(before: Ticket | None, after: Ticket, tenant: str, at: datetime) -> list[Event]:
    """What the change of a ticket means, in order. `at`: when it was written."""
    if before is None:
        severity = after.severity.value if after.severity is not None else None
        told = list(after.notify_user_ids) or None
        created = [_of_ticket(TicketCreated, after, tenant, at, severity=severity, notify_user_ids=told)]
        return created + ([_of_ticket(TicketClosed, after, tenant, at)] if after.is_closed else [])
    changes = _changes(before, after)
    events = [_of_ticket(TicketUpdated, after, tenant, at, changes=changes)] if changes else []
    if after.is_closed and not before.is_closed:
        events.append(_of_ticket(TicketClosed, after, tenant, at))
    if before.is_closed and not after.is_closed:
        events.insert(0, _of_ticket(TicketReopened, after, tenant, at))
    return events


def outbound_events(before: OutboundReset | None, after: OutboundReset, tenant: str, at: datetime) -> list[Event]:
    """What a wish that an RMM resets an alert means. `at`: when it was written."""
    is_known = before is not None and before.request_id == after.request_id
    if is_known or not after.announced:
        return []
    return [
        AlertResetRequested(
            schema_version=SCHEMA_VERSION,
            event_id=derived_id(AlertResetRequested.name, after.alert_id, after.request_id),
            occurred_at=at,
            tenant_id=tenant,
            integration_id=after.integration_id,
            alert_id=after.alert_id,
            request_id=after.request_id,
            requested_at=after.asked_at,
            ticket_id=after.ticket_id,
        )
    ]


def _fires(alert: Alert) -> bool:
    return alert.status in _TOLD_AS_FIRING


def _fired_again(before: Alert, after: Alert) -> bool:
    return after.last_triggered_at != before.last_triggered_at


def _changes(before: Ticket, after: Ticket) -> list[TicketChange]:
    fields = [(name, name) for name in _TOLD_BY_VALUE]
    if before.is_closed == after.is_closed:
        fields.append(("status_id", "status"))
    changes = [
        TicketChange.model_validate({"field": shown, "before": getattr(before, name), "after": getattr(after, name)})
        for name, shown in fields
        if getattr(before, name) != getattr(after, name)
    ]
    return changes + [
        TicketChange.model_validate({"field": name})
        for name in _TOLD_BY_NAME
        if getattr(before, name) != getattr(after, name)
    ]


def _of_alert(event: type[AlertEvent], alert: Alert, tenant: str, at: datetime) -> Event:
    priority = alert.rule.priority if alert.rule is not None else None
    return event.model_validate(
        {
            "schema_version": SCHEMA_VERSION,
            # An alert that expired and fires again counts its versions from 1 once more: first seen tells them apart.
            "event_id": derived_id(event.name, alert.alert_id, to_text(alert.first_seen_at), str(alert.version)),
            "occurred_at": at,
            "tenant_id": tenant,
            "integration_id": alert.integration_id,
            "provider": alert.provider.value,
            "alert_id": alert.alert_id,
            "external_alert_id": alert.external_alert_id or alert.alert_id,
            "severity": alert.severity.value,
            "status": alert.status.value,
            "condition_id": alert.condition_id,
            "identity": alert.identity,
            "external_device_id": alert.external_device_id,
            "device_name": alert.device_name,
            "external_organization_id": alert.organization_id,
            "organization_name": alert.organization_name,
            "asset_id": alert.asset_id,
            "client_id": alert.client_id,
            "ticket_id": alert.ticket_id,
            "priority": priority or PRIORITY_OF_SEVERITY[alert.severity],
            "message": alert.message or None,
            "source_type": alert.source_type,
            "alert_class": alert.alert_class,
            "activity_type": alert.activity_type,
            "triggered_at": alert.triggered_at,
            "last_occurrence_at": alert.last_occurrence_at,
            "occurrence_count": alert.occurrence_count,
            "acknowledged_at": alert.acknowledged_at,
            "acknowledged_by": alert.acknowledged_by,
            "resolved_at": alert.resolved_at,
        }
    )


def _of_ticket(event: type[TicketEvent], ticket: Ticket, tenant: str, at: datetime, **more: object) -> Event:
    return event.model_validate(
        {
            "schema_version": SCHEMA_VERSION,
            "event_id": derived_id(event.name, ticket.ticket_id, str(ticket.version)),
            "occurred_at": at,
            "tenant_id": tenant,
            "ticket_id": ticket.ticket_id,
            "number": ticket.number,
            "title": ticket.title,
            "board_id": ticket.board_id,
            "status": ticket.status_id,
            "is_closed": ticket.is_closed,
            "priority": ticket.priority.value,
            "source": ticket.source,
            "opened_at": ticket.opened_at,
            "client_id": ticket.client_id,
            "asset_id": ticket.asset_id,
            "assignee_id": ticket.assignee_id,
            "source_reference": ticket.source_reference,
            "condition_id": ticket.condition_id,
            "previous_ticket_number": ticket.previous_ticket_number,
            "closed_at": ticket.closed_at,
            "closed_by": ticket.closed_by,
            **more,
        }
    )
