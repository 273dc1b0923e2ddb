"""The decision: what one alert event changes, given what is known (alerts.md is the rule book).

Pure: no I/O, no clock, no randomness. The same event, state, context and time give the same decision.
"""

from dataclasses import replace
from datetime import datetime

from tandem.alerts import order
from tandem.alerts.decision import Context, Decision, State
from tandem.alerts.draft import Draft
from tandem.alerts.folding import fold
from tandem.alerts.limits import cut_bytes
from tandem.alerts.models import Alert, AlertEvent, AlertStatus, Condition, Kind, Outcome, condition_id_of
from tandem.alerts.ticketing import append_occurrence, decide_ticket, raise_severity, settle
from tandem.alerts.wording import acknowledged_comment, reset_comment

LISTED_MESSAGE_BYTES = 512
"""How much of a message the alert record holds; the whole one is kept with the raw text."""


def decide(event: AlertEvent, state: State, context: Context, now: datetime) -> Decision:
    """The whole change that the event makes.

    `state.condition` must be the stored alert's condition where there is an alert, else the event's own; `state.ticket`
    the ticket that this condition has open.
    """
    if event.decide_again:
        return _decide_again(event, state, context, now)
    before = order.moments_of(state.alert)
    after = before.with_event(event.kind, event.occurred_at)
    match event.kind:
        case Kind.TRIGGERED:
            return _triggered(event, state, context, now, before, after)
        case Kind.RESET:
            return _reset(event, state, now, before, after)
        case Kind.ACKNOWLEDGED:
            return _acknowledged(event, state, now, before, after)


def is_stale(event: AlertEvent, alert: Alert | None) -> bool:
    """The event changes nothing on the alert as stored, nor on any later state of it: a redelivery, or too late."""
    if event.decide_again:
        return False
    before = order.moments_of(alert)
    return before.with_event(event.kind, event.occurred_at) == before and not _is_worse(event, alert, before)


def _is_worse(event: AlertEvent, alert: Alert | None, before: order.Moments) -> bool:
    """A firing of the present live episode that is more severe than the alert is known to be."""
    return (
        event.kind is Kind.TRIGGERED
        and alert is not None
        and alert.is_live
        and event.severity.rank > alert.severity.rank
        and (before.reset is None or event.occurred_at > before.reset)
    )


def _triggered(
    event: AlertEvent, state: State, context: Context, now: datetime, before: order.Moments, after: order.Moments
) -> Decision:
    known = state.alert
    later = after != before
    worse = _is_worse(event, known, before)
    if not later and not worse:
        return Decision(
            Outcome.IGNORED, "redelivered or stale: the alert already knows of a firing as late as this one"
        )

    draft = _draft(event, state, now, after)
    if not after.fires:
        settle(draft, context)
        draft.alert = replace(draft.alert, resolved_at=after.reset)
        return draft.decided(Outcome.RESOLVED, "its reset had arrived before it")
    ticket_id = draft.alert.ticket_id
    if known is not None and known.is_live and ticket_id is not None and ticket_id == draft.condition.open_ticket_id:
        if worse:
            return raise_severity(draft, known, ticket_id, later)
        return append_occurrence(draft, known, ticket_id)
    return decide_ticket(draft, context)


def _decide_again(event: AlertEvent, state: State, context: Context, now: datetime) -> Decision:
    known = state.alert
    if known is None or not known.is_live or not known.needs_mapping:
        return Decision(Outcome.IGNORED, "nothing waits to be decided again")
    draft = Draft(event, state, now, known, _condition(event, state))
    return decide_ticket(draft, context)


def _reset(event: AlertEvent, state: State, now: datetime, before: order.Moments, after: order.Moments) -> Decision:
    known = state.alert
    if after == before:
        return Decision(
            Outcome.IGNORED, "redelivered or stale: the alert already knows something as late as this reset"
        )
    if known is None or known.triggered_at is None:
        draft = _tombstone(event, state, now, after)
        return draft.untraced(Outcome.IGNORED, "reset before its trigger: remembered for when the trigger arrives")
    draft = Draft(event, state, now, _with_moments(known, after), _condition(event, state))
    if not before.fires:
        return draft.untraced(Outcome.IGNORED, "already resolved")

    draft.alert = replace(draft.alert, resolved_at=event.occurred_at, needs_mapping=False)
    if known.ticket_id is None:
        return draft.decided(Outcome.RESOLVED, "reset by the RMM")
    if draft.condition.open_ticket_id == known.ticket_id:
        draft.condition = replace(draft.condition, live_count=max(0, draft.condition.live_count - 1))
    folding = fold(draft.condition.resets, known.ticket_id, draft.next_comment_id(), event.occurred_at, now)
    draft.condition = replace(draft.condition, resets=folding)
    draft.folded_comment(known.ticket_id, reset_comment(event, known, folding), folding.comment_id, folding.comment_at)
    return draft.decided(Outcome.RESOLVED, "reset by the RMM", ticket_id=known.ticket_id)


