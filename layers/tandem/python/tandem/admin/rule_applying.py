"""Routes of applying a saved rule to live alerts that are only recorded: first a preview, then the decision.

Rules are not retroactive by themselves. Who applies one hands the alerts back to the processor, which decides them as
if they fired now; an alert that another rule decides first is left alone.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.previewing import answer_values, contexts_of, history_for
from tandem.admin.previews import context_of
from tandem.admin.problems import conflict, unavailable
from tandem.admin.references import the_integration
from tandem.admin.rules import the_rule
from tandem.admin.schemas.base import NoQuery, PageQuery
from tandem.admin.schemas.previews import (
    ApplyAnswer,
    ApplyBody,
    LiveAnswer,
    SavedRulePreviewAnswer,
    SavedRulePreviewBody,
)
from tandem.alert_queue import QueueError
from tandem.alerts import again
from tandem.alerts.decide import decide
from tandem.alerts.models import Alert, AlertEvent, AlertStatus, Origin, Outcome
from tandem.ids import new_id
from tandem.previews.preview import preview_rules
from tandem.store.configuration.records import Role, RuleRecord
from tandem.store.listing import live_alerts
from tandem.store.previews import RulePreview

MOST_ALERTS = 2_000
"""Live alerts that one request looks at, the oldest of those that it finds first; applying again does the rest."""

MOST_SECONDS = 20.0
"""A request ends after 28."""

_AT_ONCE = 200
_RECORDED = (AlertStatus.ACTIVE, AlertStatus.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class _Live:
    """The live alerts that the rule would decide, oldest first, and what it would decide. `looked_at`: how many are
    only recorded; `complete`: these are all."""

    events: list[AlertEvent]
    outcomes: list[Outcome]
    looked_at: int
    complete: bool


def preview_saved_rule(call: Call[SavedRulePreviewBody, PageQuery]) -> Answer:
    """What the rule would have changed, and what applying it would do."""
    record = the_rule(call)
    context = context_of(call, record.integration_id)
    without = replace(context, rules=tuple(rule for rule in context.rules if rule.rule_id != record.rule.rule_id))
    tried = history_for(call, "saved rule", [record.integration_id])
    values = answer_values(call, tried, preview_rules(tried.past, without, context.rules))
    if tried.after is not None:
        return Answer(SavedRulePreviewAnswer(**values, preview_id=None, live=None))
    found = _live(call, record)
    would = {outcome.value: count for outcome, count in sorted(Counter(found.outcomes).items())}
    preview = RulePreview(
        new_id(), record.integration_id, record.rule.rule_id, record.rule.revision, record.version, would
    )
    call.services.previews.keep(preview, call.now)
    live = LiveAnswer.model_validate({"alerts": found.looked_at, "would": would, "complete": found.complete})
    return Answer(SavedRulePreviewAnswer(**values, preview_id=preview.preview_id, live=live))


def apply_rule(call: Call[ApplyBody, NoQuery]) -> Answer:
    """The live alerts that are only recorded and that the rule decides, handed back to the processor."""
    record = the_rule(call)
    preview = call.services.previews.get(call.body.preview_id, call.now)
    if preview is None or (preview.integration_id, preview.rule_id) != (record.integration_id, record.rule.rule_id):
        raise conflict("there is no preview of this rule with this id within the last hour; preview it first")
    if (preview.revision, preview.rule_version) != (record.rule.revision, record.version):
        raise conflict("the rule has changed since this preview; preview it again")
    if not record.rule.active:
        raise conflict("the rule is not active, so it decides nothing")
    found = _live(call, record)
    handed_over = 0
    for start in range(0, len(found.events), _AT_ONCE):
        chunk = found.events[start : start + _AT_ONCE]
        try:
            call.services.queue.send(chunk)
        except QueueError as error:
            raise unavailable(
                f"only {handed_over} of {len(found.events)} alerts were handed over to be decided; repeat the request"
            ) from error
        handed_over += len(chunk)
    return Answer(ApplyAnswer(handed_over=handed_over, complete=found.complete), 202)


def _live(call: Call[Any, Any], record: RuleRecord) -> _Live:
    """What the processor would decide of each live alert that is only recorded, tried on what it would read; nothing is
    written."""
    alerts, complete = _recorded_only(call, the_integration(call).integration_id)
    messages = call.services.lookups.full_messages(alerts)
    asked = [
        again.decide_again(alert, messages.get(alert.alert_id), Origin.PERSON, new_id(), call.now) for alert in alerts
    ]
    reader = call.services.open_reader(call.now)
    reader.load(asked)
    (context,) = contexts_of(call, [record.integration_id])
    events: list[AlertEvent] = []
    outcomes: list[Outcome] = []
    for event in asked:
        decision = decide(event, reader.state(event), context, call.now)
        decided_by = decision.alert.rule if decision.alert is not None else None
        if decision.outcome is not Outcome.IGNORED and decided_by and decided_by.rule_id == record.rule.rule_id:
            reader.applied(decision)  # what comes later joins its ticket
            events.append(event)
            outcomes.append(decision.outcome)
    return _Live(events, outcomes, len(alerts), complete)


def _recorded_only(call: Call[Any, Any], integration_id: str) -> tuple[list[Alert], bool]:
    """Live alerts without a ticket that wait for nothing, oldest first, and whether these are all."""
    stop_at = time.monotonic() + MOST_SECONDS / 2
    found: list[Alert] = []
    for page, is_last in _pages(call, integration_id):
        found += page
        if not is_last and (len(found) >= MOST_ALERTS or time.monotonic() >= stop_at):
            return _oldest_first(found), False
    return _oldest_first(found), True


def _pages(call: Call[Any, Any], integration_id: str) -> Iterator[tuple[list[Alert], bool]]:
    def is_recorded_only(alert: Alert) -> bool:
        return alert.status in _RECORDED and alert.ticket_id is None and not alert.needs_mapping

    after = None
    while True:
        page = call.services.listing.alerts(live_alerts([integration_id]), is_recorded_only, after, _AT_ONCE, call.now)
        after = page.after
        yield page.records, after is None
        if after is None:
            return


def _oldest_first(alerts: list[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda alert: (alert.triggered_at or alert.first_seen_at, alert.alert_id))


_ONE = "/integrations/{integration_id}/rules/{rule_id}"
_TAG = "Previews"

ROUTES: Routes = (
    Route(
        "POST",
        f"{_ONE}/preview",
        "Preview a saved rule",
        Role.ADMIN,
        preview_saved_rule,
        SavedRulePreviewAnswer,
        _TAG,
        body=SavedRulePreviewBody,
        query=PageQuery,
        body_required=False,
        description="What it would have changed had it been there all the time, and what applying it would do to live "
        "alerts that are only recorded. The answer's `preview_id` is kept for an hour.",
    ),
    Route(
        "POST",
        f"{_ONE}/apply",
        "Apply a rule to live alerts",
        Role.ADMIN,
        apply_rule,
        ApplyAnswer,
        _TAG,
        202,
        body=ApplyBody,
        description="Live alerts that are only recorded, and that this rule decides, are decided again within seconds, "
        "oldest first.",
        conflicts="the rule was not previewed within the last hour, has changed since, or is not active",
    ),
)
