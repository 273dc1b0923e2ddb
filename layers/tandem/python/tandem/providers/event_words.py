"""The event word of a webhook whose body a person wrote as a template (Tactical, Level automations)."""

import re

from tandem.alerts.models import Kind
from tandem.providers.port import Ignored, IgnoredReason

_NOT_LETTERS = re.compile(r"[^a-z]+")
_TEST = ("test",)
# Resets first: "alert.resolved" also starts with "alert".
_BEGINNINGS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (Kind.RESET, ("resolv", "reset", "clear", "recover")),
    (Kind.ACKNOWLEDGED, ("ack",)),
    (Kind.TRIGGERED, ("trigger", "fail", "alert", "active", "fire", "raise", "open")),
)


def kind_of_word(word: str) -> Kind | Ignored:
    """What an event word means: `trigger`, `alert.triggered`, `failure`, `resolve`, `alert_resolved`, `test`, ...
    Letter case and separators do not matter. A word that means nothing is ignored as an unknown event."""
    parts = [part for part in _NOT_LETTERS.split(word.lower()) if part]
    if any(part in _TEST for part in parts):
        return Ignored(IgnoredReason.TEST)
    for kind, beginnings in _BEGINNINGS:
        if any(part.startswith(beginnings) for part in parts):
            return kind
    return Ignored.unknown(word)
