"""Which rule an alert event matches: in order, the first match decides (alerts.md, "Triggered" 4).

All given conditions must hold; an absent or empty one asks nothing. Words are compared without regard to case, keywords
are found anywhere in the message, the pattern is RE2 (linear time, so that no pattern and no message can hang us).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tandem.alerts.models import AlertEvent, Rule, RuleConditions

MATCHED_BYTES = 16 * 1024
"""Patterns and keywords look at this much of a message."""

LARGEST_PROGRAM = 2_000
"""RE2's steps of one pattern; `.{0,200}` has about so many. RE2's time is linear in the message and in these."""

_AUTOMATON_BYTES = 8 << 20
"""What RE2 may keep of the states it has met (its own default): with less, patterns that count, such as `a{1000}b`, are
searched without an automaton, which takes a hundred times as long."""


@dataclass(frozen=True, slots=True)
class Match:
    """The rule that matched, if any, and the rules that could not be tried, in words."""

    rule: Rule | None
    warnings: tuple[str, ...] = ()


class BadPatternError(ValueError):
    """A message pattern that RE2 does not take."""


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Any:
    """The compiled RE2 pattern. Raises BadPatternError with RE2's reason, or when it is larger than LARGEST_PROGRAM.

    Groups capture nothing: where they begin and end is nobody's question, and finding it would cost `(.*a){20}` a
    hundred times what the match costs.
    """
    import re2  # only rules with a pattern need it, and its import costs

    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _AUTOMATON_BYTES
    try:
        compiled = re2.compile(pattern, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        raise BadPatternError(reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)) from None
    if compiled.programsize > LARGEST_PROGRAM:
        steps = compiled.programsize
        raise BadPatternError(f"pattern too large - its repetitions unfold to {steps} steps of {LARGEST_PROGRAM}")
    return compiled


def first_match(rules: Iterable[Rule], event: AlertEvent, organization_id: str | None) -> Match:
    """The first active rule that the event meets; rules come in their order. A rule whose pattern is bad is skipped
    with a warning, and the next is tried."""
    warnings: list[str] = []
    message = event.message.encode()[:MATCHED_BYTES].decode(errors="ignore")
    for rule in rules:
        if not rule.active:
            continue
        try:
            if _meets(rule.conditions, event, organization_id, message):
                return Match(rule, tuple(warnings))
        except BadPatternError as error:
            warnings.append(f"rule '{rule.name}' skipped: its message pattern is bad ({error})")
    return Match(None, tuple(warnings))


def _meets(conditions: RuleConditions, event: AlertEvent, organization_id: str | None, message: str) -> bool:
    return (
        (not conditions.severities or event.severity in conditions.severities)
        and _among(conditions.activity_types, event.activity_type)
        and _among(conditions.alert_classes, event.alert_class)
        and _among(conditions.source_types, event.source_type)
        and (not conditions.organization_ids or organization_id in conditions.organization_ids)
        and _any_keyword(conditions.keywords, message)
        and (not conditions.message_pattern or compile_pattern(conditions.message_pattern).search(message) is not None)
    )


def _among(wanted: tuple[str, ...], word: str | None) -> bool:
    if not wanted:
        return True
    return word is not None and word.casefold() in {each.casefold() for each in wanted}


def _any_keyword(keywords: tuple[str, ...], message: str) -> bool:
    if not keywords:
        return True
    folded = message.casefold()
    return any(keyword.casefold() in folded for keyword in keywords)
