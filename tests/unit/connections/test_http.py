"""The request core: what is repeated, how long it waits, what it makes of odd answers."""

import gzip
import json as json_module
import traceback
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tandem.connections.calls import Call, Page
from tandem.connections.errors import (
    BadReply,
    Forbidden,
    NotFound,
    Paced,
    Refused,
    Rejected,
    ServerFailed,
    Throttled,
    TimeIsUp,
    Unreachable,
    VendorError,
    WrongAddress,
)
from tandem.connections.limits import Limits, Pace, RateLimit
from tandem.connections.watching import Watched
from tests.unit.connections.world import FAST, KEY, World, in_pieces, json, page, raw

POST = Call("POST", "/things", json={"a": 1})
RESET = httpx.ReadError("connection reset")
REFUSED = httpx.ConnectError("connection refused")


def failure(world: World, call: Call | None = None, **options: Any) -> VendorError:
    with pytest.raises(VendorError) as caught:
        world.http(**options).request(call or Call("GET", "/x", repeatable=True))
    return caught.value


# ---- what is repeated


@pytest.mark.parametrize("answer", [json({}, 500), json({}, 503), page(502), RESET, REFUSED, httpx.ReadTimeout("")])
def test_a_get_that_failed_is_asked_again(answer: Any) -> None:
    world = World(answer, answer, json({"ok": True}))
    assert world.http().get("/x") == {"ok": True}
    assert len(world.requests) == 3


@pytest.mark.parametrize("answer", [json({}, 500), json({}, 503), RESET, httpx.ReadTimeout("")])
def test_a_post_that_may_have_been_done_is_not_repeated(answer: Any) -> None:
    world = World(answer, json({}))
    failure(world, POST)
    assert len(world.requests) == 1


@pytest.mark.parametrize("answer", [json({}, 429), REFUSED, httpx.ConnectTimeout("")])
def test_a_post_that_was_not_done_for_sure_is_repeated(answer: Any) -> None:
    world = World(answer, json({"ok": True}))
    assert world.http().request(POST) == {"ok": True}


def test_a_post_that_is_said_to_be_repeatable_is_repeated() -> None:
    world = World(json({}, 500), json("ok"))
    assert world.http().request(Call("POST", "/x", repeatable=True)) == "ok"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_an_answer_that_would_be_the_same_again_is_not_asked_for_again(status: int) -> None:
    world = World(json({"detail": "no"}, status))
    failure(world)
    assert len(world.requests) == 1


def test_four_attempts_are_all() -> None:
    world = World(json({}, 500))
    assert isinstance(failure(world), ServerFailed)
    assert len(world.requests) == 4


def test_the_waits_grow_and_are_a_random_part_of_what_they_may_be() -> None:
    world = World(json({}, 500), chance=1.0)
    failure(world, limits=Limits(FAST, attempts=7, first_wait=0.5, longest_wait=8))
    assert world.waits == [0.5, 1, 2, 4, 8, 8]
    calm = World(json({}, 500), chance=0.0)
    failure(calm)
    assert calm.waits == [0, 0, 0]


# ---- Retry-After


def test_retry_after_in_seconds_is_waited_for() -> None:
    world = World(json({}, 429, Retry_After="7"), json([]), chance=0.0)
    world.http().get("/x")
    assert world.waits == [7]


def test_retry_after_as_a_date_is_waited_for() -> None:
    world = World(json({}, 503, Retry_After="Sat, 21 Nov 2026 03:00:20 GMT"), json([]), chance=0.0)
    world.http().get("/x")
    assert world.waits == [20]


@pytest.mark.parametrize("text", ["soon", "-5", "nan", "1e9", "", "Sat, 99 Nov 2026", "99999999999999999999"])
def test_a_retry_after_that_says_nothing_leaves_the_usual_wait(text: str) -> None:
    world = World(json({}, 429, Retry_After=text), json([]), chance=0.0)
    world.http().get("/x")
    assert world.waits == [0.5]


def test_a_retry_after_beyond_the_deadline_is_not_waited_for_but_told() -> None:
    world = World(json({}, 429, Retry_After="300"))
    error = failure(world, seconds=60)
    assert isinstance(error, Throttled)
    assert error.retry_after == 300
    assert world.waits == []


# ---- bounded time


