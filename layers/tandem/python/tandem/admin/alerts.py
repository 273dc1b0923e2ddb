"""Routes of alerts: reading them, and why they became a ticket or none."""

import gzip
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import after_of, cursor_of
from tandem.admin.problems import not_found
from tandem.admin.rules import rule_answer
from tandem.admin.schemas.alerts import (
    AlertAnswer,
    AlertDeviceAnswer,
    AlertOrganizationAnswer,
    AlertsQuery,
    DecisionAnswer,
    MatchedRuleAnswer,
    OutboundResetAnswer,
    WholeAlertAnswer,
)
from tandem.admin.schemas.base import NoBody, NoQuery, Page
from tandem.alerts.models import LIVE_STATUSES, Alert, AlertStatus, Rule, RuleReference, Trace
from tandem.alerts.outbound import OutboundReset
from tandem.store.configuration.records import Role
from tandem.store.listing import Found, Partition, alerts_of_device, all_alerts, live_alerts
from tandem.store.lookups import link_place

LARGEST_RAW = 4 * 1024 * 1024
"""Bytes of the sender's text that are shown: what was stored small may unpack to a lot."""

RevisionKey = tuple[str, str, int]


def list_alerts(call: Call[NoBody, AlertsQuery]) -> Answer:
    """One page of alerts, newest first."""
    return Answer(alerts_page(call, _found(call)))


def get_alert(call: Call[NoBody, NoQuery]) -> Answer:
    """One alert, with its trace and the sender's text."""
    alert_id = call.params["alert_id"]
    whole = call.services.lookups.whole_alert(alert_id, call.now)
    if whole is None:
        raise not_found("alert", alert_id)
    wishes = call.services.outbound.several([alert_id])
    shown = alert_answer(whole.alert, _revisions(call, [whole.alert]), wishes).model_dump()
    shown["message"] = whole.message
    shown |= {"decisions": _decisions(whole.trace), "raw": _text_of(whole.raw)}
    return Answer(WholeAlertAnswer.model_validate(shown))


def alerts_page(call: Call[Any, Any], found: Found[Alert], list_name: str = "alerts") -> Page[AlertAnswer]:
    """The page of alerts that was found."""
    revisions = _revisions(call, found.records)
    wishes = call.services.outbound.several(alert.alert_id for alert in found.records)
    items = [alert_answer(alert, revisions, wishes) for alert in found.records]
    return Page[AlertAnswer](items=items, next_cursor=cursor_of(call, list_name, found.after))


def linked_alerts(call: Call[Any, Any], ticket_id: str, after: str | None, limit: int) -> Found[Alert]:
    """Alerts of a ticket, in the order of their ids."""
    linked = call.services.lookups.linked_alert_ids(ticket_id, after, limit + 1)
    shown = linked[:limit]
    alerts = call.services.lookups.alerts(shown, call.now)
    more = link_place(ticket_id, shown[-1]) if len(linked) > limit else None
    return Found([alerts[each] for each in shown if each in alerts], more)


def alert_answer(
    alert: Alert, revisions: Mapping[RevisionKey, Rule], wishes: Mapping[str, OutboundReset]
) -> AlertAnswer:
    """The alert as lists show it. `wishes`: that its RMM resets it, by the alert's id."""
    return AlertAnswer.model_validate(
        {
            "id": alert.alert_id,
            "integration_id": alert.integration_id,
            "provider": alert.provider.value,
            "external_id": alert.external_alert_id,
            "status": alert.status.value,
            "severity": alert.severity.value,
            "identity": alert.identity,
            "condition_id": alert.condition_id,
            "message": alert.message,
            "activity_type": alert.activity_type,
            "alert_class": alert.alert_class,
            "source_type": alert.source_type,
            "device": _device(alert),
            "organization": _organization(alert),
            "client_id": alert.client_id,
            "needs_mapping": alert.needs_mapping,
            "ticket_id": alert.ticket_id,
            "occurrence_count": alert.occurrence_count,
            "first_seen_at": alert.first_seen_at,
            "triggered_at": alert.triggered_at,
            "last_occurrence_at": alert.last_occurrence_at,
            "acknowledged_at": alert.acknowledged_at,
            "acknowledged_by": alert.acknowledged_by,
            "resolved_at": alert.resolved_at,
            "suppressed_by_window_id": alert.suppressed_by_window_id,
            "suppressed_until": alert.suppressed_until,
            "matched_rule": _matched_rule(alert, revisions),
            "outbound_reset": _outbound_reset(wishes.get(alert.alert_id)),
        }
    )


