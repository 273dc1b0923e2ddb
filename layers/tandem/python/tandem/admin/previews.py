"""Routes of previews: what a rule or a maintenance window that is not saved yet would have changed."""

from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.previewing import NEW, answer_values, contexts_of, history_for
from tandem.admin.problems import invalid, not_found
from tandem.admin.references import the_integration
from tandem.admin.rules import rule_of_body
from tandem.admin.schemas.base import PageQuery
from tandem.admin.schemas.previews import PreviewAnswer, RulePreviewBody, WindowPreviewBody
from tandem.admin.windows import window_of_body
from tandem.alerts.decision import Context
from tandem.alerts.models import Rule
from tandem.previews.preview import preview_rules, preview_window
from tandem.store.configuration.records import Role


def preview_rule(call: Call[RulePreviewBody, PageQuery]) -> Answer:
    """What would have been different with this rule."""
    context = context_of(call, the_integration(call).integration_id)
    rules = _with_rule(call, context)
    tried = history_for(call, "rule", [context.integration_id])
    return Answer(PreviewAnswer(**answer_values(call, tried, preview_rules(tried.past, context, rules))))


def preview_maintenance_window(call: Call[WindowPreviewBody, PageQuery]) -> Answer:
    """What this window would have caught."""
    window_id = call.body.window_id
    window = window_of_body(call, window_id or NEW)
    scope = call.body.integration_id
    all_of_them = [each.integration_id for each in call.services.integrations.all()] if scope is None else [scope]
    contexts = contexts_of(call, all_of_them)
    known = [each.window for each in call.services.windows.all()]
    if window_id is not None and all(each.window_id != window_id for each in known):
        raise invalid("window_id", f"there is no maintenance window '{window_id}'")
    windows = [*(each for each in known if each.window_id != window_id), window]
    tried = history_for(call, "window", [context.integration_id for context in contexts])
    preview = preview_window(tried.past, contexts, windows, window.window_id)
    return Answer(PreviewAnswer(**answer_values(call, tried, preview)))


def context_of(call: Call[Any, Any], integration_id: str) -> Context:
    """What is configured for the integration now. Raises Problem 404 when it was removed this moment."""
    found = contexts_of(call, [integration_id])
    if not found:
        raise not_found("integration", integration_id)
    return found[0]


def _with_rule(call: Call[RulePreviewBody, PageQuery], context: Context) -> list[Rule]:
    """The integration's rules with the body's among them, in the order in which they are tried."""
    rule_id, order = call.body.rule_id, call.body.order
    others = [rule for rule in context.rules if rule.rule_id != rule_id]
    replaced = next((rule for rule in context.rules if rule.rule_id == rule_id), None)
    if rule_id is not None and replaced is None:
        raise invalid("rule_id", f"this integration has no rule '{rule_id}'")
    if order is None:
        order = replaced.order if replaced is not None else max((rule.order for rule in others), default=0) + 1
    rule = rule_of_body(call, rule_id or NEW, order)
    return sorted([*others, rule], key=lambda each: (each.order, each.rule_id))


_NOTHING_IS_CHANGED = (
    "Nothing is changed. The archived alert events of the last days are decided once more, with the rules and windows "
    "as they are and with this one among them; listed are the alerts that fare otherwise."
)
_TAG = "Previews"

ROUTES: Routes = (
    Route(
        "POST",
        "/integrations/{integration_id}/rules/preview",
        "Preview a rule",
        Role.ADMIN,
        preview_rule,
        PreviewAnswer,
        _TAG,
        body=RulePreviewBody,
        query=PageQuery,
        description=f"{_NOTHING_IS_CHANGED} The body is a rule as it would be saved.",
    ),
    Route(
        "POST",
        "/maintenance-windows/preview",
        "Preview a maintenance window",
        Role.ADMIN,
        preview_maintenance_window,
        PreviewAnswer,
        _TAG,
        body=WindowPreviewBody,
        query=PageQuery,
        description="Nothing is changed. Listed are the alerts of the last days that the window would have held, and "
        "what would have become of them at its end. The body is a window as it would be saved.",
    ),
)
