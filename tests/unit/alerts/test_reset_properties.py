"""When a ticket closes by itself: for every order in which a condition's alerts fire and reset and people work."""

from dataclasses import dataclass, field, replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.alerts.decision import Decision
from tandem.alerts.models import AlertStatus, Outcome, RuleConditions, Severity
from tandem.alerts.tickets import SYSTEM, CloseTicket, Priority, Ticket, WriteComment
from tandem.desk import work
from tests.unit.alerts.world import BOARD, World, at, reset, rule, triggered

ALERTS = ("a1", "a2", "a3", "a4")
CLOSING = rule("closing", auto_resolve_ticket=True)
TOUCHING = ("comments", "books time", "changes the status")
PERSONS = (*TOUCHING, "changes the priority", "closes", "reopens")

rmm = st.tuples(st.sampled_from(["fires", "resets"]), st.sampled_from(ALERTS))
people = st.tuples(st.sampled_from(PERSONS), st.just(""))


@dataclass
class Book:
    """What the rule book says of one condition, told as plainly as it can be."""

    live: set[str] = field(default_factory=set)
    stands_on: dict[str, int] = field(default_factory=dict)
    tickets: int = 0
    open: int | None = None
    touched: set[int] = field(default_factory=set)

    def fires(self, alert: str) -> None:
        """On the open ticket, or on a new one."""
        if self.open is None:
            self.tickets += 1
            self.open = self.tickets
        self.live.add(alert)
        self.stands_on[alert] = self.open

    def resets(self, alert: str) -> bool:
        """Gives whether its ticket closes."""
        self.live.discard(alert)
        closes = (
            self.open is not None
            and self.stands_on[alert] == self.open
            and self.open not in self.touched
            and not any(self.stands_on[each] == self.open for each in self.live)
        )
        if closes:
            self.open = None
        return closes


@dataclass
class Telling:
    """A world and its book, step by step."""

    world: World = field(default_factory=lambda: World(rules=(CLOSING,)))
    book: Book = field(default_factory=Book)
    steps: int = 0

    def step(self, act: str, alert: str) -> None:
        self.steps += 1
        self.world.now = at(self.steps)
        if act == "fires":
            self.world.hear(triggered(self.steps, alert))
            self.book.fires(alert)
        elif act == "resets":
            self._resets(alert)
        elif self.world.tickets:
            self._person(act, list(self.world.tickets.values())[-1])
        assert len(self.world.tickets) == self.book.tickets
        assert {ticket.number for ticket in self.world.open_tickets} == (
            {f"T-{1000 + self.book.open}"} if self.book.open is not None else set()
        )

    def _resets(self, alert: str) -> None:
        decision = self.world.hear(reset(self.steps, alert))
        if alert not in self.book.live:
            assert not decision.commands, "nobody is told of what is known"
            return
        ticket_id = self.world.alert(alert).ticket_id
        (comment,) = [each for each in decision.commands if isinstance(each, WriteComment)]
        assert comment.comment.ticket_id == ticket_id
        closes = [each for each in decision.commands if isinstance(each, CloseTicket)]
        if self.book.resets(alert):
            assert [close.ticket_id for close in closes] == [ticket_id]
            self._closed_like_a_persons(decision)
        else:
            assert closes == []
            assert self.world.alert(alert).status is AlertStatus.RESOLVED

    def _closed_like_a_persons(self, decision: Decision) -> None:
        ticket = decision.ticket
        assert ticket is not None
        by_hand = work.close(
            replace(ticket, is_closed=False, status_id="new", closed_at=None, closed_by=None),
            None,
            BOARD,
            None,
            work.Act("close", SYSTEM, self.world.now),
        ).ticket
        assert by_hand is not None
        assert replace(by_hand, touched_at=None, version=ticket.version) == ticket, "but for the touch"
        assert decision.alert is not None
        assert decision.alert.status is AlertStatus.AUTO_RESOLVED

    def _person(self, act: str, ticket: Ticket) -> None:
        number = int(ticket.number.removeprefix("T-")) - 1000
        condition, doing = self.world.condition, work.Act(f"act {self.steps}", "u1", self.world.now)
        if act == "comments":
            self.world.apply(work.comment(ticket, "On it", True, doing))
        elif act == "books time":
            self.world.apply(work.book_time(ticket, 5, "Looked", doing))
        elif act == "changes the status" and not ticket.is_closed and ticket.status_id == "new":
            self.world.apply(work.change(ticket, condition, BOARD, work.Change(status_id="doing"), 0, doing))
        elif act == "changes the priority":
            self.world.apply(work.change(ticket, condition, BOARD, work.Change(priority=Priority.LOW), 0, doing))
            return
        elif act == "closes" and not ticket.is_closed:
            self.world.close(ticket)
            self.book.open = None
        elif act == "reopens" and ticket.is_closed:
            self.world.reopen(ticket)
            self.book.open = number
        else:
            return
        self.book.touched.add(number)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(rmm, rmm, rmm, people), max_size=40))
