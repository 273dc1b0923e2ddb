"""NinjaOne's named cursors: a page that was lost is noticed, and nothing is walked for ever."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tandem.connections.errors import BadReply, Forbidden, NotFound, ServerFailed
from tandem.connections.limits import Limits
from tandem.providers.ninjaone import reports
from tandem.providers.ninjaone.reports import Reports, Walk
from tandem.providers.ninjaone.sentences import ADVICE
from tests.unit.connections.world import FAST, World, json

SIZE = 10


class Remembering:
    """A NinjaOne that remembers how far each cursor came, as NinjaOne does. `leads`: its offset counts the page that
    it comes with. `lost`: numbers of requests whose answers get lost on their way."""

    def __init__(
        self, rows: int, *, leads: bool = False, lost: tuple[int, ...] = (), forgets: tuple[int, ...] = ()
    ) -> None:
        self.rows = [{"deviceId": number} for number in range(1, rows + 1)]
        self.read: dict[str, int] = {}
        self.leads = leads
        self.lost = lost
        self.forgets = forgets
        self.requests = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        params = request.url.params
        if self.requests in self.forgets:
            self.read.clear()
        name = params.get("cursor") or f"cursor-{self.requests}"
        if "cursor" in params and name not in self.read:
            return httpx.Response(400, json={"resultCode": "FAILURE", "errorMessage": "no such cursor"})
        before = self.read.get(name, 0)
        page = self.rows[before : before + int(params["pageSize"])]
        self.read[name] = before + len(page)
        if self.requests in self.lost:
            raise httpx.ReadError("lost")
        offset = self.read[name] if self.leads else before
        cursor = {"name": name, "offset": offset, "count": len(page), "expires": 1_783_000_600.0}
        return httpx.Response(200, json={"cursor": cursor, "results": page})


def reading(vendor: Callable[[httpx.Request], httpx.Response]) -> Reports:
    return Reports(World(vendor).http(advice=ADVICE, limits=Limits(FAST, first_wait=0.001)))


def all_of(made: Reports, first: Walk | None = None) -> list[int]:
    """The devices of all pages, each in a message of its own."""
    found: list[int] = []
    after: str | None = (first or Walk()).to_text()
    while after is not None:
        page = made.next_rows("disks", Walk.of(after), SIZE)
        found += [row["deviceId"] for row in page.rows]
        after = None if page.walk is None else page.walk.to_text()
    return found


@pytest.mark.parametrize("leads", [False, True])
@pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 20, 35])
def test_every_row_is_read_once(rows: int, leads: bool) -> None:
    assert all_of(reading(Remembering(rows, leads=leads))) == list(range(1, rows + 1))


@pytest.mark.parametrize("leads", [False, True])
@pytest.mark.parametrize("lost", [1, 2, 3, 4])
def test_an_answer_that_was_lost_costs_no_row(lost: int, leads: bool) -> None:
    found = all_of(reading(Remembering(30, leads=leads, lost=(lost,))))
    assert set(found) == set(range(1, 31))


@pytest.mark.parametrize("leads", [False, True])
@pytest.mark.parametrize("twice", [1, 2, 3])
def test_a_message_that_comes_twice_costs_no_row(twice: int, leads: bool) -> None:
    made = reading(Remembering(30, leads=leads))
    walk = Walk()
    for _ in range(twice - 1):
        next_walk = made.next_rows("disks", walk, SIZE).walk
        assert next_walk is not None
        walk = next_walk
    made.next_rows("disks", walk, SIZE)
    again = all_of(made, walk)
    assert set(range(1, 31)) - set(range(1, 10 * (twice - 1) + 1)) <= set(again)


def test_a_cursor_that_expired_begins_the_report_anew() -> None:
    assert all_of(reading(Remembering(30, forgets=(3,)))) == [*range(1, 21), *range(1, 31)]


def test_a_short_page_whose_cursor_is_gone_was_the_last() -> None:
    assert all_of(reading(Remembering(25, forgets=(4,)))) == list(range(1, 26))


def test_a_cursor_that_never_holds_is_told_and_not_walked_for_ever() -> None:
    vendor = Remembering(30, forgets=tuple(range(2, 100, 2)))
    with pytest.raises(BadReply, match="never held to the end"):
        all_of(reading(vendor))
    assert vendor.requests == 2 * reports.MOST_BEGINNINGS


def test_what_was_held_for_the_next_page_is_lost_with_the_cursor() -> None:
    made = reading(Remembering(30, forgets=(2,)))
    walk = made.next_rows("disks", Walk(), SIZE).walk
    assert walk is not None
    held = Walk.of(walk.to_text().replace('"held":null', '"held":"kept"'))
    assert held.held == "kept"
    assert made.next_rows("disks", held, SIZE).held is None


def test_an_offset_that_never_moves_or_is_not_told_tells_nothing() -> None:
    for members in ({"offset": 0}, {}, {"offset": None}, {"offset": "1"}, {"offset": True}):
        pages = iter([range(1, 11), range(11, 21), []])

        def vendor(_request: httpx.Request, members: Any = members, pages: Any = pages) -> httpx.Response:
            rows = [{"deviceId": number} for number in next(pages)]
            return httpx.Response(200, json={"cursor": {"name": "c", **members}, "results": rows})

        assert all_of(reading(vendor)) == list(range(1, 21))


def test_a_page_that_comes_again_and_again_is_a_circle() -> None:
    same = {"cursor": {"name": "c"}, "results": [{"deviceId": 1}]}
    with pytest.raises(BadReply, match="in circles"):
        all_of(reading(json(same)))


def test_a_report_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MOST_PAGES", 3)
    with pytest.raises(BadReply, match="more than 3 pages"):
        all_of(reading(Remembering(100)))


@pytest.mark.parametrize("answer", [[], {}, {"results": None}, {"results": {}}, None, 5])
def test_what_holds_no_results_is_no_report(answer: Any) -> None:
    with pytest.raises(BadReply):
        reading(json(answer)).next_rows("disks", Walk())


@pytest.mark.parametrize(("status", "error"), [(403, Forbidden), (404, NotFound), (500, ServerFailed)])
def test_a_report_that_is_refused_from_the_start_is_refused(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        reading(json({"errorMessage": "no"}, status)).next_rows("disks", Walk())


def test_one_devices_rows_are_its_own_even_if_the_filter_is_not_understood() -> None:
    rows = [{"deviceId": 7, "x": 1}, {"deviceId": 8}, {"deviceId": 7, "x": 2}, None]
    assert reading(json({"results": rows})).of_device("disks", "7") == [rows[0], rows[2]]
