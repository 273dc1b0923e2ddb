"""The behaviours that Alga PSA's own tests hold, each with the test of ours that holds it here.

COVERED     the behaviour, in the reference's sense → the tests; those of this file are the ones that had none
OTHERWISE   what the reference does and we do not, on purpose → what we do instead, and its test
LATER       what belongs to calls of the vendors, which Tandem does not make yet
"""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.alerts.again import decide_again
from tandem.alerts.by_hand import Wishes, ticket_by_hand
from tandem.alerts.models import (
    AlertStatus,
    Client,
    Contact,
    DeviceRecord,
    Organization,
    Origin,
    Outcome,
    Rule,
    RuleConditions,
    Severity,
)
from tandem.alerts.tickets import Priority
from tandem.alerts.windows import MaintenanceWindow, Span
from tests.unit.alerts.world import BOARD, EVERYTHING, World, at, reset, rule, triggered

ROOT = Path(__file__).parents[3]

HERE = "tests/unit/alerts/test_reference_behaviours.py::"
DECIDE = "tests/unit/alerts/test_decide.py::"
RULES = "tests/unit/alerts/test_rules.py::"
WINDOWS = "tests/unit/alerts/test_windows.py::"
HOLDING = "tests/unit/alerts/test_holding.py::"
RESETS = "tests/unit/alerts/test_reset_properties.py::"
BY_HAND = "tests/unit/alerts/test_by_hand.py::"
WORDING = "tests/unit/alerts/test_wording.py::"
DESK = "tests/unit/desk/test_work.py::"
EVENTS = "tests/unit/events/test_mapping.py::"
POLLING = "tests/unit/polling/test_reconcile.py::"
NINJAONE = "tests/unit/providers/test_ninjaone_webhook.py::"
ADMIN_RULES = "tests/integration/test_admin_rules.py::"
ADMIN_WINDOWS = "tests/integration/test_admin_windows.py::"
ADMIN_TICKETS = "tests/integration/test_admin_tickets.py::"
SWEEP = "tests/integration/test_due_sweep.py::"