def test_no_wait_goes_beyond_the_deadline() -> None:
    world = World(json({}, 500), takes=3, chance=1.0)
    assert isinstance(failure(world, seconds=7), ServerFailed)
    assert world.seconds <= 7


def test_an_answer_that_drips_ends_at_the_deadline() -> None:
    world = World()

    def drip() -> Iterator[bytes]:
        while True:
            world.seconds += 1
            yield b" "

    world.will_answer(in_pieces(drip()))
    assert isinstance(failure(world, seconds=10), TimeIsUp)
    assert world.seconds <= 12


def test_without_time_nothing_is_sent() -> None:
    world = World(json([]))
    http = world.http(seconds=5)
    world.seconds = 5
    with pytest.raises(TimeIsUp):
        http.get("/x")
    assert world.requests == []


def test_no_answer_is_awaited_longer_than_the_deadline() -> None:
    world = World(json([]))
    world.http(seconds=4).get("/x")
    assert world.requests[0].extensions["timeout"] == {"connect": 4, "read": 4, "write": 4, "pool": 4}


# ---- the rate


def test_sixty_a_minute_is_kept_in_every_minute() -> None:
    world = World(json([]), takes=0.1)
    limits = Limits(RateLimit(requests=60, per=timedelta(minutes=1)))
    http = world.http(seconds=600, limits=limits)
    for _ in range(150):
        http.get("/x")
    for earlier, later in zip(world.sent_at, world.sent_at[60:], strict=False):
        assert later - earlier >= 60 - 1e-6
    assert world.seconds < 130


def test_one_pace_holds_for_all_work_that_shares_it() -> None:
    world = World(json([]))
    pace = Pace(RateLimit(2, timedelta(seconds=10)), world.around.clock, world.around.sleep)
    for _ in range(4):
        world.http(pace=pace).get("/x")
    assert world.sent_at == [0, 0, 10, 10]


def test_repeated_attempts_count_too() -> None:
    world = World(json({}, 500), json({}, 500), json([]), chance=0.0)
    world.http(limits=Limits(RateLimit(1, timedelta(seconds=10)))).get("/x")
    assert world.sent_at == [0, 10, 20]


def test_a_rate_that_does_not_fit_the_time_says_so_at_once() -> None:
    world = World(json([]))
    http = world.http(seconds=5, limits=Limits(RateLimit(1, timedelta(minutes=1))))
    http.get("/x")
    with pytest.raises(Paced) as caught:
        http.get("/x")
    assert caught.value.retry_after == 60
    assert world.seconds == 0


def test_time_that_the_vendor_used_up_is_no_matter_of_the_rate() -> None:
    world = World(json([]))
    http = world.http(seconds=5, limits=Limits(RateLimit(1, timedelta(minutes=1))))
    http.get("/x")
    world.seconds = 5
    with pytest.raises(TimeIsUp) as caught:
        http.get("/x")
    assert type(caught.value) is TimeIsUp


def test_a_failure_is_told_though_the_rate_leaves_no_time_for_another_attempt() -> None:
    world = World(json({}, 500), chance=0.0)
    assert isinstance(failure(world, seconds=5, limits=Limits(RateLimit(1, timedelta(minutes=1)))), ServerFailed)
    assert len(world.requests) == 1


# ---- odd answers


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (page(), WrongAddress),
        (raw(b"  <html>", content_type="application/json"), WrongAddress),
        (raw(b"\xef\xbb\xbf<html>", content_type="text/plain"), WrongAddress),
        (page(404), WrongAddress),
        (page(405), WrongAddress),
        (page(403), Forbidden),
        (page(401), Forbidden),
        (raw(b""), BadReply),
        (raw(b'{"a": 1'), BadReply),
        (raw(b"[" * 100_000), BadReply),
        (raw(b"9" * 10_000), BadReply),
        (raw(b"hello", content_type="text/plain"), BadReply),
        (json({}, 401), Refused),
        (json({}, 403), Forbidden),
        (json({}, 404), NotFound),
        (json({}, 409), Rejected),
        (json({}, 418), Rejected),
        (json({}, 429), Throttled),
        (json({}, 500), ServerFailed),
        (json({}, 502), Unreachable),
        (page(522), Unreachable),
        (httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=iter([b"no gzip"])), BadReply),
    ],
)  # fmt: skip
def test_an_odd_answer_is_its_error(answer: Any, kind: type[VendorError]) -> None:
    assert type(failure(World(answer))) is kind


