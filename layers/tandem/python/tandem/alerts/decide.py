"""The decision: what one alert event changes, given what is known (alerts.md is the rule book).

Pure: no I/O, no clock, no randomness. The same event, state, context and time give the same decision.
"""

from dataclasses import replace
from datetime import datetime

from tandem.alerts import order
from tandem.alerts.arriving import give_ticket_the_asset, note_asset
from tandem.alerts.closing import close_if_done
from tandem.alerts.decision import Context, Decision, State
from tandem.alerts.draft import Draft
from tandem.alerts.folding import fold
from tandem.alerts.holding import hold_or_decide
from tandem.alerts.limits import cut_bytes
from tandem.alerts.models import Alert, AlertEvent, AlertStatus, Condition, Kind, Origin, Outcome, condition_id_of
from tandem.alerts.outbound import wish_of_person
from tandem.alerts.placing import learn
from tandem.alerts.ticketing import append_occurrence, note_severity, raise_severity, settle
from tandem.alerts.wording import acknowledged_comment, reset_comment, resolved_comment

LISTED_MESSAGE_BYTES = 256
"""How much of a message the alert record holds, which is billed by the kilobyte at each event."""

_CAUSE_OF_RESET = {Origin.PERSON: "resolved by a person", Origin.OUTBOUND: "reset in the RMM by Tandem"}
_IN_TANDEM_ALONE = "resolved in Tandem alone: its ticket was closed, and its RMM could not be told"

_REDELIVERED = "redelivered or stale: the alert already knows something as late as this"


def decide(event: AlertEvent, state: State, context: Context, now: datetime) -> Decision:
    """The whole change that the event makes.

    `state.condition` must be the stored alert's condition where there is an alert, else the event's own; `state.ticket`
    the ticket that this condition has open.
    """
    if state.alert is not None and waits_for_this(event, state.alert):
        return _decide_again(event, state, state.alert, context, now)
    if event.decide_again or is_stale(event, state.alert):
        return Decision(Outcome.IGNORED, "nothing waits to be decided again" if event.decide_again else _REDELIVERED)
    before = order.moments_of(state.alert)
    after = before.with_event(event.kind, event.occurred_at)
    match event.kind:
        case Kind.TRIGGERED:
            return _triggered(event, state, context, now, before, after)
        case Kind.RESET:
            return _reset(event, state, context, now, before, after)
        case Kind.ACKNOWLEDGED:
            return _acknowledged(event, state, now, before, after)


def waits_for_this(event: AlertEvent, alert: Alert) -> bool:
    """The event asks for a new decision about an alert that may get one.

    an alert that waits for a mapping, or that a window holds    any cause, and a firing that comes again
    one that is only recorded                                    a person who applies a rule
    any live one                                                 its device's asset, which it is to know
    """
    if not alert.is_live:
        return False
    if _waits(alert):
        return event.decide_again or (event.kind is Kind.TRIGGERED and is_stale(event, alert))
    if event.asset_arrived:
        return event.decide_again
    return event.decide_again and event.origin is Origin.PERSON and alert.ticket_id is None


def is_stale(event: AlertEvent, alert: Alert | None) -> bool:
    """The event changes nothing on the alert as stored, nor on any later state of it: a redelivery, or too late."""
    if event.decide_again:
        return False
    before = order.moments_of(alert)
    is_redelivered = alert is not None and alert.last_event_id == event.event_id
    matters = before.with_event(event.kind, event.occurred_at) != before and not is_redelivered
    return not matters and not _is_worse(event, alert, before)


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
    known, condition = state.alert, _condition(event, state)
    draft = Draft(event, state, now, _fired(event, known, condition, after, now), condition)
    where = settle(draft, context)
    if not after.fires:
        draft.alert = replace(draft.alert, resolved_at=after.reset)
        return draft.decided(Outcome.RESOLVED, "its reset had arrived before it")
    if known is None or not known.is_live:
        return hold_or_decide(draft, context, where)
    ticket_id, worse, later = known.ticket_id, _is_worse(event, known, before), after != before
    if ticket_id is not None and ticket_id == draft.condition.open_ticket_id:
        if known.asset_id is None and where.asset_id is not None:
            give_ticket_the_asset(draft, where)
        if worse:
            return raise_severity(draft, known, ticket_id, later)
        return append_occurrence(draft, known, ticket_id)
    if ticket_id is not None and before.triggered is not None and event.occurred_at < before.triggered:
        return note_severity(draft, known)  # news from before the firing whose ticket a person closed
    return hold_or_decide(draft, context, where)


