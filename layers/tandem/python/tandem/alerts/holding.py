"""A maintenance window holds an alert, or lets it go (alerts.md, "Triggered" 3, and "Maintenance windows").

Judged by now, never by the time at which the alert fired: an alert that still fires when its window has ended is worth
a decision, however long ago it began.
"""

from dataclasses import replace
from datetime import datetime

from tandem.alerts import order
from tandem.alerts.decision import Context, Decision
from tandem.alerts.draft import Draft
from tandem.alerts.models import Alert, Outcome
from tandem.alerts.placing import Place
from tandem.alerts.ticketing import decide_ticket
from tandem.alerts.windows import MaintenanceWindow, Span, suppressing


def hold_or_decide(draft: Draft, context: Context, where: Place) -> Decision:
    """A firing that stands on no open ticket: held while a window matches, decided by the rules otherwise."""
    found = suppressing(
        context.windows,
        draft.now,
        integration_id=draft.event.integration_id,
        client_id=where.client_id,
        asset_id=where.asset_id,
    )
    why = "; its asset arrived" if draft.event.asset_arrived else ""
    if found is None:
        if draft.alert.suppressed_by_window_id is not None:
            why += "; no maintenance window holds it any more"
        draft.alert = released(draft.alert)
        return decide_ticket(draft, context, where, why)
    return _hold(draft, *found, why)


def released(alert: Alert) -> Alert:
    """The alert when no window holds it: what it is then follows from its times."""
    moments = order.moments_of(alert)
    is_acknowledged = moments.is_acknowledged
    return replace(
        alert,
        status=moments.status(),
        suppressed_by_window_id=None,
        suppressed_until=None,
        acknowledged_at=moments.acknowledged if is_acknowledged else None,
        acknowledged_by=alert.acknowledged_by if is_acknowledged else None,
    )


def _hold(draft: Draft, window: MaintenanceWindow, span: Span, why: str) -> Decision:
    draft.alert = replace(
        draft.alert,
        status=order.moments_of(draft.alert).status(is_suppressed=True),
        rule=None,
        ticket_id=None,
        needs_mapping=False,
        suppressed_by_window_id=window.window_id,
        suppressed_until=span.ends_at,
    )
    return draft.decided(
        Outcome.SUPPRESSED,
        f"maintenance window '{window.name}' holds it until {_time(span.ends_at)}{why}",
        window_id=window.window_id,
    )


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
