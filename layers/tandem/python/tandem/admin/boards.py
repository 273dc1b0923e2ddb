"""Routes of boards."""

import re
from collections.abc import Sequence
from dataclasses import replace

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import page_of
from tandem.admin.problems import invalid, not_found
from tandem.admin.schemas.base import NoBody, NoQuery, Page, PageQuery
from tandem.admin.schemas.boards import BoardAnswer, BoardChange, BoardCreate, StatusAnswer, StatusBody
from tandem.alerts.tickets import Board, Status
from tandem.ids import new_id
from tandem.store.configuration.records import BoardRecord, Role

_LONGEST_STATUS_ID = 64


def list_boards(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of boards."""
    return Answer(page_of(call, "boards", call.services.boards.page, lambda each: each.board.board_id, _shape))


def create_board(call: Call[BoardCreate, NoQuery]) -> Answer:
    """A new board."""
    body = call.body
    record = BoardRecord(Board(new_id(), body.name, statuses_of(body.statuses, ()), body.is_default))
    call.services.table.retrying(lambda: call.services.boards.put(record))
    return Answer(_shape(record), 201, f"/boards/{record.board.board_id}")


def get_board(call: Call[NoBody, NoQuery]) -> Answer:
    """One board."""
    return Answer(_shape(_the_board(call)))


def change_board(call: Call[BoardChange, NoQuery]) -> Answer:
    """A board, changed."""

    def change() -> BoardRecord:
        record, body = _the_board(call), call.body
        board = record.board
        changed = replace(
            board,
            name=body.name if body.given("name") else board.name,
            statuses=statuses_of(body.statuses, board.statuses) if body.given("statuses") else board.statuses,
            is_default=body.is_default if body.given("is_default") else board.is_default,
            active=body.active if body.given("active") else board.active,
        )
        if board.is_default and not changed.is_default:
            raise invalid("is_default", "there must be a default board: make another board the default instead")
        if changed.is_default and not changed.active:
            raise invalid("active", "the default board must be active")
        if changed != board:
            call.services.boards.put(replace(record, board=changed))
        return replace(record, board=changed)

    return Answer(_shape(call.services.table.retrying(change)))


def statuses_of(bodies: Sequence[StatusBody], present: Sequence[Status]) -> tuple[Status, ...]:
    """The statuses that the bodies describe, in their order. `present` ones keep their ids and may be renamed.

    Raises Problem 422, naming the field, unless exactly one is the default, at least one is closed, names and ids
    differ, and all present ones are there as open or closed as before.
    """
    known = {status.status_id: status for status in present}
    statuses: list[Status] = []
    for place, body in enumerate(bodies):
        field = f"statuses.{place}"
        if any(body.name.casefold() == other.name.casefold() for other in statuses):
            raise invalid(f"{field}.name", "another status has this name")
        status_id = body.id or _new_status_id(body.name, known.keys() | {other.status_id for other in statuses})
        if any(status_id == other.status_id for other in statuses):
            raise invalid(f"{field}.id", "another status has this id")
        before = known.get(status_id)
        if before is not None and before.is_closed != body.is_closed:
            raise invalid(f"{field}.is_closed", "cannot change: tickets may stand in this status")
        statuses.append(Status(status_id, body.name, body.is_default, body.is_closed))
    missing = known.keys() - {status.status_id for status in statuses}
    if missing:
        raise invalid("statuses", f"none can be taken away, tickets may stand in it: {', '.join(sorted(missing))}")
    defaults = [status for status in statuses if status.is_default]
    if len(defaults) != 1:
        raise invalid("statuses", f"exactly one must have is_default, not {len(defaults)}")
    if defaults[0].is_closed:
        raise invalid("statuses", "the default status cannot be a closed one")
    if not any(status.is_closed for status in statuses):
        raise invalid("statuses", "at least one must have is_closed")
    return tuple(statuses)


def _new_status_id(name: str, taken: set[str]) -> str:
    """A readable id from the name: `Waiting for client` is waiting_for_client."""
    words = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[: _LONGEST_STATUS_ID - 4] or "status"
    candidate, number = words, 2
    while candidate in taken:
        candidate, number = f"{words}_{number}", number + 1
    return candidate


def _the_board(call: Call[BoardChange, NoQuery] | Call[NoBody, NoQuery]) -> BoardRecord:
    record = call.services.boards.get(call.params["board_id"])
    if record is None:
        raise not_found("board", call.params["board_id"])
    return record


def _shape(record: BoardRecord) -> BoardAnswer:
    board = record.board
    return BoardAnswer(
        id=board.board_id,
        name=board.name,
        is_default=board.is_default,
        active=board.active,
        statuses=[
            StatusAnswer(id=each.status_id, name=each.name, is_default=each.is_default, is_closed=each.is_closed)
            for each in board.statuses
        ],
    )


_TAG = "Boards"

ROUTES: Routes = (
    Route("GET", "/boards", "List boards", Role.VIEWER, list_boards, Page[BoardAnswer], _TAG, query=PageQuery),
    Route("POST", "/boards", "Create a board", Role.ADMIN, create_board, BoardAnswer, _TAG, 201, body=BoardCreate),
    Route("GET", "/boards/{board_id}", "Read a board", Role.VIEWER, get_board, BoardAnswer, _TAG),
    Route(
        "PATCH", "/boards/{board_id}", "Change a board", Role.ADMIN, change_board, BoardAnswer, _TAG, body=BoardChange
    ),
)
