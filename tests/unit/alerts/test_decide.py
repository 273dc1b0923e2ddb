"""The decision, by example; the numbers are those of alerts.md, "Triggered"."""

from dataclasses import replace
from datetime import timedelta

from tandem.alerts.models import (
    AlertEvent,
    AlertStatus,
    Contact,
    Kind,
    Organization,
    Origin,
    Outcome,
    RuleConditions,
    Severity,
)
from tandem.alerts.tickets import ChangePriority, CloseTicket, Priority
from tandem.desk import work
from tests.unit.alerts.world import START, World, acknowledged, at, event, reset, rule, triggered


def decide_again(alert: AlertEvent, name: str = "mapping") -> AlertEvent:
    return replace(alert, event_id=name, origin=Origin.MAPPING, decide_again=True)


class TestFirstSight:
    def test_a_first_firing_makes_a_ticket(self) -> None:
        world = World()
        decision = world.hear(triggered())
        assert decision.outcome is Outcome.TICKET_CREATED
        ticket = world.ticket
        assert (ticket.number, ticket.title) == ("T-1001", "PC-d1: Disk C: is full")
        assert (ticket.client_id, ticket.board_id, ticket.status_id) == ("c1", "board-1", "new")
        assert (ticket.source, ticket.source_reference) == ("tacticalrmm", "a1")
        assert world.alert().ticket_id == ticket.ticket_id
        assert world.condition.open_ticket_id == ticket.ticket_id
        assert (world.condition.occurrence_count, world.condition.live_count) == (1, 1)
        assert world.links == {(ticket.ticket_id, world.alert().alert_id)}

    def test_the_first_comment_is_internal_and_tells_what_is_known_of_the_device(self) -> None:
        world = World()
        world.hear(replace(triggered(), facts={"Location": "Main office"}))
        (comment,) = world.comments_of(world.ticket)
        assert comment.internal
        assert comment.author == "tandem"
        for words in ("Client: Acme", "Device: PC-d1 (d1)", "Location: Main office", "Rule: Everything"):
            assert words in comment.body

    def test_the_trace_says_why(self) -> None:
        world = World()
        world.hear(triggered())
        (line,) = world.trace().entries
        assert line.outcome is Outcome.TICKET_CREATED
        assert "rule 'Everything' makes a ticket" in line.reason
        assert (line.rule_id, line.ticket_id) == ("rule-1", world.ticket.ticket_id)

    def test_priority_follows_severity_unless_the_rule_sets_it(self) -> None:
        wanted = {
            Severity.CRITICAL: Priority.URGENT,
            Severity.MAJOR: Priority.HIGH,
            Severity.MODERATE: Priority.MEDIUM,
            Severity.MINOR: Priority.LOW,
            Severity.NONE: Priority.LOW,
        }
        for severity, priority in wanted.items():
            world = World()
            world.hear(triggered(severity=severity))
            assert world.ticket.priority is priority
        world = World(rules=(rule("r", priority="low"),))
        world.hear(triggered(severity=Severity.CRITICAL))
        assert world.ticket.priority is Priority.LOW

    def test_a_rules_board_that_is_gone_falls_back_to_the_default_board_and_says_so(self) -> None:
        world = World(rules=(rule("r", board_id="gone"),))
        decision = world.hear(triggered())
        assert world.ticket.board_id == "board-1"
        assert "default board took it" in decision.reason

    def test_the_contact_is_the_organizations_else_the_clients(self) -> None:
        contact = Contact("Ann", "ann@acme.example")
        world = World(organizations={"o1": Organization("o1", "O", "c1", contact)})
        world.hear(triggered())
        assert world.ticket.contact == contact
        world = World(organizations={"o1": Organization("o1", "O", "c2")})
        world.hear(triggered())
        assert world.ticket.contact == Contact("Bob", "bob@globex.example")

    def test_no_rule_means_recorded_only(self) -> None:
        world = World(rules=())
        assert world.hear(triggered()).outcome is Outcome.RECORDED_ONLY
        assert world.trace().entries[0].reason == "no rule matched"
        assert not world.tickets
        assert not world.conditions

    def test_a_rule_that_makes_no_ticket_means_recorded_only_and_names_the_rule(self) -> None:
        world = World(rules=(rule("quiet", create_ticket=False), rule("loud", order=2)))
        assert world.hear(triggered()).outcome is Outcome.RECORDED_ONLY
        assert world.trace().entries[0].rule_id == "quiet"

    def test_the_rule_is_snapshotted_on_the_alert(self) -> None:
        world = World(rules=(rule("r", auto_resolve_ticket=True, auto_resolve_status_id="done"),))
        world.hear(triggered())
        world.rules = ()
        kept = world.alert().rule
        assert kept is not None
        assert (kept.rule_id, kept.auto_resolve_ticket, kept.auto_resolve_status_id) == ("r", True, "done")