def _decide_again(event: AlertEvent, state: State, known: Alert, context: Context, now: datetime) -> Decision:
    again = replace(event, decide_again=True)
    draft = Draft(again, state, now, known, _condition(event, state))
    where = settle(draft, context)
    settled = draft.alert
    decision = hold_or_decide(draft, context, where) if _waits(known) or not event.asset_arrived else None
    still = _still(known, decision) if decision is not None else ""
    if decision is not None and not still:
        return decision
    if not event.asset_arrived:
        return Decision(Outcome.IGNORED, still)
    return note_asset(Draft(again, state, now, settled, _condition(event, state)), known, where, still)


def _still(known: Alert, decision: Decision) -> str:
    """What the alert is as before, if the decision comes to the same; else nothing."""
    after = decision.alert or known
    if known.needs_mapping and decision.outcome is Outcome.NEEDS_MAPPING:
        return "still waits for a mapping"
    if decision.outcome is Outcome.SUPPRESSED and (after.suppressed_by_window_id, after.suppressed_until) == (
        known.suppressed_by_window_id,
        known.suppressed_until,
    ):
        return "its maintenance window still holds it"
    if (
        decision.outcome is Outcome.RECORDED_ONLY
        and known.status is not AlertStatus.SUPPRESSED
        and known.rule == after.rule
    ):
        return "still only recorded"
    return ""


def _waits(alert: Alert) -> bool:
    return alert.needs_mapping or alert.status is AlertStatus.SUPPRESSED


def _reset(
    event: AlertEvent, state: State, context: Context, now: datetime, before: order.Moments, after: order.Moments
) -> Decision:
    known = state.alert
    if known is None or known.triggered_at is None:
        draft = _tombstone(event, state, now, after)
        return draft.untraced(Outcome.IGNORED, "reset before its trigger: remembered for when the trigger arrives")
    draft = Draft(event, state, now, _with_moments(known, after), _condition(event, state))
    draft.device = learn(event, draft.device)
    if not before.fires:
        return draft.untraced(Outcome.IGNORED, "already resolved")

    draft.alert = replace(
        draft.alert,
        resolved_at=event.occurred_at,
        needs_mapping=False,
        suppressed_by_window_id=None,
        suppressed_until=None,
    )
    by = _IN_TANDEM_ALONE if event.in_tandem_alone else _CAUSE_OF_RESET.get(event.origin, "reset by the RMM")
    if known.ticket_id is None:
        return _told_the_rmm(draft, draft.decided(Outcome.RESOLVED, by, window_id=known.suppressed_by_window_id))
    if draft.condition.open_ticket_id == known.ticket_id:
        draft.condition = replace(draft.condition, live_count=max(0, draft.condition.live_count - 1))
    if event.origin is Origin.PERSON:
        outcome = close_if_done(draft, context, known)
        draft.comment(known.ticket_id, resolved_comment(event, known, outcome))
    else:
        folding = fold(draft.condition.resets, known.ticket_id, draft.next_comment_id(), event.occurred_at, now)
        draft.condition = replace(draft.condition, resets=folding)
        outcome = close_if_done(draft, context, known)
        body = reset_comment(event, known, folding, outcome)
        draft.folded_comment(known.ticket_id, body, folding.comment_id, folding.comment_at)
    reason = f"{by}; {outcome}" if outcome else by
    return _told_the_rmm(draft, draft.decided(Outcome.RESOLVED, reason, ticket_id=known.ticket_id))


def _told_the_rmm(draft: Draft, decision: Decision) -> Decision:
    """The alert is over; where a person says so, the RMM is to be told."""
    if draft.event.origin is not Origin.PERSON:
        return decision
    return replace(decision, outbound=wish_of_person(draft.alert, draft.event.event_id, draft.now))


