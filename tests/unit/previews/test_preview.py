"""What a rule or window that is not in force would have changed, in words of alerts and tickets."""

from dataclasses import replace
from datetime import time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.alerts.models import Kind, Outcome, Rule, RuleConditions, Severity
from tandem.alerts.windows import MaintenanceWindow, Span, Weekday, Weekly
from tandem.previews.comparison import Change, Fate, caught_by, differences
from tandem.previews.concern import concerned, touched_by_rules, touched_by_windows
from tandem.previews.preview import Past, Preview, preview_rules, preview_window
from tandem.previews.simulation import simulate
from tests.unit.alerts.world import EVERYTHING, at, event, reset, rule, triggered
from tests.unit.archive.stream import StreamedWorld

LATER = at(10_000)
QUIET = rule("quiet", RuleConditions(keywords=("heartbeat",)), create_ticket=False)


def preview(world: StreamedWorld, *rules: Rule, most: int = 1000) -> Preview:
    return preview_rules(Past(world.archived(), at(0), LATER), world.context(), rules, most)


def window_preview(world: StreamedWorld, window: MaintenanceWindow, *others: MaintenanceWindow) -> Preview:
    past = Past(world.archived(), at(0), LATER)
    return preview_window(past, [world.context()], (*others, window), window.window_id)


def changes(found: Preview) -> dict[str | None, Change]:
    return {fate.told.external_alert_id: fate.change for fate in found.fates}


def test_rules_that_decide_the_same_change_nothing() -> None:
    world = StreamedWorld()
    world.hear(triggered(), reset(1), triggered(2, "b", device="d2"))
    found = preview(world, EVERYTHING)
    assert (found.fates, found.events, found.alerts) == ([], 3, 2)


def test_an_alert_that_would_be_recorded_instead_is_told_with_what_it_was() -> None:
    world = StreamedWorld()
    world.hear(triggered(message="Missed a heartbeat"), triggered(1, "b", device="d2"))
    (fate,) = preview(world, QUIET, EVERYTHING).fates
    assert (fate.told.external_alert_id, fate.change) == ("a1", Change.TICKET_NOT_MADE)
    assert (fate.before.outcome, fate.after.outcome) == (Outcome.TICKET_CREATED, Outcome.RECORDED_ONLY)
    assert (fate.before.rule_id, fate.after.rule_id) == ("rule-1", "quiet")


def test_a_ticket_that_would_be_made_is_told() -> None:
    world = StreamedWorld(rules=())
    world.hear(triggered())
    assert changes(preview(world, EVERYTHING)) == {"a1": Change.TICKET_MADE}


def test_a_ticket_that_would_go_elsewhere_is_told() -> None:
    world = StreamedWorld()
    world.hear(triggered())
    (fate,) = preview(world, rule("rule-1", priority="urgent", assignee_id="u1")).fates
    assert fate.change is Change.ROUTED_ELSEWHERE
    assert fate.after.ticket is not None
    assert (fate.after.ticket.priority, fate.after.ticket.assignee_id) == ("urgent", "u1")


def test_an_alert_that_would_only_join_no_ticket_is_told_otherwise() -> None:
    world = StreamedWorld()
    world.hear(triggered(), triggered(1, "a2", message="Missed a heartbeat"))
    assert changes(preview(world, QUIET, EVERYTHING)) == {"a2": Change.DECIDED_OTHERWISE}


def test_firings_of_one_alert_are_one_line() -> None:
    world = StreamedWorld(rules=())
    world.hear(triggered(), triggered(1), triggered(2))
    (fate,) = preview(world, EVERYTHING).fates
    assert (fate.firings, fate.told.occurred_at) == (3, at(0))


def test_the_latest_come_first() -> None:
    world = StreamedWorld(rules=())
    for minutes in range(3):
        world.now = at(minutes)
        world.hear(triggered(minutes, f"a{minutes}", device=f"d{minutes}"))
    assert [fate.told.external_alert_id for fate in preview(world, EVERYTHING).fates] == ["a2", "a1", "a0"]


def test_too_much_history_is_cut_at_its_old_end_and_told() -> None:
    world = StreamedWorld(rules=())
    for minutes in range(5):
        world.now = at(minutes)
        world.hear(triggered(minutes, f"a{minutes}", device=f"d{minutes}"))
    found = preview(world, EVERYTHING, most=2)
    assert set(changes(found)) == {"a3", "a4"}
    assert found.covered_from == at(2) + timedelta(seconds=1)
    assert found.events == 2


def test_a_pattern_sees_the_whole_message() -> None:
    world = StreamedWorld(rules=())
    world.hear(triggered(message="x " * 300 + "heartbeat"))
    assert changes(preview(world, rule("r", RuleConditions(message_pattern="heartbeat$")))) == {
        "a1": Change.TICKET_MADE
    }