class TestPlace:
    def test_no_client_waits_for_a_mapping_and_a_mapping_frees_it(self) -> None:
        world = World(organizations={})
        firing = triggered()
        decision = world.hear(firing)
        assert decision.outcome is Outcome.NEEDS_MAPPING
        assert decision.waits is True
        assert "organization 'Organization o1' is not mapped" in decision.reason
        assert world.alert().needs_mapping

        world.organizations = {"o1": Organization("o1", "O", "c1")}
        assert world.hear(decide_again(firing)).outcome is Outcome.TICKET_CREATED
        assert not world.alert().needs_mapping
        assert not world.waiting
        assert world.hear(decide_again(firing, "again")).outcome is Outcome.IGNORED

    def test_a_mapping_frees_nobody_who_was_reset_meanwhile(self) -> None:
        world = World(organizations={})
        world.hear(triggered(0), reset(1))
        world.organizations = {"o1": Organization("o1", "O", "c1")}
        assert world.hear(decide_again(triggered(0))).outcome is Outcome.IGNORED
        assert not world.tickets

    def test_a_waiting_alert_of_a_condition_with_an_open_ticket_needs_no_client(self) -> None:
        world = World()
        world.hear(triggered(0, "a1"))
        world.organizations = {}
        assert world.hear(triggered(1, "a2")).outcome is Outcome.OCCURRENCE_APPENDED

    def test_the_device_record_is_learnt_and_places_a_later_alert_without_an_organization(self) -> None:
        world = World()
        world.hear(triggered(0, "a1", identity="one"))
        assert world.devices["d1"].organization_id == "o1"
        world.hear(triggered(1, "a2", identity="two", organization=None))
        assert world.alert("a2").client_id == "c1"
        assert world.devices["d1"].version == 1, "written only when it changes"

    def test_the_devices_client_beats_its_organizations_which_beats_the_default(self) -> None:
        world = World(default_client_id="c2")
        world.hear(triggered(0, "a1", identity="one"))
        assert world.alert("a1").client_id == "c1"
        world.devices["d1"] = replace(world.devices["d1"], client_id="c2")
        world.hear(triggered(1, "a2", identity="two"))
        assert world.alert("a2").client_id == "c2"
        world.hear(triggered(2, "a3", device=None, organization=None))
        assert world.alert("a3").client_id == "c2"

    def test_deviceless_alerts_of_two_organizations_never_share_a_ticket(self) -> None:
        world = World(organizations={"o1": Organization("o1", "A", "c1"), "o2": Organization("o2", "B", "c2")})
        world.hear(triggered(0, "a1", device=None), triggered(1, "a2", device=None, organization="o2"))
        assert {ticket.client_id for ticket in world.open_tickets} == {"c1", "c2"}