def _found(call: Call[NoBody, AlertsQuery]) -> Found[Alert]:
    query, limit = call.query, call.query.limit
    after = after_of(call, "alerts")
    if query.ticket_id is not None:
        found = linked_alerts(call, query.ticket_id, after, limit)
        return Found([alert for alert in found.records if _fits(query, alert)], found.after)
    partitions = _partitions(call)
    return call.services.listing.alerts(partitions, lambda alert: _fits(query, alert), after, limit, call.now)


def _partitions(call: Call[NoBody, AlertsQuery]) -> list[Partition]:
    """The narrowest index that the filters allow."""
    query = call.query
    if query.device_id is None and not (query.status and AlertStatus(query.status) in LIVE_STATUSES):
        return all_alerts()
    one = query.integration_id
    integration_ids = [one] if one is not None else [each.integration_id for each in call.services.integrations.all()]
    if query.device_id is not None:
        return alerts_of_device(integration_ids, query.device_id)
    return live_alerts(integration_ids)


def _fits(query: AlertsQuery, alert: Alert) -> bool:
    return (
        (query.integration_id is None or alert.integration_id == query.integration_id)
        and (query.status is None or alert.status.value == query.status)
        and (query.device_id is None or alert.external_device_id == query.device_id)
        and (query.client_id is None or alert.client_id == query.client_id)
    )


def _revisions(call: Call[Any, Any], alerts: Iterable[Alert]) -> dict[RevisionKey, Rule]:
    """The rules of these alerts as they were when they matched; each is read once."""
    wanted = {_revision_key(alert, alert.rule) for alert in alerts if alert.rule is not None}
    return call.services.rules.revisions(wanted)


def _revision_key(alert: Alert, rule: RuleReference) -> RevisionKey:
    return alert.integration_id, rule.rule_id, rule.revision


def _matched_rule(alert: Alert, revisions: Mapping[RevisionKey, Rule]) -> MatchedRuleAnswer | None:
    reference = alert.rule
    if reference is None:
        return None
    rule = revisions.get(_revision_key(alert, reference))
    shown = rule_answer(rule) if rule is not None else None
    return MatchedRuleAnswer(
        id=reference.rule_id,
        revision=reference.revision,
        name=reference.name,
        description=shown.description if shown else None,
        order=shown.order if shown else None,
        conditions=shown.conditions if shown else None,
        actions=shown.actions if shown else None,
    )


def _device(alert: Alert) -> AlertDeviceAnswer | None:
    if alert.external_device_id is None:
        return None
    return AlertDeviceAnswer(external_id=alert.external_device_id, name=alert.device_name, asset_id=alert.asset_id)


def _organization(alert: Alert) -> AlertOrganizationAnswer | None:
    if alert.organization_id is None:
        return None
    return AlertOrganizationAnswer(external_id=alert.organization_id, name=alert.organization_name)


def _outbound_reset(wish: OutboundReset | None) -> OutboundResetAnswer | None:
    if wish is None:
        return None
    return OutboundResetAnswer(
        state=wish.state.value,
        attempts=wish.attempts,
        last_error=wish.last_error,
        asked_at=wish.asked_at,
        done_at=wish.done_at,
    )


def _decisions(trace: Trace) -> list[DecisionAnswer]:
    return [
        DecisionAnswer(
            at=entry.at,
            outcome=entry.outcome.value,
            reason=entry.reason,
            event_id=entry.event_id,
            rule_id=entry.rule_id,
            window_id=entry.window_id,
            ticket_id=entry.ticket_id,
            count=entry.count,
            last_at=entry.last_at,
        )
        for entry in trace.entries
    ]


def _text_of(raw: bytes | None) -> str | None:
    """The sender's text, as far as it can be shown."""
    if raw is None:
        return None
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        text = unpacker.decompress(raw, LARGEST_RAW)
    except (zlib.error, gzip.BadGzipFile):
        return None
    return text.decode(errors="replace")


ROUTES: Routes = (
    Route(
        "GET",
        "/alerts",
        "List alerts",
        Role.VIEWER,
        list_alerts,
        Page[AlertAnswer],
        "Alerts",
        query=AlertsQuery,
        description="Newest first; those of a ticket in the order of their ids.",
    ),
    Route(
        "GET",
        "/alerts/{alert_id}",
        "Read an alert and why it became what it did",
        Role.VIEWER,
        get_alert,
        WholeAlertAnswer,
        "Alerts",
    ),
)