def test_a_ticket_closes_exactly_when_its_last_live_alert_resets_and_nobody_has_touched_it(
    story: list[tuple[str, str]],
) -> None:
    telling = Telling()
    for act, alert in story:
        telling.step(act, alert)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_in_every_order_of_resets_only_the_last_one_closes(count: int) -> None:
    for order in permutations(ALERTS[:count]):
        telling = Telling()
        for alert in ALERTS[:count]:
            telling.step("fires", alert)
        for alert in order[:-1]:
            telling.step("resets", alert)
            assert telling.world.open_tickets
        telling.step("resets", order[-1])
        assert not telling.world.open_tickets
        assert telling.world.ticket.closed_by == SYSTEM


@pytest.mark.parametrize("touch", TOUCHING)
def test_each_work_of_a_person_keeps_the_ticket_open_and_the_comment_says_why(touch: str) -> None:
    telling = Telling()
    for act, alert in (("fires", "a1"), (touch, ""), ("resets", "a1")):
        telling.step(act, alert)
    assert "a person has worked on it" in telling.world.comments_of(telling.world.ticket)[-1].body


class TestTwoRulesOnOneTicket:
    """The alert that clears last decides, by the rule that matched it."""

    MINOR = rule("minor", RuleConditions(severities=(Severity.MINOR,)), auto_resolve_ticket=False)

    def world(self) -> World:
        world = World(rules=(self.MINOR, replace(CLOSING, order=2)))
        world.hear(triggered(0, "closes"), triggered(1, "stays", severity=Severity.MINOR))
        assert len(world.tickets) == 1
        return world

    def test_the_one_that_closes_is_last(self) -> None:
        world = self.world()
        world.hear(reset(2, "stays"), reset(3, "closes"))
        assert world.ticket.is_closed

    def test_the_one_that_does_not_close_is_last(self) -> None:
        world = self.world()
        world.hear(reset(2, "closes"), reset(3, "stays"))
        assert not world.ticket.is_closed
        assert [comment.body.split(":")[0] for comment in world.comments_of(world.ticket)[-2:]] == [
            "Cleared in Tactical RMM"
        ] * 2


@pytest.mark.parametrize(
    "after", [(), (CLOSING,), (rule("other", create_ticket=False),)], ids=["gone", "same", "quiet"]
)
@pytest.mark.parametrize("closes", [True, False])
def test_a_rule_that_is_edited_or_deleted_after_the_firing_changes_nothing_for_its_alert(
    closes: bool, after: tuple[object, ...]
) -> None:
    world = World(rules=(rule("r", auto_resolve_ticket=closes),))
    world.hear(triggered())
    world.rules = after  # type: ignore[assignment]  # pytest's parameters are objects
    world.hear(triggered(1), triggered(1, severity=Severity.CRITICAL))
    assert world.hear(reset(2)).outcome is Outcome.RESOLVED
    assert world.ticket.is_closed is closes


def test_a_firing_after_the_close_makes_a_ticket_that_names_the_earlier_one_each_time() -> None:
    world = World(rules=(CLOSING,))
    for minute in range(0, 6, 2):
        world.hear(triggered(minute), reset(minute + 1))
    assert [ticket.previous_ticket_number for ticket in world.tickets.values()] == [None, "T-1001", "T-1002"]
    assert all(ticket.is_closed for ticket in world.tickets.values())
    for ticket in list(world.tickets.values())[1:]:
        assert f"had a ticket before: {ticket.previous_ticket_number}" in world.comments_of(ticket)[0].body