class TestAgain:
    def test_an_exact_redelivery_writes_nothing(self) -> None:
        world = World()
        world.hear(triggered())
        decision = world.hear(triggered())
        assert decision.outcome is Outcome.IGNORED
        assert decision.writes_nothing

    def test_another_alert_of_the_condition_joins_its_open_ticket(self) -> None:
        world = World()
        world.hear(triggered(0, "a1"))
        decision = world.hear(triggered(1, "a2"))
        assert decision.outcome is Outcome.OCCURRENCE_APPENDED
        assert world.alert("a2").ticket_id == world.ticket.ticket_id
        assert (world.condition.occurrence_count, world.condition.live_count) == (2, 2)
        assert "occurrence 2" in world.comments_of(world.ticket)[-1].body

    def test_a_later_firing_of_a_live_alert_is_an_occurrence(self) -> None:
        world = World()
        world.hear(triggered(0))
        assert world.hear(triggered(5)).outcome is Outcome.OCCURRENCE_APPENDED
        assert (world.condition.occurrence_count, world.condition.live_count) == (2, 1)
        assert world.alert().occurrence_count == 2

    def test_a_recorded_only_alert_does_not_join_a_ticket_that_its_rule_does_not_want(self) -> None:
        quiet = rule("quiet", RuleConditions(severities=(Severity.MINOR,)), create_ticket=False)
        world = World(rules=(quiet, rule("loud", order=2)))
        world.hear(triggered(0, "a1"))
        world.hear(triggered(1, "a2", severity=Severity.MINOR))
        assert world.alert("a2").ticket_id is None

    def test_after_a_person_closed_the_ticket_a_later_firing_makes_a_new_one_that_names_it(self) -> None:
        world = World()
        world.hear(triggered(0))
        first = world.ticket
        world.close(first)
        decision = world.hear(triggered(5))
        assert decision.outcome is Outcome.TICKET_CREATED
        (second,) = world.open_tickets
        assert second.previous_ticket_number == first.number
        assert f"had a ticket before: {first.number}" in world.comments_of(second)[0].body

    def test_after_a_person_closed_the_ticket_a_redelivery_makes_none(self) -> None:
        world = World()
        world.hear(triggered(0))
        world.close(world.ticket)
        assert world.hear(triggered(0)).writes_nothing

    def test_a_resolved_alert_that_fires_again_joins_the_ticket_that_stayed_open(self) -> None:
        world = World()
        world.hear(triggered(0), reset(1))
        assert world.hear(triggered(2)).outcome is Outcome.OCCURRENCE_APPENDED
        assert len(world.tickets) == 1
        assert world.condition.live_count == 1
        assert world.alert().status is AlertStatus.ACTIVE

    def test_the_same_event_at_a_later_time_is_a_redelivery(self) -> None:
        """A sender that gives no time is timed by receipt, so a redelivery comes with a later one."""
        world = World()
        world.hear(triggered(0))
        late = replace(triggered(9), event_id=triggered(0).event_id)
        assert world.hear(late).writes_nothing
        world.close(world.ticket)
        assert world.hear(late).writes_nothing

    def test_one_event_may_make_two_tickets_of_different_ids(self) -> None:
        world = World()
        world.hear(triggered(0), triggered(1))
        world.close(world.ticket)
        world.hear(replace(triggered(9), event_id=triggered(0).event_id))
        assert len(world.tickets) == 2

    def test_a_firing_that_comes_again_is_decided_again_while_its_alert_waits(self) -> None:
        world = World(organizations={})
        world.hear(triggered(0))
        assert world.hear(triggered(0)).writes_nothing, "still no client: nothing changes"
        world.organizations = {"o1": Organization("o1", "O", "c1")}
        assert world.hear(triggered(0)).outcome is Outcome.TICKET_CREATED

    def test_a_refiring_on_the_same_ticket_links_it_once(self) -> None:
        world = World()
        world.hear(triggered(0), reset(1))
        assert world.hear(triggered(2)).links == ()

    def test_the_alert_shows_its_latest_firings_message_and_keeps_a_long_one_whole(self) -> None:
        world = World()
        assert world.hear(triggered(0, message="long " * 200)).full_message == "long " * 200
        assert world.hear(triggered(1, message="short")).full_message is None
        assert world.alert().message == "short"
        world.hear(triggered(0.5, message="older", severity=Severity.CRITICAL))
        assert world.alert().message == "short", "news of an older time does not overwrite newer words"

    def test_an_occurrence_teaches_the_device_and_late_news_does_not_unteach_it(self) -> None:
        world = World(organizations={"o1": Organization("o1", "A", "c1"), "o2": Organization("o2", "B", "c2")})
        world.hear(triggered(0), triggered(5, organization="o2"))
        assert world.devices["d1"].organization_id == "o2"
        assert world.alert().client_id == "c2"
        world.hear(triggered(3, "late", identity="other", organization="o1"))
        assert world.devices["d1"].organization_id == "o2"

    def test_a_ticket_by_another_rule_is_made_when_the_first_decision_made_none(self) -> None:
        world = World(rules=())
        world.hear(triggered(0))
        world.rules = (rule("late"),)
        assert world.hear(triggered(0)).writes_nothing, "rules added later are not retroactive"
        assert world.hear(triggered(1)).outcome is Outcome.TICKET_CREATED