COVERED: dict[str, list[str]] = {
    # Conditions and actions of a rule, when it is saved
    "conditions of the full shape are taken": [ADMIN_RULES + "test_all_that_a_rule_says_is_kept"],
    "empty conditions are taken": [ADMIN_RULES + "test_a_rule_of_a_name_only_matches_everything_and_makes_a_ticket"],
    "an invalid pattern is refused": [
        ADMIN_RULES + "test_a_pattern_that_is_none_is_refused_with_its_position",
        ADMIN_RULES + "test_a_bad_pattern_is_refused_in_a_change_as_well",
    ],
    "an unknown severity or key is refused": [ADMIN_RULES + "test_a_rule_that_is_none_is_refused_by_field"],
    "actions have defaults": [ADMIN_RULES + "test_a_rule_of_a_name_only_matches_everything_and_makes_a_ticket"],
    "actions that name what is not there, or an unknown key, are refused": [
        ADMIN_RULES + "test_a_rule_that_is_none_is_refused_by_field"
    ],
    # A weekly window, when it is saved
    "a valid recurrence is taken": [ADMIN_WINDOWS + "test_all_that_a_weekly_window_says_is_kept"],
    "bad times, the same start and end, bad days, an unknown timezone are refused": [
        ADMIN_WINDOWS + "test_a_window_that_cannot_be_meant_is_refused_by_its_field"
    ],
    # What is one condition
    "a device and what fires on it make the condition": [
        DECIDE + "TestAgain::test_another_alert_of_the_condition_joins_its_open_ticket"
    ],
    "the same on two devices is two conditions": [HERE + "test_the_same_on_two_devices_is_two_tickets"],
    "without a device there is a condition too": [
        HERE + "test_alerts_without_a_device_share_the_condition_of_their_organization"
    ],
    # Which rule matches
    "severities, activity types, alert classes, source types, organizations": [
        RULES + "test_all_that_a_rule_asks_must_hold",
        RULES + "test_a_word_that_the_event_lacks_never_matches",
    ],
    "keywords are found anywhere in any letter case": [RULES + "test_all_that_a_rule_asks_must_hold"],
    "a message pattern is a regular expression": [RULES + "test_all_that_a_rule_asks_must_hold"],
    "all that is given must hold": [HERE + "test_each_thing_that_a_rule_asks_can_fail_the_match_alone"],
    "a rule that asks nothing catches all": [RULES + "test_all_that_a_rule_asks_must_hold"],
    "the first match by order wins": [RULES + "test_the_first_match_decides_and_inactive_rules_are_passed_over"],
    "a bad stored pattern is skipped with a warning, and the next rule tried": [
        RULES + "test_a_rule_with_a_bad_stored_pattern_is_skipped_with_a_warning_and_the_next_is_tried",
        HERE + "test_the_trace_tells_of_a_rule_that_was_skipped",
    ],
    "inactive rules are ignored, order counts": [
        ADMIN_RULES + "test_an_inactive_rule_is_passed_over",
        ADMIN_RULES + "test_rules_are_tried_in_their_order_which_can_be_changed_at_once",
    ],
    # When a window holds
    "one-off: inside, outside, the end exclusive": [
        WINDOWS + "test_a_one_off_window_holds_from_its_start_and_not_at_its_end"
    ],
    "weekly in the window's timezone": [
        WINDOWS + "test_a_nightly_window_has_one_occurrence_a_night_when_clocks_change"
    ],
    "the weekday is the zone's, not UTC's": [WINDOWS + "test_the_weekday_is_the_zones_and_not_utcs"],
    "over midnight, on both sides": [WINDOWS + "test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins"],
    "an unknown timezone suppresses nothing": [
        WINDOWS + "test_a_window_in_a_timezone_that_nobody_knows_any_more_never_holds_and_stops_no_alert"
    ],
    "scopes: integration, client, asset, and all that are given": [
        HOLDING + "test_every_scope_that_is_given_must_fit",
        WINDOWS + "test_all_scopes_that_are_given_must_fit",
        HERE + "test_a_window_of_an_asset_holds_alerts_of_its_device_only",
    ],
    "an inactive window never holds": [WINDOWS + "test_an_inactive_window_never_holds"],
    # The pipeline
    "the contact: the mapping's, else the client's, else none": [
        DECIDE + "TestFirstSight::test_the_contact_is_the_organizations_else_the_clients",
        HERE + "test_without_a_contact_of_either_the_ticket_has_none",
    ],
    "a routed ticket has what rule, asset, template and source say": [
        HERE + "test_a_routed_ticket_has_what_the_rule_the_asset_the_template_and_the_source_say"
    ],
    "a replay changes nothing": [DECIDE + "TestAgain::test_an_exact_redelivery_writes_nothing"],
    "a repeat is appended: two comments, occurrence 2": [
        HERE + "test_a_repeat_is_a_second_comment_and_a_second_occurrence_of_the_one_ticket"
    ],
    "another device makes another ticket, its client by the organization's mapping": [
        HERE + "test_the_same_on_two_devices_is_two_tickets"
    ],
    "a ticket by hand takes the mapping's contact": [
        HERE + "test_a_ticket_by_hand_takes_the_contact_of_the_mapping_but_not_for_another_client"
    ],
    "no rule records only": [DECIDE + "TestFirstSight::test_no_rule_means_recorded_only"],
    "a reset resolves, comments, and closes what nobody touched": [
        DECIDE + "TestClosingByItself::test_an_untouched_ticket_whose_last_alert_cleared_is_closed_like_by_a_person",
        RESETS + "test_a_ticket_closes_exactly_when_its_last_live_alert_resets_and_nobody_has_touched_it",
    ],
    "after the close a firing makes a new ticket": [
        DECIDE + "TestClosingByItself::test_a_firing_after_the_close_makes_a_new_ticket_that_names_the_earlier_one"
    ],
    "what a person touched stays open": [
        DECIDE + "TestClosingByItself::test_a_ticket_that_a_person_has_worked_on_stays_open"
    ],
    "a window suppresses, then the reset is quiet": [HOLDING + "test_a_reset_of_a_held_alert_is_quiet"],
    "booked time touches": [
        DESK + "test_booked_time_touches_the_ticket",
        RESETS + "test_each_work_of_a_person_keeps_the_ticket_open_and_the_comment_says_why",
    ],
    "a status set by a person touches": [
        DESK + "test_changing_priority_or_assignee_does_not_touch_but_a_status_does",
        RESETS + "test_each_work_of_a_person_keeps_the_ticket_open_and_the_comment_says_why",
    ],
    "the severity gives the priority": [
        DECIDE + "TestFirstSight::test_priority_follows_severity_unless_the_rule_sets_it"
    ],
    "an acknowledge is stamped": [
        DECIDE + "TestAcknowledge::test_an_acknowledge_marks_a_live_alert_and_comments_its_ticket"
    ],
    "events for workflows; none for what is suppressed or skipped": [
        EVENTS + "test_a_first_firing_is_told_with_its_ticket",
        EVENTS + "test_a_later_firing_is_told_again_and_a_redelivery_is_not",
        EVENTS + "test_a_held_alert_makes_no_event_when_it_is_held_fires_again_is_acknowledged_or_is_reset",
    ],
    "TICKET_CREATED only when a ticket is made": [
        EVENTS + "test_a_new_ticket_names_whom_to_tell",
        EVENTS + "test_a_later_firing_is_told_again_and_a_redelivery_is_not",
    ],
    # Reconciliation, as far as it is decided here
    "a missed alert becomes a ticket": [
        POLLING + "test_an_alert_whose_webhook_was_missed_fires_by_the_poll_with_its_own_time",
        HERE + "test_an_alert_that_only_the_poll_knows_becomes_a_ticket_and_the_next_poll_changes_nothing",
    ],
    "a repeated cycle changes nothing": [
        HERE + "test_an_alert_that_only_the_poll_knows_becomes_a_ticket_and_the_next_poll_changes_nothing"
    ],
    "an alert that its webhook told is not doubled": [
        POLLING + "test_an_alert_that_its_webhook_told_already_makes_no_event",
        HERE + "test_an_alert_that_its_webhook_told_is_not_doubled_by_the_poll",
    ],
    # The ticket is closed
    "whether a close resets the alert is the rule's word, yes unless it says no": [
        HERE + "test_whether_a_close_resets_the_alert_is_kept_from_the_rule_that_matched"
    ],
    "a resolved alert is left alone by the close": [
        HERE + "test_a_close_leaves_live_alerts_live_and_resolved_ones_resolved"
    ],
    # NinjaOne's words
    "TRIGGERED, RESET and ACKNOWLEDGED by the status code": [
        NINJAONE + "test_the_status_code_decides_and_the_localized_status_does_not"
    ],
    "an unknown status, a missing id": [
        NINJAONE + "test_an_event_of_no_device_is_unknown",
        NINJAONE + "test_an_activity_that_says_neither_alert_nor_condition_is_refused",
    ],
    "severities": [NINJAONE + "test_severity_is_taken_in_any_letter_case_and_moderate_without_one"],
    "times in seconds, and ids that fall back": [
        NINJAONE + "test_a_time_that_is_none_is_the_time_of_receipt",
        NINJAONE + "test_an_activity_without_a_series_is_known_by_its_condition",
    ],
}