def test_json_that_calls_itself_text_is_json() -> None:
    assert World(raw(b"[1]", content_type="text/plain")).http().get("/x") == [1]


def test_an_answer_beyond_the_limit_is_not_read_on() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 1000

    error = failure(World(in_pieces(endless())), limits=Limits(FAST, document_bytes=10_000))
    assert type(error) is BadReply


def test_the_limit_counts_bytes_as_they_are_unpacked() -> None:
    bomb = gzip.compress(b"0" * 1_000_000)
    world = World(lambda _: httpx.Response(200, content=bomb, headers={"Content-Encoding": "gzip"}))
    assert "larger than" in str(failure(world, limits=Limits(FAST, document_bytes=100_000)))


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    def broken() -> Iterator[bytes]:
        yield b'{"a":'
        raise httpx.ReadError("reset")

    world = World(in_pieces(broken()), json({"a": 1}))
    assert world.http().get("/x") == {"a": 1}


def test_no_content_is_an_answer_where_none_is_needed() -> None:
    world = World(httpx.Response(204))
    assert world.http().request(Call("POST", "/x", may_be_empty=True)) is None
    assert type(failure(World(httpx.Response(204)), POST)) is BadReply


# ---- redirects


def test_a_missing_slash_is_followed_on_the_same_server() -> None:
    world = World(json({}, 301, Location="/core/version/"), json("1.5"))
    assert world.http().get("/core/version") == "1.5"
    assert world.requests[1].url == "https://rmm.example.com/core/version/"


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/x",
        "http://rmm.example.com/x",
        "https://rmm.example.com:8443/x",
        "//evil.example/x",
        "https://user:pw@rmm.example.com/x",
        "https://[bad/x",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_redirect_elsewhere_is_not_followed(location: str) -> None:
    world = World(json({}, 302, Location=location), json([]))
    error = failure(world)
    assert isinstance(error, WrongAddress)
    assert len(world.requests) == 1
    assert "pw" not in str(error)


def test_only_a_get_follows() -> None:
    world = World(json({}, 307, Location="/y/"), json([]))
    assert isinstance(failure(world, POST), WrongAddress)


def test_redirects_in_circles_end() -> None:
    world = World(lambda request: httpx.Response(302, headers={"Location": f"{request.url.path}y"}))
    assert isinstance(failure(world), BadReply)
    assert len(world.requests) == 4


# ---- credentials


class Tokens:
    """Gives t1, then t2, t3, as many as there are."""

    def __init__(self, count: int) -> None:
        self.left = [f"token-{number}-secret" for number in range(count, 0, -1)]
        self.gave_up: list[Refused] = []

    @property
    def secrets(self) -> Collection[str]:
        return (self.left[-1],)

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": self.left[-1]}

    def renew(self) -> bool:
        if len(self.left) == 1:
            return False
        self.left.pop()
        return True

    def given_up(self, refusal: Refused) -> None:
        self.gave_up.append(refusal)


def test_a_refused_token_is_renewed_once_even_for_a_post() -> None:
    world = World(json({}, 401), json("ok"))
    assert world.http(authorize=Tokens(2)).request(POST) == "ok"
    assert [each.headers["Authorization"] for each in world.requests] == ["token-1-secret", "token-2-secret"]


def test_a_token_that_is_refused_again_is_not_renewed_for_ever() -> None:
    world, tokens = World(json({}, 401)), Tokens(9)
    error = failure(world, authorize=tokens)
    assert isinstance(error, Refused)
    assert len(world.requests) == 2
    assert tokens.gave_up == [error], "and whoever watches them is told"


def test_fresh_tokens_that_are_refused_as_well_are_told_of_as_a_connection_to_make_anew() -> None:
    told: list[str] = []
    refusal = failure(World(json({"detail": "The token has expired."}, 401)), authorize=Watched(Tokens(9), told.append))
    assert told == [str(refusal)]
    assert "The token has expired." in told[0], "in the vendor's own words"
    told.clear()
    World(json({}, 401), json("ok")).http(authorize=Watched(Tokens(2), told.append)).request(POST)
    assert told == []