class TestSeverity:
    def test_a_higher_severity_raises_alert_and_priority_with_a_comment(self) -> None:
        world = World()
        world.hear(triggered(0))
        decision = world.hear(triggered(0, severity=Severity.CRITICAL))
        assert decision.outcome is Outcome.SEVERITY_RAISED
        assert world.alert().severity is Severity.CRITICAL
        assert world.ticket.priority is Priority.URGENT
        assert "Severity rose from moderate to critical" in world.comments_of(world.ticket)[-1].body
        assert any(isinstance(command, ChangePriority) for command in decision.commands)
        assert world.condition.occurrence_count == 1, "the same firing, only worse"

    def test_it_never_lowers_what_a_person_raised(self) -> None:
        world = World()
        world.hear(triggered(0, severity=Severity.MINOR))
        world.tickets[world.ticket.ticket_id] = replace(world.ticket, priority=Priority.URGENT)
        world.hear(triggered(0, severity=Severity.MAJOR))
        assert world.ticket.priority is Priority.URGENT

    def test_a_rule_that_sets_the_priority_keeps_it(self) -> None:
        world = World(rules=(rule("r", priority="low"),))
        world.hear(triggered(0))
        world.hear(triggered(0, severity=Severity.CRITICAL))
        assert world.ticket.priority is Priority.LOW
        assert "rule 'Rule r' sets it" in world.comments_of(world.ticket)[-1].body

    def test_a_worse_alert_that_joins_raises_the_ticket_too(self) -> None:
        world = World()
        world.hear(triggered(0, "a1"), triggered(1, "a2", severity=Severity.CRITICAL))
        assert world.ticket.priority is Priority.URGENT

    def test_a_worse_firing_without_a_ticket_is_decided_again(self) -> None:
        world = World(rules=(rule("r", RuleConditions(severities=(Severity.CRITICAL,))),))
        assert world.hear(triggered(0)).outcome is Outcome.RECORDED_ONLY
        assert world.hear(triggered(0, severity=Severity.CRITICAL)).outcome is Outcome.TICKET_CREATED

    def test_a_worse_alert_of_a_ticket_that_already_stands_for_worse_is_told_by_a_comment(self) -> None:
        world = World()
        world.hear(triggered(0, "a1", severity=Severity.CRITICAL), triggered(1, "a2", severity=Severity.MINOR))
        assert world.hear(triggered(1, "a2", severity=Severity.MAJOR)).outcome is Outcome.SEVERITY_RAISED
        last = world.comments_of(world.ticket)[-1].body
        assert "Severity rose from minor to major" in last
        assert "Priority stays urgent" in last

    def test_late_news_of_a_worse_severity_reopens_nothing_that_a_person_closed(self) -> None:
        world = World()
        world.hear(triggered(2))
        world.close(world.ticket)
        assert world.hear(triggered(1, severity=Severity.CRITICAL)).outcome is Outcome.SEVERITY_RAISED
        assert len(world.tickets) == 1
        assert world.hear(triggered(2, severity=Severity.CRITICAL)).writes_nothing

    def test_a_severity_that_rises_in_place_after_the_close_makes_a_ticket(self) -> None:
        world = World()
        world.hear(triggered(2))
        world.close(world.ticket)
        assert world.hear(triggered(2, severity=Severity.CRITICAL)).outcome is Outcome.TICKET_CREATED

    def test_a_lower_severity_at_the_same_time_is_a_redelivery(self) -> None:
        world = World()
        world.hear(triggered(0))
        assert world.hear(triggered(0, severity=Severity.MINOR)).writes_nothing


