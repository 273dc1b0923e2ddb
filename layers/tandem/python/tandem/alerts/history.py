"""An alert event as history keeps it: what was said of the alert, and what became of it then.

It is read off the alert as it was written, so it knows what the alert knows: `severity` is the worst of the episode so
far, organization and client are those that the alert was placed with.
"""

from dataclasses import dataclass
from datetime import datetime

from tandem.alerts.models import Alert, AlertEvent, AlertStatus, Kind, Origin, Provider, Severity


@dataclass(frozen=True, slots=True)
class AppliedEvent:
    """One event that changed an alert. `applied_at`: when, to the second; `sequence` tells those of one second apart.

    What became of the alert: `status`, `ticket_id`, `client_id`, `asset_id`, the rule that it was decided by
    (`rule_auto_resolves`: it closes tickets) and the window that holds it. `left_ticket_id`: the ticket on which it
    stood while it fired, and stands no more, for a person closed that.
    """

    event_id: str
    alert_id: str
    integration_id: str
    provider: Provider
    kind: Kind
    identity: str
    severity: Severity
    message: str
    occurred_at: datetime
    applied_at: datetime
    sequence: int
    status: AlertStatus
    external_alert_id: str | None = None
    external_device_id: str | None = None
    device_name: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    client_id: str | None = None
    asset_id: str | None = None
    activity_type: str | None = None
    alert_class: str | None = None
    source_type: str | None = None
    ticket_id: str | None = None
    rule_id: str | None = None
    rule_revision: int | None = None
    rule_auto_resolves: bool = False
    window_id: str | None = None
    left_ticket_id: str | None = None

    @property
    def order(self) -> tuple[datetime, int]:
        """Sorts events as they were applied; exactly those of one alert, to the second those of several."""
        return self.applied_at, self.sequence

    @property
    def name(self) -> tuple[str, str, Kind, datetime]:
        """The same for the same event, however often history tells of it."""
        return self.alert_id, self.event_id, self.kind, self.occurred_at

    def event(self) -> AlertEvent:
        """The event again, for a decision that is only tried."""
        return AlertEvent(
            event_id=self.event_id,
            integration_id=self.integration_id,
            provider=self.provider,
            kind=self.kind,
            identity=self.identity,
            severity=self.severity,
            message=self.message,
            occurred_at=self.occurred_at,
            received_at=self.applied_at,
            origin=Origin.REPLAY,
            external_alert_id=self.external_alert_id,
            external_device_id=self.external_device_id,
            organization_id=self.organization_id,
            organization_name=self.organization_name,
            device_name=self.device_name,
            activity_type=self.activity_type,
            alert_class=self.alert_class,
            source_type=self.source_type,
        )


def applied_events(before: Alert | None, after: Alert, at: datetime, sequence: int) -> list[AppliedEvent]:
    """The events that one write of an alert tells of, in order of their own times: one, or none.

    kind           because of the write before
    triggered      its latest firing is another, or it got worse (which a firing of the same time says)
    reset          its latest reset is another
    acknowledged   its latest acknowledge is another

    None of these: it was decided again, about the same firing.
    """
    if after.version == 1:
        before = None  # what stood there had expired
    moments = [
        (after.last_triggered_at, before.last_triggered_at if before else None, Kind.TRIGGERED),
        (after.last_acknowledged_at, before.last_acknowledged_at if before else None, Kind.ACKNOWLEDGED),
        (after.last_reset_at, before.last_reset_at if before else None, Kind.RESET),
    ]
    told = [(now, kind) for now, was, kind in moments if now is not None and now != was]
    if not told and before is not None and after.severity.rank > before.severity.rank and after.last_triggered_at:
        told = [(after.last_triggered_at, Kind.TRIGGERED)]
    left = before.ticket_id if before is not None and before.is_live and before.ticket_id != after.ticket_id else None
    return [_applied(after, kind, occurred_at, at, sequence, left) for occurred_at, kind in sorted(told, key=_time)]


def _time(told: tuple[datetime, Kind]) -> datetime:
    return told[0]


def _applied(
    alert: Alert, kind: Kind, occurred_at: datetime, at: datetime, sequence: int, left_ticket_id: str | None
) -> AppliedEvent:
    rule = alert.rule
    return AppliedEvent(
        event_id=alert.last_event_id or "",
        alert_id=alert.alert_id,
        integration_id=alert.integration_id,
        provider=alert.provider,
        kind=kind,
        identity=alert.identity,
        severity=alert.severity,
        message=alert.message,
        occurred_at=occurred_at,
        applied_at=at,
        sequence=sequence,
        status=alert.status,
        external_alert_id=alert.external_alert_id,
        external_device_id=alert.external_device_id,
        device_name=alert.device_name,
        organization_id=alert.organization_id,
        organization_name=alert.organization_name,
        client_id=alert.client_id,
        asset_id=alert.asset_id,
        activity_type=alert.activity_type,
        alert_class=alert.alert_class,
        source_type=alert.source_type,
        ticket_id=alert.ticket_id,
        rule_id=rule.rule_id if rule else None,
        rule_revision=rule.revision if rule else None,
        rule_auto_resolves=rule.auto_resolve_ticket if rule else False,
        window_id=alert.suppressed_by_window_id,
        left_ticket_id=left_ticket_id,
    )
