"""How long a rule's message pattern takes on a long message: patterns that hang engines which backtrack.

Processor time, which is all that matching needs: neighbours on this machine do not count.
"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from local.bench.webhooks import PROVIDERS, Firing
from tandem.alerts.models import AlertEvent, Rule, RuleActions, RuleConditions
from tandem.alerts.rules import compile_pattern, first_match

GOAL_MS = 10.0
MESSAGE_BYTES = 64 * 1024
ROUNDS = 20

PATTERNS = (
    "(a+)+$",
    "(a|aa)+$",
    "(a|a)*b",
    "(.*a){20}",
    "(.*a){20}b",
    "(.*a){100}$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    "(a?){500}a{500}$",
    r"(\w+\s?)*$",
)

COUNTING = "[ab]*a[ab]{200}c"
"""What is slow in RE2 itself: after each character it must remember which of the last 200 were an `a`."""


@dataclass(frozen=True, slots=True)
class PatternTime:
    """Milliseconds of matching one rule with this pattern: the first time in a process, and the worst of ROUNDS."""

    pattern: str
    first_ms: float
    worst_ms: float


def measure() -> list[PatternTime]:
    """The patterns, each on a message of 64 KB of `a`; the last is COUNTING, on a message made for it."""
    plain = "a" * (MESSAGE_BYTES - 1) + "!"
    # A message without a pattern of its own: bits of the numbers from 0.
    bits = "".join("ab"[bit == "1"] for number in range(MESSAGE_BYTES // 8) for bit in f"{number * 40503 % 65536:016b}")
    return [*(_timed(pattern, plain) for pattern in PATTERNS), _timed(COUNTING, bits[:MESSAGE_BYTES])]


def _timed(pattern: str, message: str) -> PatternTime:
    rule = Rule("rule", "Pattern", True, 1, RuleConditions(message_pattern=pattern), RuleActions())
    firing = Firing(PROVIDERS[0], device=1, condition=1, alert=1, at=datetime.now(UTC))
    event = replace(firing.event(), message=message)
    compile_pattern.cache_clear()
    compile_pattern(pattern)  # once in a function instance; the rule's own time follows
    times = [_milliseconds(rule, event) for _ in range(1 + ROUNDS)]
    return PatternTime(pattern, times[0], max(times[1:]))


def _milliseconds(rule: Rule, event: AlertEvent) -> float:
    began = time.process_time()
    first_match([rule], event, None)
    return (time.process_time() - began) * 1000