class TestReset:
    def test_a_reset_resolves_the_alert_and_comments_its_ticket(self) -> None:
        world = World()
        world.hear(triggered(0))
        assert world.hear(reset(3)).outcome is Outcome.RESOLVED
        assert world.alert().status is AlertStatus.RESOLVED
        assert world.alert().resolved_at == at(3)
        assert world.condition.live_count == 0
        assert "Cleared in Tactical RMM" in world.comments_of(world.ticket)[-1].body
        assert not world.ticket.is_closed

    def test_a_redelivered_reset_writes_nothing(self) -> None:
        world = World()
        world.hear(triggered(0), reset(3))
        assert world.hear(reset(3)).writes_nothing

    def test_a_reset_finds_its_condition_through_the_alert_whatever_its_own_identity(self) -> None:
        world = World()
        world.hear(triggered(0))
        world.hear(reset(1, identity="another code"))
        assert world.condition.live_count == 0

    def test_an_alert_without_an_id_is_known_by_its_condition(self) -> None:
        world = World()
        world.hear(triggered(0, None))
        assert world.hear(reset(1, None)).outcome is Outcome.RESOLVED
        assert not next(iter(world.alerts.values())).is_live
        assert world.hear(triggered(2, None)).outcome is Outcome.OCCURRENCE_APPENDED

    def test_a_reset_before_its_trigger_leaves_a_tombstone_that_the_trigger_meets(self) -> None:
        world = World()
        decision = world.hear(reset(3))
        assert decision.outcome is Outcome.IGNORED
        assert world.alert().status is AlertStatus.TOMBSTONE
        assert world.hear(triggered(1)).outcome is Outcome.RESOLVED
        assert world.alert().status is AlertStatus.RESOLVED
        assert not world.tickets
        assert world.hear(triggered(5)).outcome is Outcome.TICKET_CREATED

    def test_a_closed_ticket_gets_a_comment_only(self) -> None:
        world = World()
        world.hear(triggered(0))
        world.close(world.ticket)
        world.hear(reset(3))
        assert world.ticket.is_closed
        assert "Cleared" in world.comments_of(world.ticket)[-1].body

    def test_the_vendors_echo_of_a_reset_changes_nothing_that_people_see(self) -> None:
        world = World()
        world.hear(triggered(0), reset(3))
        comments = len(world.comments)
        world.hear(reset(4))
        assert len(world.comments) == comments
        assert world.alert().resolved_at == at(3)


class TestClosingByItself:
    """A reset closes the ticket only if the rule says so, no alert of it is live, and nobody has worked on it."""

    def closing_world(self, auto_resolve_status_id: str | None = None) -> World:
        return World(rules=(rule("r", auto_resolve_ticket=True, auto_resolve_status_id=auto_resolve_status_id),))

    def test_an_untouched_ticket_whose_last_alert_cleared_is_closed_like_by_a_person(self) -> None:
        world = self.closing_world()
        world.hear(triggered(0))
        world.now = at(7)
        decision = world.hear(reset(3))
        assert world.alert().status is AlertStatus.AUTO_RESOLVED
        ticket = world.ticket
        assert (ticket.is_closed, ticket.status_id, ticket.closed_by, ticket.closed_at) == (
            True,
            "done",
            "tandem",
            at(7),
        )
        assert isinstance(decision.commands[0], CloseTicket)
        assert world.condition.open_ticket_id is None
        assert world.condition.previous_ticket_number == "T-1001"
        (_, cleared) = world.comments_of(ticket)
        assert "T-1001 closed" in cleared.body
        assert "nobody has worked on it" in world.trace().entries[-1].reason

    def test_a_ticket_with_another_live_alert_stays_open_whatever_the_order(self) -> None:
        for first, second in (("a1", "a2"), ("a2", "a1")):
            world = self.closing_world()
            world.hear(triggered(0, "a1"), triggered(1, "a2"))
            world.hear(reset(2, first))
            assert not world.ticket.is_closed
            assert "one of its alerts still fires" in world.trace(first).entries[-1].reason
            world.hear(reset(3, second))
            assert world.ticket.is_closed

    def test_a_ticket_that_a_person_has_worked_on_stays_open(self) -> None:
        world = self.closing_world()
        world.hear(triggered(0))
        world.apply(work.comment(world.ticket, "On it", True, world.act()))
        world.hear(reset(1))
        assert not world.ticket.is_closed
        assert world.alert().status is AlertStatus.RESOLVED
        assert "a person has worked on it" in world.comments_of(world.ticket)[-1].body

    def test_automatic_comments_and_a_raised_priority_leave_a_ticket_untouched(self) -> None:
        world = self.closing_world()
        world.hear(triggered(0), triggered(1), triggered(1, severity=Severity.CRITICAL), reset(2))
        assert world.ticket.is_closed

    def test_without_the_rules_word_the_ticket_stays_open_and_gets_its_comment_all_the_same(self) -> None:
        world = World()
        world.hear(triggered(0), reset(1))
        assert not world.ticket.is_closed
        assert len(world.comments) == 2

    def test_the_rule_as_it_was_when_it_matched_decides(self) -> None:
        world = self.closing_world()
        world.hear(triggered(0))
        world.rules = ()
        world.hear(reset(1))
        assert world.ticket.is_closed

    def test_the_rules_own_closed_status_is_taken_if_the_board_has_it(self) -> None:
        for wanted, taken in (("done", "done"), ("gone", "done"), ("doing", "done")):
            world = self.closing_world(auto_resolve_status_id=wanted)
            world.hear(triggered(0), reset(1))
            assert world.ticket.status_id == taken

    def test_a_firing_after_the_close_makes_a_new_ticket_that_names_the_earlier_one(self) -> None:
        world = self.closing_world()
        world.hear(triggered(0), reset(1), triggered(2))
        (second,) = world.open_tickets
        assert second.previous_ticket_number == "T-1001"
        assert world.alert().status is AlertStatus.ACTIVE

    def test_a_late_reset_of_an_earlier_firing_closes_nothing(self) -> None:
        world = self.closing_world()
        world.hear(triggered(5), reset(3))
        assert not world.ticket.is_closed


