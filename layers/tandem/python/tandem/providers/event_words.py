"""The event word of a webhook whose body a person wrote as a template (Tactical, Level automations).

A wrong reset loses an alert, a wrong firing only makes a needless ticket. So a word means a reset only where it cannot
well mean anything else: `ok`, `up` and their like not beside an unknown word ("start_up_failed", "front_end_alert"),
and of two words that contradict each other the last counts ("failure_resolved", "restore_failed").
"""

import re
from typing import Final

from tandem.alerts.models import Kind
from tandem.providers.port import Ignored, IgnoredReason

_NOT_LETTERS = re.compile(r"[^a-z]+")
_NEXT_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TEST = "test"
_NOT = "not"

_SAYS_NOTHING: Final = frozenset(
    {"alert", "alerts", "event", "webhook", "message", "notification", "check", "task", "monitor", "condition"}
    | {"agent", "status", "state", "is", "to", "now", "rmm", "tactical", "level"}
)
_ALONE: Final[dict[str, Kind]] = {
    **dict.fromkeys(("ok", "okay", "end", "ended", "normal", "up", "online", "healthy"), Kind.RESET),
    **dict.fromkeys(("problem", "error", "down", "offline", "start", "started", "begin", "began"), Kind.TRIGGERED),
}
"""Words that count only if nothing else but what says nothing is beside them."""

_ANYWHERE: Final = (
    (re.compile(r"resolv(e|ed|es|ing)|resolution"), Kind.RESET),
    (re.compile(r"reset(s|ting|ted)?"), Kind.RESET),
    (re.compile(r"clear(s|ed|ing|ance)?"), Kind.RESET),
    (re.compile(r"recover(y|s|ed|ing)?"), Kind.RESET),
    (re.compile(r"restor(e|ed|es|ing|ation)"), Kind.RESET),
    (re.compile(r"clos(e|ed|es|ing|ure)"), Kind.RESET),
    (re.compile(r"ack(s|ed|nowledg.*)?"), Kind.ACKNOWLEDGED),
    (re.compile(r"(trigger|fail|firing|rais).*|fire[ds]?"), Kind.TRIGGERED),
)
_OTHERWISE_FIRING: Final = ("alert", "active", "open")
"""An alert word with something unknown behind it is a firing, too."""


def kind_of_word(word: str) -> Kind | Ignored:
    """What an event word means: `trigger`, `alert.triggered`, `failure`, `resolve`, `alert_resolved`, `test`, ...
    Letter case and separators do not matter. A word that means nothing is ignored as an unknown event."""
    parts = [part for part in _NOT_LETTERS.split(_NEXT_WORD.sub(" ", word).lower()) if part]
    said = [part for part in parts if part not in _SAYS_NOTHING and part != _NOT]
    # Only a word that says nothing else is the test button: "backup_test_failed" is a backup that failed.
    if said and all(part == _TEST for part in said):
        return Ignored(IgnoredReason.TEST)
    kind = _decisive(said)
    if kind is None:
        is_firing = any(part.startswith(_OTHERWISE_FIRING) for part in parts)
        return Kind.TRIGGERED if is_firing else Ignored.unknown(word)
    return Kind.TRIGGERED if _NOT in parts else kind


def _decisive(said: list[str]) -> Kind | None:
    kinds = [kind for part in said for pattern, kind in _ANYWHERE if pattern.fullmatch(part)]
    if kinds:
        return kinds[-1]
    alone = {_ALONE.get(part) for part in said}
    return alone.pop() if len(alone) == 1 else None