OTHERWISE: dict[str, tuple[str, list[str]]] = {
    "a condition's key is cut at 255 characters": (
        "it is a hash: long identities that begin alike stay apart",
        [HERE + "test_long_identities_that_begin_alike_are_two_conditions"],
    ),
    "the condition falls back to alert class, activity type, source type": (
        "each RMM's own id of the check or condition comes first, the same from webhook and poll",
        [NINJAONE + "test_identity_falls_back_to_source_and_code_and_then_to_the_alert"],
    ),
    "words of a rule are compared with their letter case": (
        "without: nobody knows by heart how an RMM writes its words",
        [RULES + "test_all_that_a_rule_asks_must_hold"],
    ),
    "conditions that are stored as a string are parsed": (
        "they are stored in one way",
        [ADMIN_RULES + "test_all_that_a_rule_says_is_kept"],
    ),
    "a contact must be active and the client's own": (
        "there are no records of contacts: organization and client carry theirs",
        [DECIDE + "TestFirstSight::test_the_contact_is_the_organizations_else_the_clients"],
    ),
    "a reset closes although other alerts of the ticket fire": (
        "only the last one closes",
        [RESETS + "test_in_every_order_of_resets_only_the_last_one_closes"],
    ),
    "a reset comments only when its rule closes": (
        "always",
        [
            DECIDE
            + "TestClosingByItself"
            + "::test_without_the_rules_word_the_ticket_stays_open_and_gets_its_comment_all_the_same"
        ],
    ),
    "a deleted rule closes nothing": (
        "the rule as it was when it matched decides",
        [RESETS + "test_a_rule_that_is_edited_or_deleted_after_the_firing_changes_nothing_for_its_alert"],
    ),
    "a window is judged by the time of the firing": (
        "by now",
        [HOLDING + "test_the_window_is_judged_by_now_and_not_by_the_time_of_the_firing"],
    ),
    "suppressed alerts are decided again by the next poll, if the window was deactivated": (
        "by the sweep, when the window ends or changes, with or without polling",
        [
            HOLDING + "test_what_still_fires_when_its_window_ends_gets_its_ticket_from_the_sweep",
            HOLDING + "test_deactivating_a_window_frees_what_it_held",
            SWEEP + "test_what_a_window_held_surfaces_within_a_run_of_its_end_and_not_before",
        ],
    ),
    "the poll resets only what the poll has brought": (
        "whatever its origin",
        [
            POLLING + "test_an_alert_is_over_when_two_listings_in_a_row_lack_it",
            HERE + "test_a_poll_resets_what_a_webhook_has_brought",
        ],
    ),
    "an alert whose ticket a person closed is skipped while it fires": (
        "its next firing makes a new ticket",
        [DECIDE + "TestAgain::test_after_a_person_closed_the_ticket_a_later_firing_makes_a_new_one_that_names_it"],
    ),
    "an unmapped alert is recorded and never decided again": (
        "it waits for its mapping",
        [DECIDE + "TestPlace::test_no_client_waits_for_a_mapping_and_a_mapping_frees_it"],
    ),
}