class TestAcknowledge:
    def test_an_acknowledge_marks_a_live_alert_and_comments_its_ticket(self) -> None:
        world = World()
        world.hear(triggered(0))
        assert world.hear(replace(acknowledged(1), acted_by="ann")).outcome is Outcome.ACKNOWLEDGED
        assert world.alert().status is AlertStatus.ACKNOWLEDGED
        assert (world.alert().acknowledged_at, world.alert().acknowledged_by) == (at(1), "ann")
        assert "Acknowledged" in world.comments_of(world.ticket)[-1].body

    def test_an_acknowledge_before_its_trigger_is_met_by_it(self) -> None:
        world = World()
        world.hear(replace(acknowledged(2), acted_by="ann"))
        assert world.hear(triggered(1)).outcome is Outcome.TICKET_CREATED
        assert world.alert().status is AlertStatus.ACKNOWLEDGED
        assert (world.alert().acknowledged_at, world.alert().acknowledged_by) == (at(2), "ann")

    def test_who_acknowledged_is_forgotten_when_it_fires_again(self) -> None:
        world = World()
        world.hear(replace(acknowledged(2), acted_by="ann"), triggered(1), triggered(3))
        assert world.alert().status is AlertStatus.ACTIVE
        assert (world.alert().acknowledged_at, world.alert().acknowledged_by) == (None, None)


class TestFlapping:
    def test_from_the_tenth_occurrence_comment_within_an_hour_the_last_is_rewritten(self) -> None:
        world = World()
        world.hear(triggered(0))
        for minute in range(1, 31):
            world.now = at(minute)
            world.hear(triggered(minute))
        comments = world.comments_of(world.ticket)
        assert len(comments) == 1 + 9
        assert "Fired again 22 times: occurrences 10 to 31" in comments[-1].body
        assert "2026-11-21 08:09:00" in comments[-1].body
        assert "2026-11-21 08:30:00" in comments[-1].body
        world.now = at(90)
        world.hear(triggered(90))
        assert len(world.comments_of(world.ticket)) == 11

    def test_the_trace_of_a_flapping_alert_stays_small(self) -> None:
        world = World()
        for minute in range(0, 400, 2):
            world.now = START + timedelta(minutes=minute)
            world.hear(triggered(minute), reset(minute + 1))
        assert len(world.trace().entries) <= 20
        assert world.trace().entries[0].outcome is Outcome.TICKET_CREATED


def test_an_event_of_every_kind_for_an_unknown_alert_never_raises() -> None:
    for kind in Kind:
        for device in ("d1", None):
            for alert in ("a1", None):
                World(organizations={}).hear(event(kind, 0, alert, device=device, organization=None))
