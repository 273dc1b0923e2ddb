"""NinjaOne's webhook: one activity, as observed (payloads, 2025-03) and as the OpenAPI's Activity describes it."""

from tandem.alerts.limits import cut_name
from tandem.alerts.models import AlertEvent, Kind, Provider
from tandem.providers.event import Reading, alert_event, require_known
from tandem.providers.fields import Fields, labelled
from tandem.providers.json_body import parse_object
from tandem.providers.moments import moment
from tandem.providers.ninjaone.identity import alert_class, external_alert_id, identity, severity
from tandem.providers.ninjaone.news import news_of
from tandem.providers.port import BadWebhook, Delivery, DeviceNews, Ignored

_KINDS = {
    "TRIGGERED": Kind.TRIGGERED,
    "RESET": Kind.RESET,
    "ACKNOWLEDGED": Kind.ACKNOWLEDGED,
}
_PSA_RESET = "RESET_BY_PSA_TICKET_CALLBACK"
"""A PSA closed its ticket and NinjaOne reset the alert: a reset like any other, if it says which alert (an activity of
type PSA may carry no series, and what it then means is not known)."""
# Not resets: DISABLED and EVALUATION_FAILURE. Nobody watches the condition any more, but nobody saw it get well either.

_CONDITION = "CONDITION"


def normalize(delivery: Delivery) -> AlertEvent | DeviceNews | Ignored:
    """The alert event of an activity, or what it tells of a device. `statusCode` decides (`status` is localized); other
    activities are ignored.

    Raises BadWebhook for what is no activity, or for one of a condition that does not say which alert it is about.
    """
    activity = Fields(parse_object(delivery.text))
    code = _status_code(activity)
    kind = _KINDS.get(code)
    if code == _PSA_RESET and external_alert_id(activity) is not None:
        kind = Kind.RESET
    if kind is None:
        return _no_alert(delivery, activity, code)
    return alert_event(delivery, Provider.NINJAONE, reading(activity, kind))


def _status_code(activity: Fields) -> str:
    code = (activity.text("statusCode") or "").upper()
    if code:
        return code
    status = (activity.text("status") or "").upper()
    if status in _KINDS:
        return status
    raise BadWebhook("statusCode", "the status code of a NinjaOne activity, such as TRIGGERED or RESET")


def _no_alert(delivery: Delivery, activity: Fields, code: str) -> DeviceNews | Ignored:
    if (activity.text("activityType") or "").upper() == _CONDITION:
        return Ignored.unknown(code)
    device_id = _device_id(activity)
    news = news_of(code, device_id is not None)
    if news is not None:
        return DeviceNews.of(delivery, news, code, device_id, activity.identifier("id"))
    return Ignored.device_event(code) if device_id is not None else Ignored.unknown(code)


def reading(activity: Fields, kind: Kind) -> Reading:
    """What an activity says, or an alert of the API under an activity's names. Raises BadWebhook."""
    alert_id, known_as = external_alert_id(activity), identity(activity)
    device = activity.nested("device")
    references = device.nested("references")
    organization = references.nested("organization")
    # The webhook's `expand` may also put the organization beside the device.
    expanded = activity.nested("organization")
    device_id = _device_id(activity)
    organization_id = (
        device.identifier("organizationId")
        or organization.identifier("id")
        or expanded.identifier("id")
        or activity.identifier("organizationId")
    )
    require_known(alert_id, "seriesUid", device_id or organization_id, "deviceId or device.organizationId")
    if known_as is None:
        raise BadWebhook("seriesUid", "the alert's id; without it, sourceConfigUid or sourceName")
    return Reading(
        kind=kind,
        identity=known_as,
        severity=severity(activity),
        message=activity.text("message", "subject", "sourceName") or f"NinjaOne condition {kind.value}",
        stated_at=moment(activity.members.get("activityTime")),
        provider_event_id=activity.identifier("id"),
        external_alert_id=alert_id,
        external_device_id=device_id,
        organization_id=organization_id,
        organization_name=organization.name("name") or expanded.name("name"),
        device_name=device.name("displayName", "systemName", "dnsName"),
        activity_type=activity.name("activityType"),
        alert_class=alert_class(activity),
        source_type=activity.name("sourceType"),
        acted_by=_user(activity) if kind is Kind.ACKNOWLEDGED else None,
        facts=labelled(
            {
                "Location": references.nested("location").name("name") or activity.nested("location").name("name"),
                "System name": device.name("systemName"),
                "DNS name": device.name("dnsName"),
                "Device class": device.name("nodeClass"),
            }
        ),
    )


def _user(activity: Fields) -> str | None:
    """Who acted: an activity has a user's number and no name (openapi, Activity.userId). Called NinjaOne's, for Tandem
    has users of its own."""
    user_id = activity.text("userId")
    return None if user_id in (None, "0") else cut_name(f"NinjaOne user {user_id}")


def _device_id(activity: Fields) -> str | None:
    return activity.identifier("deviceId") or activity.nested("device").identifier("id")
