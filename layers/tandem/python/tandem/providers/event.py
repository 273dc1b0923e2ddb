"""From what a normalizer read to the AlertEvent: limits, event id, time and raw are the same for every provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tandem.alerts.limits import cut_message, gzipped_text
from tandem.alerts.models import AlertEvent, Kind, Origin, Provider, Severity
from tandem.ids import derived_id
from tandem.providers.moments import occurred_at
from tandem.providers.port import BadWebhook, Delivery
from tandem.times import to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a vendor's body says. `stated_at` is the vendor's time of this event; `provider_event_id` its id of it."""

    kind: Kind
    identity: str
    severity: Severity
    message: str
    stated_at: datetime | None
    provider_event_id: str | None = None
    external_alert_id: str | None = None
    external_device_id: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    device_name: str | None = None
    activity_type: str | None = None
    alert_class: str | None = None
    source_type: str | None = None
    acted_by: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def alert_event(delivery: Delivery, provider: Provider, reading: Reading) -> AlertEvent:
    """The event of a webhook delivery. Its id is the same for every delivery of the same event: made of integration,
    kind, alert, and the vendor's event id or else its time as stated (the time of receipt if none was)."""
    event = AlertEvent(
        event_id="",
        integration_id=delivery.integration_id,
        provider=provider,
        kind=reading.kind,
        identity=reading.identity,
        severity=reading.severity,
        message=cut_message(reading.message),
        occurred_at=occurred_at(reading.stated_at, delivery.received_at),
        received_at=delivery.received_at,
        origin=Origin.WEBHOOK,
        external_alert_id=reading.external_alert_id,
        external_device_id=reading.external_device_id,
        organization_id=reading.organization_id,
        organization_name=reading.organization_name,
        device_name=reading.device_name,
        activity_type=reading.activity_type,
        alert_class=reading.alert_class,
        source_type=reading.source_type,
        acted_by=reading.acted_by,
        facts=reading.facts,
        raw=gzipped_text(delivery.text),
    )
    of_the_vendor = reading.provider_event_id or to_text(reading.stated_at or delivery.received_at)
    event_id = derived_id("event", event.integration_id, event.kind, event.alert_id, of_the_vendor)
    return replace(event, event_id=event_id)


def require_known(alert_id: str | None, alert_field: str, place: str | None, place_fields: str) -> None:
    """An alert is known by its id, or else by its condition, which needs a device or an organization.

    Raises BadWebhook, naming the fields, if neither is there.
    """
    if alert_id is None and place is None:
        raise BadWebhook(alert_field, f"the alert's id; without it, {place_fields} with the condition's identity")
