"""What a webhook said, completed by what the RMM says of the same alert now. Pure."""

from dataclasses import replace

from tandem.alerts.models import AlertEvent


def completed(event: AlertEvent, seen: AlertEvent) -> AlertEvent:
    """The event in the RMM's own words. What happened stays what the webhook told: its kind, its id, and the text that
    was sent; also its place, for the API names an alert's organization less well.

    The time is the RMM's where it is of the same thing: the API's answer about a firing that is over by now is about
    its end.
    """
    return replace(
        event,
        identity=seen.identity,
        severity=seen.severity,
        message=seen.message,
        activity_type=seen.activity_type or event.activity_type,
        alert_class=seen.alert_class or event.alert_class,
        source_type=seen.source_type or event.source_type,
        external_device_id=seen.external_device_id or event.external_device_id,
        device_name=event.device_name or seen.device_name,
        organization_id=event.organization_id or seen.organization_id,
        organization_name=event.organization_name or seen.organization_name,
        facts={**seen.facts, **event.facts},
        occurred_at=seen.occurred_at if seen.kind is event.kind else event.occurred_at,
        is_partial=False,
    )


def as_it_is(event: AlertEvent) -> AlertEvent:
    """The event without the RMM's words."""
    return replace(event, is_partial=False)