def _acknowledged(
    event: AlertEvent, state: State, now: datetime, before: order.Moments, after: order.Moments
) -> Decision:
    known = state.alert
    if after == before:
        return Decision(Outcome.IGNORED, "redelivered or stale: something as late as this acknowledge is known already")
    if known is None or known.triggered_at is None:
        draft = _tombstone(event, state, now, after)
        return draft.untraced(Outcome.IGNORED, "acknowledge before its trigger: remembered until the trigger arrives")
    draft = Draft(event, state, now, _with_moments(known, after), _condition(event, state))
    if not before.fires or before.is_acknowledged:
        return draft.untraced(Outcome.IGNORED, "acknowledged while it was not active")
    draft.alert = replace(draft.alert, acknowledged_at=event.occurred_at)
    if known.ticket_id is not None:
        draft.comment(known.ticket_id, acknowledged_comment(event, draft.alert.acknowledged_by))
    return draft.decided(Outcome.ACKNOWLEDGED, "acknowledged in the RMM", ticket_id=known.ticket_id)


def _draft(event: AlertEvent, state: State, now: datetime, after: order.Moments) -> Draft:
    """The draft of a firing: the alert as the event tells it."""
    known = state.alert
    condition = _condition(event, state)
    again = known is not None and known.triggered_at is not None
    live = known is not None and known.is_live
    seen = known if again else None
    alert = Alert(
        alert_id=known.alert_id if known else event.alert_id,
        integration_id=event.integration_id,
        provider=event.provider,
        external_alert_id=event.external_alert_id,
        condition_id=condition.condition_id,
        identity=condition.identity,
        status=after.status,
        severity=max(known.severity, event.severity, key=lambda severity: severity.rank)
        if known and live
        else event.severity,
        message=cut_bytes(event.message, LISTED_MESSAGE_BYTES),
        first_seen_at=seen.first_seen_at if seen else now,
        external_device_id=event.external_device_id or (seen.external_device_id if seen else None),
        device_name=event.device_name or (seen.device_name if seen else None),
        organization_id=event.organization_id or (seen.organization_id if seen else None),
        organization_name=event.organization_name or (seen.organization_name if seen else None),
        asset_id=seen.asset_id if seen else None,
        client_id=seen.client_id if seen else None,
        activity_type=event.activity_type,
        alert_class=event.alert_class,
        source_type=event.source_type,
        triggered_at=known.triggered_at if known and live else event.occurred_at,
        last_triggered_at=after.triggered,
        last_reset_at=after.reset,
        last_acknowledged_at=after.acknowledged,
        last_occurrence_at=max(event.occurred_at, seen.last_occurrence_at or event.occurred_at)
        if seen
        else event.occurred_at,
        acknowledged_at=after.acknowledged if after.is_acknowledged else None,
        acknowledged_by=known.acknowledged_by if known and after.is_acknowledged else None,
        occurrence_count=(seen.occurrence_count if seen else 0)
        + (0 if seen and after == order.moments_of(known) else 1),
        ticket_id=known.ticket_id if known and live else None,
        rule=known.rule if known and live else None,
        needs_mapping=known.needs_mapping if known and live else False,
        version=known.version if known else 0,
    )
    return Draft(event, state, now, alert, condition)


def _tombstone(event: AlertEvent, state: State, now: datetime, after: order.Moments) -> Draft:
    known = state.alert
    alert = known or Alert(
        alert_id=event.alert_id,
        integration_id=event.integration_id,
        provider=event.provider,
        external_alert_id=event.external_alert_id,
        condition_id=event.condition_id,
        identity=event.identity,
        status=AlertStatus.TOMBSTONE,
        severity=event.severity,
        message="",
        first_seen_at=now,
    )
    return Draft(event, state, now, _with_moments(alert, after), _condition(event, state))


def _with_moments(alert: Alert, moments: order.Moments) -> Alert:
    """The alert at these times; a status that says more than the times (auto-resolved) stays until they change it."""
    still_resolved = not alert.is_live and not moments.fires and alert.status is not AlertStatus.TOMBSTONE
    return replace(
        alert,
        status=alert.status if still_resolved else moments.status,
        last_triggered_at=moments.triggered,
        last_reset_at=moments.reset,
        last_acknowledged_at=moments.acknowledged,
    )


def _condition(event: AlertEvent, state: State) -> Condition:
    """The condition as stored, or a new one: the stored alert's, where there is an alert."""
    if state.condition is not None:
        return state.condition
    alert = state.alert
    if alert is not None and alert.triggered_at is not None:
        device, organization, identity = alert.external_device_id, alert.organization_id, alert.identity
        return Condition(alert.condition_id, event.integration_id, device, organization, identity)
    device, organization, identity = event.external_device_id, event.organization_id, event.identity
    condition_id = condition_id_of(event.integration_id, device, organization, identity)
    return Condition(condition_id, event.integration_id, device, organization, identity)