def test_a_window_is_told_what_it_would_have_caught() -> None:
    world = StreamedWorld()
    for minutes, alert in ((5, "before"), (20, "in"), (30, "quiet"), (70, "after")):
        world.now = at(minutes)
        world.hear(triggered(minutes, alert, device=alert))
    world.hear(reset(71, "quiet", device="quiet"))
    world.now = at(40)
    world.hear(reset(40, "other", device="x"))
    found = window_preview(world, MaintenanceWindow("w", "W", span=Span(at(10), at(60))))
    assert {fate.told.external_alert_id: fate.after.outcome for fate in found.fates} == {
        "in": Outcome.TICKET_CREATED,
        "quiet": Outcome.TICKET_CREATED,
    }
    assert all(fate.change is Change.NONE for fate in found.fates), "the tickets come later, but they come"


def test_a_window_saves_the_ticket_of_what_is_reset_while_it_lasts() -> None:
    world = StreamedWorld(now=at(20))
    world.hear(triggered(20))
    world.now = at(30)
    world.hear(reset(30))
    (fate,) = window_preview(world, MaintenanceWindow("w", "W", span=Span(at(10), at(60)))).fates
    assert (fate.change, fate.after.outcome) == (Change.TICKET_NOT_MADE, Outcome.SUPPRESSED)


def test_a_weekly_window_catches_by_its_scope() -> None:
    saturday = Weekly(frozenset({Weekday.SAT}), time(8), time(9), "UTC")
    world = StreamedWorld()
    world.hear(triggered())
    caught = window_preview(world, MaintenanceWindow("w", "W", client_id="c1", weekly=saturday))
    missed = window_preview(world, MaintenanceWindow("w", "W", client_id="c2", weekly=saturday))
    assert len(caught.fates) == 1
    assert missed.fates == []


def test_what_another_window_would_let_go_into_this_one_is_caught() -> None:
    first = MaintenanceWindow("first", "First", span=Span(at(10), at(30)))
    world = StreamedWorld(now=at(20), windows=(first,))
    world.hear(triggered(20))
    (fate,) = window_preview(world, MaintenanceWindow("w", "W", span=Span(at(25), at(60))), first).fates
    assert [held.window_id for held in fate.after.held] == ["first", "w"]


# ---- what is left out makes no difference

firings = st.lists(
    st.tuples(
        st.sampled_from(Kind),
        st.sampled_from(["a1", "a2"]),
        st.sampled_from(["d1", "d2", None]),
        st.integers(1, 20),
        st.sampled_from(["heartbeat", "disk"]),
        st.sampled_from(Severity),
    ),
    max_size=15,
)
some_rules = st.lists(
    st.sampled_from(
        [QUIET, EVERYTHING, rule("bad", RuleConditions(severities=(Severity.CRITICAL,)), priority="low", order=0)]
    ),
    unique_by=lambda each: each.rule_id,
    max_size=3,
)
some_windows = st.lists(
    st.builds(
        lambda number, client, start, length: MaintenanceWindow(
            f"w{number}", "W", client_id=client, span=Span(at(start), at(start + length))
        ),
        st.integers(0, 5),
        st.sampled_from([None, "c1", "c2"]),
        st.integers(0, 100),
        st.integers(1, 60),
    ),
    unique_by=lambda each: each.window_id,
    max_size=3,
)


def told(story: list[tuple[Kind, str, str | None, int, str, Severity]]) -> StreamedWorld:
    world = StreamedWorld()
    minutes = 0
    for kind, alert, device, later, message, severity in story:
        minutes += later
        world.now = at(minutes)
        name = f"{alert}-{device}"
        world.hear(event(kind, minutes, name, device=device, severity=severity, message=message))
    return world


def without_reasons(fates: list[Fate]) -> object:
    return [(fate.told, fate.change, fate.before.outcome, fate.after.outcome, fate.firings) for fate in fates]


@settings(max_examples=200)
@given(firings, some_rules, some_rules)
def test_only_concerned_conditions_can_fare_otherwise_by_rules(
    story: list[tuple[Kind, str, str | None, int, str, Severity]], before: list[Rule], after: list[Rule]
) -> None:
    world = told(story)
    events = world.archived()
    contexts = [{"i1": replace(world.context(), rules=tuple(rules))} for rules in (before, after)]

    def found(events: list[object]) -> object:
        tried = [simulate(events, context, LATER) for context in contexts]  # type: ignore[arg-type]  # events
        return without_reasons(differences(events, *tried))  # type: ignore[arg-type]  # events

    assert found(list(events)) == found(list(concerned(events, touched_by_rules(before, after))))


@settings(max_examples=200)
@given(firings, some_windows, some_windows)
def test_only_concerned_conditions_can_be_caught_by_a_window(
    story: list[tuple[Kind, str, str | None, int, str, Severity]],
    before: list[MaintenanceWindow],
    after: list[MaintenanceWindow],
) -> None:
    world = told(story)
    events = world.archived()
    contexts = [{"i1": replace(world.context(), windows=tuple(windows))} for windows in (before, after)]
    new = {window.window_id for window in after if window not in before}

    def found(events: list[object]) -> object:
        tried = [simulate(events, context, LATER) for context in contexts]  # type: ignore[arg-type]  # events
        fates = [*differences(events, *tried)]  # type: ignore[arg-type]  # events
        return [without_reasons(fates), [without_reasons(caught_by(each, events, *tried)) for each in sorted(new)]]  # type: ignore[arg-type]  # events

    assert found(list(events)) == found(list(concerned(events, touched_by_windows(before, after))))
