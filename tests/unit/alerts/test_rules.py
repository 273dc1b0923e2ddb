"""Which rule an alert event matches."""

from dataclasses import replace

import pytest

from tandem.alerts.models import RuleConditions, Severity
from tandem.alerts.rules import BadPatternError, compile_pattern, first_match
from tests.unit.alerts.world import rule, triggered

FULL = replace(triggered(), activity_type="CONDITION", alert_class="disk", source_type="agent")


def matches(conditions: RuleConditions, organization: str | None = "o1", **words: object) -> bool:
    changed = replace(FULL, **words)  # type: ignore[arg-type]  # passed through
    return first_match([rule("r", conditions)], changed, organization).rule is not None


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (RuleConditions(), True),
        (RuleConditions(severities=(Severity.MODERATE, Severity.CRITICAL)), True),
        (RuleConditions(severities=(Severity.CRITICAL,)), False),
        (RuleConditions(activity_types=("condition",)), True),
        (RuleConditions(activity_types=("SYSTEM",)), False),
        (RuleConditions(alert_classes=("Disk",)), True),
        (RuleConditions(source_types=("agent", "x")), True),
        (RuleConditions(source_types=("x",)), False),
        (RuleConditions(organization_ids=("o1",)), True),
        (RuleConditions(organization_ids=("o2",)), False),
        (RuleConditions(keywords=("FULL", "never")), True),
        (RuleConditions(keywords=("never",)), False),
        (RuleConditions(message_pattern=r"C: is (full|nearly full)$"), True),
        (RuleConditions(message_pattern="disk"), False),
        (RuleConditions(message_pattern="(?i)disk"), True),
        (RuleConditions(severities=(Severity.MODERATE,), keywords=("never",)), False),
    ],
)
def test_all_that_a_rule_asks_must_hold(conditions: RuleConditions, expected: bool) -> None:
    assert matches(conditions) is expected


def test_a_word_that_the_event_lacks_never_matches() -> None:
    assert not matches(RuleConditions(activity_types=("CONDITION",)), activity_type=None)
    assert not matches(RuleConditions(organization_ids=("o1",)), organization=None)


def test_the_first_match_decides_and_inactive_rules_are_passed_over() -> None:
    rules = [replace(rule("off"), active=False), rule("first", order=2), rule("second", order=3)]
    found = first_match(rules, FULL, "o1").rule
    assert found is not None
    assert found.rule_id == "first"


def test_a_rule_with_a_bad_stored_pattern_is_skipped_with_a_warning_and_the_next_is_tried() -> None:
    found = first_match([rule("bad", RuleConditions(message_pattern="(")), rule("good")], FULL, "o1")
    assert found.rule is not None
    assert found.rule.rule_id == "good"
    assert "Rule bad" in found.warnings[0]


def test_a_bad_pattern_says_what_is_wrong() -> None:
    with pytest.raises(BadPatternError, match="missing"):
        compile_pattern("(")


def test_a_pattern_sees_the_first_16_kb_of_a_message() -> None:
    message = "x" * 16 * 1024 + "needle"
    assert not matches(RuleConditions(message_pattern="needle"), message=message)
    assert matches(RuleConditions(message_pattern="x$"), message=message)


A_64_KB_MESSAGE = "a" * (64 * 1024 - 1) + "!"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        # Each keeps a backtracking engine busy for longer than anyone waits. They see 16 KB, which are all `a`.
        ("(a+)+$", True),
        ("(a+)+!$", False),
        ("(a|aa)+$", True),
        ("(a|a)*b", False),
        ("([a-z]+)*=", False),
        ("(.*a){20}", True),
        ("(.*a){20}b", False),
        ("(.*a){100}$", True),
        ("(x+x+)+y", False),
        (r"^(([a-z])+.)+[A-Z]([a-z])+$", False),
        ("(a?){500}a{500}$", True),
        (r"(\w+\s?)*$", True),
        (r"(\w{1,20}\s?){20}b", False),
    ],
)
def test_a_pattern_that_would_hang_a_backtracking_engine_gives_its_answer(pattern: str, expected: bool) -> None:
    """How long each takes is shown by `make bench`."""
    assert matches(RuleConditions(message_pattern=pattern), message=A_64_KB_MESSAGE) is expected


@pytest.mark.parametrize("pattern", ["!", "a!$", r"a{16}\W"])
def test_what_stands_behind_the_first_16_kb_is_not_looked_at(pattern: str) -> None:
    assert not matches(RuleConditions(message_pattern=pattern), message=A_64_KB_MESSAGE)
    assert matches(RuleConditions(message_pattern=pattern), message=A_64_KB_MESSAGE[-64:])


def test_16_kb_are_counted_in_bytes_and_no_character_is_cut_in_two() -> None:
    message = "é" * 8192 + "needle"
    assert matches(RuleConditions(message_pattern="^é{500}"), message=message)
    assert not matches(RuleConditions(message_pattern="needle"), message=message)
    assert not matches(RuleConditions(keywords=("needle",)), message=message)
    assert matches(RuleConditions(message_pattern="^x(é+)$"), message="x" + message)


def test_a_pattern_that_unfolds_to_more_than_can_be_searched_in_time_is_refused() -> None:
    for pattern in ("(.?){1000}z", "((a{100}){100}){100}"):
        with pytest.raises(BadPatternError, match=r"too large|repetition"):
            compile_pattern(pattern)


def test_groups_alternatives_and_flags_mean_what_they_mean_elsewhere() -> None:
    for pattern in ("(disk|Disk) (?:C|D): is", "(?i)DISK", "(?P<drive>[A-Z]): is full", "^(D)(i)(s)(k)"):
        assert matches(RuleConditions(message_pattern=pattern)), pattern
