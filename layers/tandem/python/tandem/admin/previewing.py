"""What all previews share: reading history for them, and shaping their answers page by page.

A page is made anew for each request. Its cursor names the moment up to which the first page looked, so that what
happens meanwhile moves nothing.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tandem.admin.calls import Call
from tandem.admin.paging import after_of, cursor_of
from tandem.admin.problems import unavailable
from tandem.admin.schemas.previews import (
    PreviewAlertAnswer,
    PreviewHeldAnswer,
    PreviewItemAnswer,
    PreviewOutcomeAnswer,
    PreviewSummaryAnswer,
    PreviewTicketAnswer,
)
from tandem.alerts.decide import LISTED_MESSAGE_BYTES
from tandem.alerts.decision import Context
from tandem.alerts.history import AppliedEvent
from tandem.alerts.limits import cut_bytes
from tandem.alerts.models import AlertStatus, Outcome
from tandem.archive.reading import ArchiveUnavailableError, Budget, History
from tandem.previews.comparison import Change, Fate
from tandem.previews.preview import Past, Preview
from tandem.previews.simulation import Effect
from tandem.store.configuration.table import Scope
from tandem.times import from_text, to_text

READING = Budget(seconds=7.0)
"""Of the request's 28 seconds; deciding takes ten at most (MOST_DECIDED)."""

NEW = "new"
"""The id of a rule or window that is not saved."""

_ALWAYS_NOTED = (
    "What persons did with tickets is known only as far as alerts tell of it: a ticket counts as closed when the next "
    "one of its condition was made, and as worked on when a reset left it open although the alert's rule closes them.",
    "Alerts have the client that they had then; one that had none has the one of today's mapping.",
    "An alert that fired before the first moment covered counts as new at its first firing after it.",
)


@dataclass(frozen=True, slots=True)
class Tried:
    """The history that a request is to be answered from. `after`: where its page goes on; None for the first page."""

    history: History
    past: Past
    list_name: str
    after: str | None


def history_for(call: Call[Any, Any], what: str, integration_ids: Collection[str]) -> Tried:
    """The last `days` (of the body) of these integrations' history. Raises Problem 400 for a cursor that is not of this
    preview, 503 when the archive cannot be read."""
    digest = hashlib.sha256(call.body.model_dump_json().encode()).hexdigest()
    list_name = f"preview {what} {digest}"
    place = after_of(call, list_name)
    until_text, _, after = place.partition("|") if place is not None else (None, "", None)
    until = from_text(until_text) if until_text is not None else call.now
    since = until - timedelta(days=call.body.days)
    try:
        history = call.services.archive.read(integration_ids, since, until, READING)
    except ArchiveUnavailableError as error:
        raise unavailable(f"{error}; try again") from error
    return Tried(history, Past(history.events, history.covered_from, until), list_name, after)


def contexts_of(call: Call[Any, Any], integration_ids: Collection[str]) -> list[Context]:
    """What is configured for these integrations now, as the processor sees it."""
    contexts = call.services.contexts
    contexts.refresh(call.services.table.version_of(Scope.CONFIGURATION))
    found = [contexts.context(each) for each in integration_ids]
    return [context for context in found if context is not None]


def answer_values(call: Call[Any, Any], tried: Tried, preview: Preview) -> dict[str, Any]:
    """The values of a PreviewAnswer: the page that the call asks for, and the summary of all."""
    behind = [fate for fate in preview.fates if tried.after is None or _place(fate) < tried.after]
    shown = behind[: call.query.limit]
    more = f"{to_text(tried.past.until)}|{_place(shown[-1])}" if len(behind) > len(shown) else None
    covered_from = max(preview.covered_from, tried.history.covered_from)
    return {
        "summary": _summary(preview),
        "items": [_item(fate) for fate in shown],
        "next_cursor": cursor_of(call, tried.list_name, more),
        "covered_from": covered_from,
        "until": tried.past.until,
        "complete": tried.history.complete and covered_from <= tried.history.covered_from,
        "notes": _notes(tried.history, covered_from),
    }


def _notes(history: History, covered_from: datetime) -> list[str]:
    notes = []
    if not history.complete or covered_from > history.covered_from:
        notes.append(
            "There is more history than one preview takes: what was applied before "
            f"{covered_from:%Y-%m-%d %H:%M:%S} UTC was left out. Ask for fewer days, or for a narrower rule or window."
        )
    if history.unreadable:
        notes.append(f"{history.unreadable} objects of the archive cannot be read and were left out.")
    return [*notes, *_ALWAYS_NOTED]


def _summary(preview: Preview) -> PreviewSummaryAnswer:
    changes = Counter(fate.change for fate in preview.fates)
    instead = Counter(fate.after.outcome for fate in preview.fates if fate.change is Change.TICKET_NOT_MADE)
    return PreviewSummaryAnswer(
        events=preview.events,
        alerts=preview.alerts,
        listed=len(preview.fates),
        tickets_made=changes[Change.TICKET_MADE],
        tickets_not_made=changes[Change.TICKET_NOT_MADE],
        routed_elsewhere=changes[Change.ROUTED_ELSEWHERE],
        decided_otherwise=changes[Change.DECIDED_OTHERWISE],
        recorded_instead=instead[Outcome.RECORDED_ONLY],
        suppressed_instead=instead[Outcome.SUPPRESSED],
    )


def _item(fate: Fate) -> PreviewItemAnswer:
    return PreviewItemAnswer.model_validate(
        {
            "alert": _alert(fate.told),
            "applied_at": fate.told.applied_at,
            "occurred_at": fate.told.occurred_at,
            "change": fate.change.value,
            "firings": fate.firings,
            "before": _outcome(fate.before),
            "after": _outcome(fate.after),
        }
    )


def _alert(told: AppliedEvent) -> PreviewAlertAnswer:
    device_id, organization_id = told.external_device_id, told.organization_id
    device = {"external_id": device_id, "name": told.device_name, "asset_id": told.asset_id}
    return PreviewAlertAnswer.model_validate(
        {
            "id": told.alert_id,
            "external_id": told.external_alert_id,
            "integration_id": told.integration_id,
            "provider": told.provider.value,
            "identity": told.identity,
            "severity": told.severity.value,
            "message": cut_bytes(told.message, LISTED_MESSAGE_BYTES),
            "device": device if device_id is not None else None,
            "organization": {"external_id": organization_id, "name": told.organization_name}
            if organization_id is not None
            else None,
            "client_id": told.client_id,
            "status": told.status.value if told.status is not AlertStatus.TOMBSTONE else None,
            "ticket_id": told.ticket_id,
        }
    )


def _outcome(effect: Effect) -> PreviewOutcomeAnswer:
    ticket = effect.ticket
    return PreviewOutcomeAnswer.model_validate(
        {
            "at": effect.at,
            "outcome": effect.outcome.value,
            "reason": effect.reason,
            "rule_id": effect.rule_id,
            "ticket": PreviewTicketAnswer.model_validate(
                {
                    "title": ticket.title,
                    "board_id": ticket.board_id,
                    "priority": ticket.priority.value,
                    "assignee_id": ticket.assignee_id,
                    "client_id": ticket.client_id,
                }
            )
            if ticket is not None
            else None,
            "held": _held(effect),
        }
    )


def _held(effect: Effect) -> Sequence[PreviewHeldAnswer]:
    return [PreviewHeldAnswer(window_id=each.window_id, since=each.since, until=each.until) for each in effect.held]


def _place(fate: Fate) -> str:
    """Sorts as the fates do: by time, then by alert."""
    return f"{to_text(fate.told.applied_at)}#{fate.told.alert_id}"