def _acknowledged(
    event: AlertEvent, state: State, now: datetime, before: order.Moments, after: order.Moments
) -> Decision:
    known = state.alert
    if known is None or known.triggered_at is None:
        draft = _tombstone(event, state, now, after)
        draft.alert = replace(draft.alert, acknowledged_by=event.acted_by)
        return draft.untraced(Outcome.IGNORED, "acknowledge before its trigger: remembered until the trigger arrives")
    draft = Draft(event, state, now, _with_moments(known, after), _condition(event, state))
    if known.status is AlertStatus.SUPPRESSED:
        draft.alert = replace(draft.alert, acknowledged_at=event.occurred_at, acknowledged_by=event.acted_by)
    if known.status is not AlertStatus.ACTIVE:
        return draft.untraced(Outcome.IGNORED, "acknowledged while it was not active")
    draft.alert = replace(draft.alert, acknowledged_at=event.occurred_at, acknowledged_by=event.acted_by)
    if known.ticket_id is not None:
        draft.comment(known.ticket_id, acknowledged_comment(event))
    where = "by a person" if event.origin is Origin.PERSON else "in the RMM"
    return draft.decided(Outcome.ACKNOWLEDGED, f"acknowledged {where}", ticket_id=known.ticket_id)


def _blank(event: AlertEvent, condition: Condition, now: datetime) -> Alert:
    """An alert of which nothing is known but which one it is."""
    return Alert(
        alert_id=event.alert_id,
        integration_id=event.integration_id,
        provider=event.provider,
        external_alert_id=event.external_alert_id,
        condition_id=condition.condition_id,
        identity=condition.identity,
        status=AlertStatus.TOMBSTONE,
        severity=event.severity,
        message="",
        first_seen_at=now,
    )


def _fired(event: AlertEvent, known: Alert | None, condition: Condition, after: order.Moments, now: datetime) -> Alert:
    """The alert after a firing. A new episode begins when it was not live; the latest firing's words are kept."""
    before = order.moments_of(known)
    alert = _blank(event, condition, now)
    if known is not None:
        # Its condition is the one of its first firing; a tombstone never fired.
        alert = known if known.triggered_at is not None else replace(alert, version=known.version)
    is_live = known is not None and known.is_live
    worst = max(alert.severity, event.severity, key=lambda severity: severity.rank) if is_live else event.severity
    is_latest = before.triggered is None or event.occurred_at >= before.triggered
    if is_latest:
        alert = replace(
            alert,
            message=cut_bytes(event.message, LISTED_MESSAGE_BYTES),
            external_device_id=event.external_device_id or alert.external_device_id,
            device_name=event.device_name or alert.device_name,
            organization_id=event.organization_id or alert.organization_id,
            organization_name=event.organization_name or alert.organization_name,
            activity_type=event.activity_type,
            alert_class=event.alert_class,
            source_type=event.source_type,
        )
    if not is_live:
        alert = replace(
            alert, triggered_at=event.occurred_at, resolved_at=None, ticket_id=None, rule=None, needs_mapping=False
        )
    return replace(
        alert,
        severity=worst,
        status=after.status(alert.suppressed_by_window_id is not None),
        last_triggered_at=after.triggered,
        last_reset_at=after.reset,
        last_acknowledged_at=after.acknowledged,
        acknowledged_at=after.acknowledged if after.is_acknowledged else None,
        acknowledged_by=known.acknowledged_by if known is not None and after.is_acknowledged else None,
        occurrence_count=alert.occurrence_count + (1 if after != before else 0),
    )


def _tombstone(event: AlertEvent, state: State, now: datetime, after: order.Moments) -> Draft:
    condition = _condition(event, state)
    alert = state.alert or _blank(event, condition, now)
    return Draft(event, state, now, _with_moments(alert, after), condition)


def _with_moments(alert: Alert, moments: order.Moments) -> Alert:
    """The alert at these times; a status that says more than the times (auto-resolved) stays until they change it."""
    still_resolved = not alert.is_live and not moments.fires and alert.status is not AlertStatus.TOMBSTONE
    return replace(
        alert,
        status=alert.status if still_resolved else moments.status(alert.suppressed_by_window_id is not None),
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
