"""Which part of history a change can matter to; the rest need not be decided twice.

Conditions do not know of each other. So one whose firings all meet the same rule before and after, or none of whose
firings comes near a window that changes, ends the same.
"""

from collections.abc import Callable, Sequence

from tandem.alerts.history import AppliedEvent
from tandem.alerts.models import Kind, Rule, RuleActions
from tandem.alerts.rules import first_match
from tandem.alerts.windows import MaintenanceWindow, current

Touches = Callable[[AppliedEvent], bool]
"""A change may make another decision of this firing."""

_Condition = tuple[str, str | None, str | None, str]


def concerned(events: Sequence[AppliedEvent], touches: Touches) -> list[AppliedEvent]:
    """The events, in their order, of every condition of which a firing is touched."""
    condition_of: dict[str, _Condition] = {}  # an alert stays with the condition of its first firing
    touched: set[_Condition] = set()
    for event in events:
        if event.kind is Kind.TRIGGERED:
            condition = condition_of.setdefault(event.alert_id, _condition(event))
            if condition not in touched and touches(event):
                touched.add(condition)
    return [event for event in events if condition_of.get(event.alert_id) in touched]


def touched_by_rules(before: Sequence[Rule], after: Sequence[Rule]) -> Touches:
    """Another rule decides, or the same one does something else."""

    def touches(event: AppliedEvent) -> bool:
        return _decided_by(before, event) != _decided_by(after, event)

    return touches


def touched_by_windows(before: Sequence[MaintenanceWindow], after: Sequence[MaintenanceWindow]) -> Touches:
    """A window that is not the same before and after holds it, or could when another one lets it go."""
    changed = [window for window in (*before, *after) if (window in before) != (window in after)]

    def touches(event: AppliedEvent) -> bool:
        near = [window for window in changed if _may_fit(window, event)]
        if any(current(window, event.applied_at) for window in near):
            return True
        others = (window for window in before if _may_fit(window, event))
        return bool(near) and any(current(window, event.applied_at) for window in others)

    return touches


def _decided_by(rules: Sequence[Rule], event: AppliedEvent) -> tuple[str, RuleActions] | None:
    rule = first_match(rules, event.event(), event.organization_id).rule
    return (rule.rule_id, rule.actions) if rule else None


def _may_fit(window: MaintenanceWindow, event: AppliedEvent) -> bool:
    """The event may lie in the window's scope: one without a client gets one by today's mapping."""
    return (
        window.integration_id in (None, event.integration_id)
        and (window.client_id is None or event.client_id in (None, window.client_id))
        and window.asset_id in (None, event.asset_id)
    )


def _condition(event: AppliedEvent) -> _Condition:
    device = event.external_device_id
    return event.integration_id, device, event.organization_id if device is None else None, event.identity
