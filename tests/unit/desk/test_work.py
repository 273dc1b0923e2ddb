"""What a person does on a ticket."""

from dataclasses import replace

import pytest

from tandem.alerts.models import Outcome, Severity
from tandem.alerts.tickets import Board, BookTime, CloseTicket, Priority, Status, WriteComment
from tandem.desk import work
from tandem.desk.work import Act, Change, DeskRefusedError
from tests.unit.alerts.world import BOARD, World, at, triggered

ACT = Act("act-1", "ann", at(10))
OTHER_BOARD = Board(
    "board-2", "Servers", (Status("open", "Open", is_default=True), Status("gone", "Gone", is_closed=True))
)


@pytest.fixture
def world() -> World:
    world = World()
    world.hear(triggered())
    return world


def test_a_comment_touches_the_ticket_once(world: World) -> None:
    decision = work.comment(world.ticket, "Looking at it", False, ACT)
    (command,) = decision.commands
    assert isinstance(command, WriteComment)
    assert (command.comment.author, command.comment.internal) == ("ann", False)
    world.apply(decision)
    assert world.ticket.touched_at == at(10)
    world.apply(work.comment(world.ticket, "Still", True, replace(ACT, act_id="act-2", at=at(20))))
    assert world.ticket.touched_at == at(10)


def test_booked_time_touches_the_ticket(world: World) -> None:
    decision = work.book_time(world.ticket, 15, "Cleaned up", ACT)
    (command,) = decision.commands
    assert isinstance(command, BookTime)
    world.apply(decision)
    assert world.ticket.touched_at == at(10)


def test_automatic_comments_do_not_touch_the_ticket(world: World) -> None:
    world.hear(triggered(1))
    assert world.ticket.touched_at is None


def test_closing_frees_the_condition_and_says_who_and_when(world: World) -> None:
    decision = work.close(world.ticket, world.condition, BOARD, None, ACT)
    assert isinstance(decision.commands[-1], CloseTicket)
    world.apply(decision)
    assert (world.ticket.status_id, world.ticket.closed_by, world.ticket.closed_at) == ("done", "ann", at(10))
    assert world.condition.open_ticket_id is None
    assert world.condition.previous_ticket_number == "T-1001"
    assert work.close(world.ticket, world.condition, BOARD, None, ACT).outcome is Outcome.IGNORED


def test_closing_with_a_status_that_is_not_closed_is_refused(world: World) -> None:
    for status in ("doing", "unknown"):
        with pytest.raises(DeskRefusedError, match=r"status"):
            work.close(world.ticket, world.condition, BOARD, status, ACT)


def test_reopening_takes_the_condition_back(world: World) -> None:
    world.close(world.ticket)
    world.reopen(world.ticket)
    assert not world.ticket.is_closed
    assert (world.ticket.closed_at, world.ticket.closed_by, world.ticket.status_id) == (None, None, "new")
    assert world.condition.open_ticket_id == world.ticket.ticket_id
    assert world.condition.live_count == 1


def test_reopening_brings_back_what_the_ticket_stood_for(world: World) -> None:
    for minute in range(1, 7):
        world.hear(triggered(minute))
    first = world.ticket
    world.close(first)
    world.reopen(first)
    assert world.condition.occurrence_count == 7
    assert world.condition.open_ticket_severity is Severity.MODERATE
    world.hear(triggered(8))
    assert "occurrence 8" in world.comments_of(first)[-1].body


def test_reopening_while_the_condition_has_another_open_ticket_is_refused_naming_it(world: World) -> None:
    first = world.ticket
    world.close(first)
    world.hear(triggered(5))
    with pytest.raises(DeskRefusedError, match="T-1002") as refused:
        work.reopen(world.tickets[first.ticket_id], world.condition, BOARD, 0, ACT)
    assert refused.value.ticket_number == "T-1002"


def test_a_status_of_the_other_sort_closes_and_reopens(world: World) -> None:
    world.apply(work.change(world.ticket, world.condition, BOARD, Change(status_id="done"), 0, ACT))
    assert (world.ticket.is_closed, world.ticket.closed_by) == (True, "ann")
    world.apply(work.change(world.ticket, world.condition, BOARD, Change(status_id="doing"), 1, ACT))
    assert (world.ticket.is_closed, world.ticket.closed_by) == (False, None)
    assert world.condition.live_count == 1


def test_changing_priority_or_assignee_does_not_touch_but_a_status_does(world: World) -> None:
    world.apply(
        work.change(world.ticket, world.condition, BOARD, Change(priority=Priority.URGENT, assignee_id="bob"), 0, ACT)
    )
    assert world.ticket.touched_at is None
    assert (world.ticket.priority, world.ticket.assignee_id) == (Priority.URGENT, "bob")
    world.apply(work.change(world.ticket, world.condition, BOARD, Change(clear_assignee=True), 0, ACT))
    assert world.ticket.assignee_id is None
    world.apply(work.change(world.ticket, world.condition, BOARD, Change(status_id="doing"), 0, ACT))
    assert world.ticket.touched_at == at(10)


def test_moving_to_another_board_takes_a_status_of_that_board(world: World) -> None:
    world.apply(work.change(world.ticket, world.condition, BOARD, Change(board=OTHER_BOARD), 0, ACT))
    assert (world.ticket.board_id, world.ticket.status_id) == ("board-2", "open")
    with pytest.raises(DeskRefusedError, match="no status 'doing'"):
        work.change(world.ticket, world.condition, OTHER_BOARD, Change(status_id="doing"), 0, ACT)