LATER = (
    "a close resets the alert in its RMM and marks it resolved; a failure is stamped and the alert stays active; "
    "without an adapter it is skipped",
    "a failed poll is recorded and resolves nothing",
)


def named_tests() -> list[str]:
    found = [test for tests in COVERED.values() for test in tests]
    found += [test for _, tests in OTHERWISE.values() for test in tests]
    return sorted(set(found))


@pytest.mark.parametrize("path", sorted({test.split("::")[0] for test in named_tests()}))
def test_the_tests_that_are_named_are_there(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text())
    there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for group in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        there |= {f"{group.name}::{node.name}" for node in group.body if isinstance(node, ast.FunctionDef)}
    named = {test.partition("::")[2] for test in named_tests() if test.startswith(f"{path}::")}
    assert named - there == set()


def test_the_same_on_two_devices_is_two_tickets() -> None:
    world = World(organizations={"o1": Organization("o1", "A", "c1"), "o2": Organization("o2", "B", "c2")})
    world.hear(triggered(0, "a1", device="d1"), triggered(1, "a2", device="d2", organization="o2"))
    assert [ticket.client_id for ticket in world.open_tickets] == ["c1", "c2"]


def test_alerts_without_a_device_share_the_condition_of_their_organization() -> None:
    world = World()
    world.hear(triggered(0, "a1", device=None))
    assert world.hear(triggered(1, "a2", device=None)).outcome is Outcome.OCCURRENCE_APPENDED
    assert world.hear(triggered(2, "a3", device=None, identity="other")).outcome is Outcome.TICKET_CREATED


def test_long_identities_that_begin_alike_are_two_conditions() -> None:
    world = World()
    world.hear(triggered(0, "a1", identity="x" * 300 + "1"), triggered(1, "a2", identity="x" * 300 + "2"))
    assert len(world.open_tickets) == 2
    assert {len(condition_id) for condition_id in world.conditions} == {20}


FULL = RuleConditions(
    severities=(Severity.MODERATE,),
    activity_types=("CONDITION",),
    alert_classes=("disk",),
    source_types=("agent",),
    organization_ids=("o1",),
    keywords=("full",),
    message_pattern="^Disk",
)


@pytest.mark.parametrize(
    "words",
    [
        {"severity": Severity.MAJOR},
        {"activity_type": "SYSTEM"},
        {"alert_class": None},
        {"source_type": "script"},
        {"organization_id": "o2"},
        {"message": "Disk C: is empty"},
        {"message": "The disk is full"},
    ],
)
def test_each_thing_that_a_rule_asks_can_fail_the_match_alone(words: dict[str, object]) -> None:
    fits = replace(triggered(), activity_type="CONDITION", alert_class="disk", source_type="agent")
    world = World(rules=(rule("full", FULL),))
    assert world.hear(fits).outcome is Outcome.TICKET_CREATED
    world = World(rules=(rule("full", FULL),))
    assert world.hear(replace(fits, **words)).outcome is Outcome.RECORDED_ONLY  # type: ignore[arg-type]  # passed through


def test_the_trace_tells_of_a_rule_that_was_skipped() -> None:
    world = World(rules=(rule("bad", RuleConditions(message_pattern="(")), replace(EVERYTHING, order=2)))
    assert world.hear(triggered()).outcome is Outcome.TICKET_CREATED
    assert "rule 'Rule bad' skipped: its message pattern is bad" in world.trace().entries[0].reason


def test_a_window_of_an_asset_holds_alerts_of_its_device_only() -> None:
    window = MaintenanceWindow("w1", "Repair", asset_id="asset-1", span=Span(at(-60), at(60)))
    world = World(windows=(window,), devices={"d1": DeviceRecord("i1", "d1", asset_id="asset-1", version=1)})
    assert world.hear(triggered(0, "a1", device="d1")).outcome is Outcome.SUPPRESSED
    assert world.hear(triggered(0, "a2", device="d2")).outcome is Outcome.TICKET_CREATED