@pytest.mark.parametrize("key", ["line\nbreak-secret", "ümlaut-secret", "", "\x00-secret"])
def test_a_key_that_no_header_can_carry_is_refused_before_it_is_sent(key: str) -> None:
    from tandem.connections.authorization import KeyInHeader

    world = World(json([]))
    error = failure(world, authorize=KeyInHeader("X-Key", key))
    assert isinstance(error, Refused)
    assert world.requests == []
    assert "secret" not in repr(error)


def test_no_cookie_is_kept() -> None:
    world = World(json([], Set_Cookie="sessionid=abc; Path=/"))
    http = world.http()
    http.get("/x")
    http.get("/x")
    assert "cookie" not in world.requests[1].headers


EVERY_FAILURE = [
    json({"detail": f"no such key: {KEY}\x1b[31m\u202e"}, 401),
    json({"error": KEY * 50}, 403),
    json([KEY], 400),
    json(KEY, 404),
    json({}, 429),
    json({"errorMessage": KEY}, 500),
    json({}, 302, Location=f"https://evil.example/?k={KEY}"),
    page(200, f"<html>{KEY}</html>"),
    page(502, f"<html>{KEY}</html>"),
    raw(f'{{"{KEY}'.encode()),
    httpx.ReadError(KEY),
    httpx.ConnectError(KEY),
    httpx.LocalProtocolError(f"Illegal header value b'{KEY}'"),
    httpx.ReadTimeout(KEY),
]


@pytest.mark.parametrize("answer", EVERY_FAILURE)
def test_no_error_holds_a_credential_and_none_leads_to_one(answer: Any) -> None:
    error = failure(World(answer))
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error) + repr(vars(error))
    assert KEY not in shown
    assert error.__context__ is None
    assert error.__cause__ is None


def test_the_vendors_own_words_are_told_short_and_without_control_characters() -> None:
    error = failure(World(json({"detail": "No\x00 \x1b[31mway\n" + "x" * 1000}, 403)))
    said = str(error)
    assert "No [31mway xxx" in said
    assert len(said) < 400
    assert said.isprintable()


# ---- listings


def test_the_rows_of_one_long_array_come_one_by_one() -> None:
    rows = [{"id": number, "text": "ä" * 1000} for number in range(500)]
    assert list(World(json(rows)).http().rows(Call("GET", "/x"))) == rows


@pytest.mark.parametrize("body", [b'{"detail": "x"}', b'"x"', b"null", b"[1] [2]", b"[1,]", b"[1 2]", b"x"])
def test_what_is_no_array_is_no_listing(body: bytes) -> None:
    with pytest.raises(BadReply):
        list(World(raw(body)).http().rows(Call("GET", "/x")))


def test_a_listing_that_is_cut_raises_after_its_whole_rows() -> None:
    whole = json_module.dumps([{"id": 1}, {"id": 2}, {"id": 3}]).encode()
    read: list[Any] = []
    with pytest.raises(BadReply):
        read.extend(row["id"] for row in World(raw(whole[:-6])).http().rows(Call("GET", "/x")))
    assert len(read) <= 2


def test_a_broken_connection_is_not_noticed_by_who_reads_rows() -> None:
    def broken() -> Iterator[bytes]:
        yield b'[{"id":1},{"id":'
        raise httpx.ReadError("reset")

    world = World(in_pieces(broken()), json([{"id": 1}, {"id": 2}]))
    assert list(world.http().rows(Call("GET", "/x", repeatable=True))) == [{"id": 1}, {"id": 2}]


def test_pages_are_read_to_their_end() -> None:
    pages = {None: Page([1, 2], "2"), "2": Page([3], None)}
    assert list(World(json([])).http().pages(lambda after: pages[after])) == [1, 2, 3]


def test_pages_that_go_in_circles_are_an_error() -> None:
    http = World(json([])).http()
    with pytest.raises(BadReply, match="circles"):
        list(http.pages(lambda _: Page([1, 2], "2")))


def test_pages_without_end_are_an_error() -> None:
    http = World(json([])).http(limits=Limits(FAST, pages=10))
    with pytest.raises(BadReply, match="more than 10 pages"):
        list(http.pages(lambda after: Page([1], str(int(after or 0) + 1))))
