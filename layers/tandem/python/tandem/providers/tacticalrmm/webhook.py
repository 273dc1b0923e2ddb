"""Tactical RMM's webhook: a body that a person wrote as a template, rendered without any escaping.

Sources: tactical-live.md and vendors.md 2.5. Every value is a string and "None" is null; a `"` in a value makes the
server send the whole body as one JSON string with broken JSON in it (salvage.py).
"""

from dataclasses import replace
from typing import Any

from tandem.alerts.models import AlertEvent, Kind, Provider
from tandem.providers.event import Reading, alert_event, require_known
from tandem.providers.event_words import kind_of_word
from tandem.providers.fields import Fields, labelled
from tandem.providers.json_body import BODY, as_object, loads
from tandem.providers.moments import moment
from tandem.providers.port import BadWebhook, Delivery, Ignored, IgnoredReason
from tandem.providers.tacticalrmm.dashboard_test import is_dashboard_test
from tandem.providers.tacticalrmm.identity import SEVERITIES, alert_type, external_alert_id, identity, severity
from tandem.providers.tacticalrmm.salvage import salvaged_members

_NULL = "None"
_TRUE = "true"
_JSON_IN_JSON = 3
"""How often a body may be wrapped as a JSON string; the server does it once."""


def normalize(delivery: Delivery) -> AlertEvent | Ignored:
    """The alert event of a body, salvaged where it is broken: partial then, as it is where the template leaves out what
    rules match on.

    Raises BadWebhook where not even what identifies an alert can be found.
    """
    members, is_whole = _members(delivery.text)
    if is_dashboard_test(members):
        return Ignored(IgnoredReason.TEST)
    body = Fields(members, _is_null)
    kind = _kind(body)
    if isinstance(kind, Ignored):
        return kind
    event = alert_event(delivery, Provider.TACTICALRMM, reading(body, kind))
    is_partial = not is_whole or (kind is Kind.TRIGGERED and _lacks_what_rules_match_on(body))
    # Without an id the server cannot be asked about it.
    return replace(event, is_partial=is_partial and event.external_alert_id is not None)


def _lacks_what_rules_match_on(body: Fields) -> bool:
    known_severity = (body.text("severity") or "").lower() in SEVERITIES
    return not known_severity or body.text("message", "check_output") is None or alert_type(body) is None


def _members(text: str) -> tuple[dict[str, Any], bool]:
    """The members, and whether the body was whole JSON."""
    if not text.strip():
        raise BadWebhook(BODY, "a JSON object; it is empty")
    value: Any = text
    for _ in range(_JSON_IN_JSON):
        try:
            inner = loads(value)
        except ValueError:
            return salvaged_members(value), False
        if not isinstance(inner, str):
            return as_object(inner), True
        value = inner
    return salvaged_members(value), False


def _is_null(text: str) -> bool:
    # A placeholder that the server did not fill is one it does not know: a slip in the template, and no value.
    return text in ("", _NULL) or (text.startswith("{{") and text.endswith("}}"))


def _kind(body: Fields) -> Kind | Ignored:
    word = body.text("event", "event_type", "action")
    if word is not None:
        return kind_of_word(word)
    # A template without the word: only a resolve has these.
    is_resolved = (body.text("resolved") or "").lower() == _TRUE or moment(body.text("resolved_on")) is not None
    return Kind.RESET if is_resolved else Kind.TRIGGERED


def reading(body: Fields, kind: Kind) -> Reading:
    """What a webhook says, or an alert of the API under a webhook's names. Raises BadWebhook."""
    alert_id, known_as = external_alert_id(body), identity(body)
    agent_id = body.identifier("agent_id")
    organization_id = body.identifier("client_id")
    require_known(alert_id, "alert_id", agent_id or organization_id, "agent_id")
    if known_as is None:
        raise BadWebhook("alert_id", "the alert's id; without it, check_id, task_id or alert_type availability")
    hostname = body.name("hostname", "agent_hostname")
    kind_of_alert = alert_type(body)
    # Of a resolve `alert_time` is the time of the trigger, so without `resolved_on` it has no time of its own.
    stated_at = moment(body.text("resolved_on" if kind is Kind.RESET else "alert_time"))
    return Reading(
        kind=kind,
        identity=known_as,
        severity=severity(body),
        message=body.text("message", "check_output")
        or f"{hostname or 'An agent'}: {kind_of_alert or 'alert'} {kind.value}",
        stated_at=stated_at,
        # Without a time, alert id and event word are the only key; an alert id never fires twice.
        provider_event_id=alert_id if stated_at is None else None,
        external_alert_id=alert_id,
        external_device_id=agent_id,
        organization_id=organization_id,
        organization_name=body.name("client_name", "client"),
        device_name=hostname,
        activity_type=kind_of_alert,
        alert_class=kind_of_alert,
        facts=labelled(
            {
                "Site": body.name("site_name", "site"),
                "Operating system": body.name("operating_system"),
                "Asset tag": body.name("asset_tag"),
            }
        ),
    )
