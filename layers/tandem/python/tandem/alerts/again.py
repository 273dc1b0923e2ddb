"""An alert's own words as an event again, for a new decision about it: a mapping arrived, a window ended, a person
applies a rule or acts on it."""

from dataclasses import replace
from datetime import datetime

from tandem.alerts.models import Alert, AlertEvent, Kind, Origin
from tandem.alerts.outbound import IN_TANDEM_ALONE, OutboundReset
from tandem.ids import derived_id


def decide_again(alert: Alert, message: str | None, origin: Origin, event_id: str, now: datetime) -> AlertEvent:
    """The event that asks for a new decision. It carries the alert's own time, so that rules see what they would have
    seen, and changes no time. `message`: the whole one, where the alert holds only its beginning."""
    at = alert.last_triggered_at or alert.triggered_at or alert.first_seen_at
    return _event(alert, message, Kind.TRIGGERED, origin, event_id, at, now, again=True)


def by_person(alert: Alert, kind: Kind, user_id: str, event_id: str, now: datetime) -> AlertEvent:
    """A person acknowledges or resolves the alert now; never before its last firing, for its sender's clock may be
    ahead."""
    at = max(now, alert.last_triggered_at or now)
    return _event(alert, None, kind, Origin.PERSON, event_id, at, now, acted_by=user_id)


def reset_by_poll(alert: Alert, event_id: str, observed_at: datetime) -> AlertEvent:
    """The RMM does not list the alert any more: it is over since the listing that began at `observed_at`; never before
    its last firing, for the RMM's clock may be ahead."""
    at = max(observed_at, alert.last_triggered_at or observed_at)
    event = _event(alert, None, Kind.RESET, Origin.POLL, event_id, at, observed_at)
    return replace(event, observed_at=observed_at)


def reset_by_tandem(alert: Alert, wish: OutboundReset, at: datetime, now: datetime) -> AlertEvent:
    """The alert is over since `at`, because its RMM was told so, or, as the wish's state says, cannot be told; never
    before its last firing. The same wish gives the same event."""
    at = max(at, alert.last_triggered_at or at)
    event = _event(alert, None, Kind.RESET, Origin.OUTBOUND, derived_id("outbound-reset", wish.request_id), at, now)
    return replace(event, in_tandem_alone=wish.state in IN_TANDEM_ALONE)


def _event(
    alert: Alert,
    message: str | None,
    kind: Kind,
    origin: Origin,
    event_id: str,
    at: datetime,
    now: datetime,
    acted_by: str | None = None,
    again: bool = False,
) -> AlertEvent:
    return AlertEvent(
        event_id=event_id,
        integration_id=alert.integration_id,
        provider=alert.provider,
        kind=kind,
        identity=alert.identity,
        severity=alert.severity,
        message=message or alert.message,
        occurred_at=at,
        received_at=now,
        origin=origin,
        external_alert_id=alert.external_alert_id,
        external_device_id=alert.external_device_id,
        organization_id=alert.organization_id,
        organization_name=alert.organization_name,
        device_name=alert.device_name,
        activity_type=alert.activity_type,
        alert_class=alert.alert_class,
        source_type=alert.source_type,
        acted_by=acted_by,
        decide_again=again,
    )
