"""Level's two webhooks: the native one, signed, and the HTTP action of an automation with a template of our own.

Native (vendors.md 3): `{event_type, event_id, occurred_at, data: {...}}`. Template: `{event, alert_id, device_id,
hostname, name, severity, description, group_id, group_name, started_at, resolved_at}`, of which any may be missing.
"""

from datetime import datetime
from typing import Any

from tandem.alerts.models import AlertEvent, Kind, Provider
from tandem.assets.news import News
from tandem.providers.event import Reading, alert_event, require_known
from tandem.providers.event_words import kind_of_word
from tandem.providers.fields import Fields, labelled
from tandem.providers.json_body import parse_object
from tandem.providers.levelio.identity import external_alert_id, identity, is_null, of_api, severity
from tandem.providers.moments import moment
from tandem.providers.port import BadWebhook, Delivery, DeviceNews, Ignored

_NATIVE_KINDS = {"alert_active": Kind.TRIGGERED, "alert_resolved": Kind.RESET}
_NEWS = {
    **dict.fromkeys(("device_created", "device_updated"), News.CHANGED),
    "device_deleted": News.DELETED,
    **dict.fromkeys(("group_created", "group_updated", "group_deleted"), News.ORGANIZATIONS),
}
_ABOUT_DEVICES = ("device_", "group_")
_SHORT_PAYLOAD_CHARACTERS = 120


def normalize(delivery: Delivery) -> AlertEvent | DeviceNews | Ignored:
    """The alert event of either body, or what it tells of a device or of the groups. "Send all" brings, one day, new
    types: ignored.

    Raises BadWebhook for a body that is neither, or does not say which alert it is about.
    """
    members = parse_object(delivery.text)
    body = Fields(members, is_null)
    native = body.text("event_type")
    resource = members.get("data")
    if native is not None and isinstance(resource, dict):
        return _native(delivery, body, native, resource)
    word = body.text("event", "event_type")
    if word is None:
        raise BadWebhook("event_type", "alert_active or alert_resolved, or `event` in an automation's body")
    kind = kind_of_word(word)
    if isinstance(kind, Ignored):
        return kind
    read = reading(body, kind, "alert_id", body.members.get("occurred_at"), body.identifier("event_id"))
    return alert_event(delivery, Provider.LEVELIO, read)


def _native(
    delivery: Delivery, body: Fields, event_type: str, resource: dict[str, Any]
) -> AlertEvent | DeviceNews | Ignored:
    word = event_type.lower()
    kind, news = _NATIVE_KINDS.get(word), _NEWS.get(word)
    if news is not None:
        device_id = Fields(resource, is_null).identifier("id")
        if device_id is None and news is not News.ORGANIZATIONS:
            raise BadWebhook("data.id", "the device's id")
        return DeviceNews.of(delivery, news, event_type, device_id, body.identifier("event_id"))
    if kind is None:
        is_about_devices = word.startswith(_ABOUT_DEVICES)
        return Ignored.device_event(event_type) if is_about_devices else Ignored.unknown(event_type)
    read = reading(of_api(resource), kind, "data.id", body.members.get("occurred_at"), body.identifier("event_id"))
    return alert_event(delivery, Provider.LEVELIO, read)


def reading(alert: Fields, kind: Kind, id_field: str, occurred: Any, event_id: str | None) -> Reading:
    """What an alert says, whichever way it came (the API's too). `occurred`, `event_id`: of the delivery. Raises
    BadWebhook."""
    alert_id, known_as = external_alert_id(alert), identity(alert)
    device_id, group_id = alert.identifier("device_id"), alert.identifier("group_id")
    require_known(alert_id, id_field, device_id or group_id, "device_id or group_id")
    if known_as is None:
        raise BadWebhook(id_field, "the alert's id; without it, its name")
    own_time = alert.members.get("resolved_at" if kind is Kind.RESET else "started_at")
    stated_at = _in_whole_seconds(moment(own_time)) or moment(occurred)
    return Reading(
        kind=kind,
        identity=known_as,
        severity=severity(alert),
        message=_message(alert) or f"Level alert {kind.value}",
        stated_at=stated_at,
        # Without either, alert id and event word are the only key, and the id of an event is made of both: it must not
        # be the time of receipt, or a second attempt of one delivery would count as another firing.
        provider_event_id=event_id or (alert_id if stated_at is None else None),
        external_alert_id=alert_id,
        external_device_id=device_id,
        organization_id=group_id,
        organization_name=alert.name("group_name"),
        device_name=alert.name("device_hostname", "hostname", "device_nickname"),
        alert_class=alert.name("name", "alert_name"),
        facts=labelled({"Operating system": alert.name("operating_system"), "Site": alert.name("site")}),
    )


def _in_whole_seconds(at: datetime | None) -> datetime | None:
    """The API and the automation form write an alert's times in seconds, native webhooks in milliseconds: the same
    firing must be known as the same, whichever way it comes and in whatever order."""
    return at.replace(microsecond=0) if at is not None else None


def _message(alert: Fields) -> str | None:
    """Name, description and measured value: `Low disk space: Free space is below threshold (4.3% remaining)`."""
    name, description, payload = alert.text("name", "alert_name"), alert.text("description"), alert.text("payload")
    parts = [part for part in (name, description) if part is not None]
    message = ": ".join(dict.fromkeys(parts))
    if payload is None or payload in message:
        return message or None
    is_short = len(payload) <= _SHORT_PAYLOAD_CHARACTERS and "\n" not in payload
    return (f"{message} ({payload})" if is_short else f"{message}\n{payload}") if message else payload