def test_without_a_contact_of_either_the_ticket_has_none() -> None:
    world = World()
    world.hear(triggered())
    assert world.context().clients["c1"] == Client("c1", "Acme", default_contact=None)
    assert world.ticket.contact is None


def test_a_routed_ticket_has_what_the_rule_the_asset_the_template_and_the_source_say() -> None:
    routing = rule(
        "routing",
        board_id=BOARD.board_id,
        priority="urgent",
        assignee_id="u7",
        title_template="{{Severity}} on {{device}}",
        description_template="{{organization}}: {{message}}",
        notify_user_ids=("u8",),
    )
    world = World(rules=(routing,), devices={"d1": DeviceRecord("i1", "d1", asset_id="asset-1", version=1)})
    world.hear(triggered())
    ticket = world.ticket
    assert (ticket.board_id, ticket.status_id) == (BOARD.board_id, BOARD.default_status.status_id)
    assert (ticket.priority, ticket.assignee_id, ticket.notify_user_ids) == (Priority.URGENT, "u7", ("u8",))
    assert (ticket.title, ticket.description) == ("moderate on PC-d1", "Organization o1: Disk C: is full")
    assert (ticket.asset_id, ticket.client_id) == ("asset-1", "c1")
    assert (ticket.source, ticket.source_reference) == ("tacticalrmm", "a1")


def test_a_repeat_is_a_second_comment_and_a_second_occurrence_of_the_one_ticket() -> None:
    world = World()
    world.hear(triggered(0, "a1"), triggered(1, "a2"))
    assert len(world.comments_of(world.ticket)) == 2
    assert world.condition.occurrence_count == 2
    assert {alert.ticket_id for alert in world.alerts.values()} == {world.ticket.ticket_id}


def test_a_ticket_by_hand_takes_the_contact_of_the_mapping_but_not_for_another_client() -> None:
    contact = Contact("Ann", "ann@acme.example")
    for client_id, expected in ((None, contact), ("c1", contact), ("c2", None)):
        world = World(rules=(), organizations={"o1": Organization("o1", "O", "c1", contact)})
        world.hear(triggered())
        asked = decide_again(world.alert(), None, Origin.PERSON, "by-hand", world.now)
        wishes = Wishes(client_id=client_id)
        world.apply(ticket_by_hand(asked, world.alert(), world.state(asked), world.context(), wishes, world.now))
        assert world.ticket.contact == expected


def test_an_alert_that_only_the_poll_knows_becomes_a_ticket_and_the_next_poll_changes_nothing() -> None:
    world = World()
    polled = replace(triggered(0, name="poll"), origin=Origin.POLL, observed_at=at(15))
    assert world.hear(polled).outcome is Outcome.TICKET_CREATED
    world.now = at(30)
    assert world.hear(replace(polled, event_id="second poll", observed_at=at(30))).writes_nothing


def test_an_alert_that_its_webhook_told_is_not_doubled_by_the_poll() -> None:
    world = World()
    world.hear(triggered(0))
    polled = replace(
        triggered(0, name="poll"), origin=Origin.POLL, observed_at=at(15), message="As the listing says it"
    )
    assert world.hear(polled).writes_nothing
    assert len(world.tickets) == 1


def test_a_poll_resets_what_a_webhook_has_brought() -> None:
    world = World(rules=(rule("r", auto_resolve_ticket=True),))
    world.hear(triggered(0))
    assert world.hear(replace(reset(15, name="poll"), origin=Origin.POLL)).outcome is Outcome.RESOLVED
    assert world.alert().status is AlertStatus.AUTO_RESOLVED


@pytest.mark.parametrize(("made", "kept"), [(rule("r"), True), (rule("r", reset_alert_on_ticket_close=False), False)])
def test_whether_a_close_resets_the_alert_is_kept_from_the_rule_that_matched(made: Rule, kept: bool) -> None:
    world = World(rules=(made,))
    world.hear(triggered())
    world.rules = ()
    snapshot = world.alert().rule
    assert snapshot is not None
    assert snapshot.reset_alert_on_ticket_close is kept


def test_a_close_leaves_live_alerts_live_and_resolved_ones_resolved() -> None:
    world = World()
    world.hear(triggered(0, "a1"), triggered(1, "a2"), reset(2, "a2"))
    before = dict(world.alerts)
    world.close(world.ticket)
    assert world.alerts == before, "what becomes of the live ones is their RMM's word"
