"""What goes wrong by order, at any vendor, and what control by curl can do."""

import socket
import time
from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.simulators.levelio.simulator import API_KEY, Level
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm import simulator as tacticalrmm
from tests.simulators.tacticalrmm.simulator import TacticalRmm
from tests.simulators.world import level as populate
from tests.unit.simulators.asking import HTTP, client


def _asked(simulator: Level, path: str = "/v2/devices?limit=4") -> httpx.Response:
    return HTTP.get(simulator.url + path, headers={"Authorization": API_KEY})


@pytest.fixture
def level(simulated_level: Level) -> Level:
    populate(simulated_level, groups=2, devices=10)
    return simulated_level


def test_a_simulator_listens_on_this_machine_only(level: Level) -> None:
    assert level.url.startswith("http://127.0.0.1:")
    assert level._server._listener is not None
    assert level._server._listener.server_address[0] == "127.0.0.1"


def test_the_next_requests_are_throttled_and_then_all_is_well(level: Level) -> None:
    level.faults.add("status", status=429, retry_after=2, times=2)

    answers = [_asked(level) for _ in range(3)]

    assert [each.status_code for each in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "2"
    assert answers[0].json() == {"error": "Too many requests"}


def test_a_throttle_need_not_say_how_long(level: Level) -> None:
    level.faults.add("status", status=429)

    assert "Retry-After" not in _asked(level).headers


def test_errors_are_in_the_vendors_words_and_a_gateways_are_html(
    level: Level, simulated_ninjaone: NinjaOne, simulated_tacticalrmm: TacticalRmm
) -> None:
    for simulator in (level, simulated_ninjaone, simulated_tacticalrmm):
        simulator.faults.add("status", status=500)
        simulator.faults.add("status", status=502)

    of_level = _asked(level)
    of_ninjaone = HTTP.get(f"{simulated_ninjaone.url}/v2/devices")
    of_tactical = HTTP.get(f"{simulated_tacticalrmm.url}/agents/")

    assert of_level.json() == {"error": "Internal server error"}
    assert of_ninjaone.json()["resultCode"] == "FAILURE"
    assert of_tactical.headers["Content-Type"].startswith("text/html")
    for url in (
        f"{level.url}/v2/devices",
        f"{simulated_ninjaone.url}/v2/devices",
        f"{simulated_tacticalrmm.url}/agents/",
    ):
        answer = HTTP.get(url)
        assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")


def test_a_fault_may_be_about_some_requests_only_and_come_later(level: Level) -> None:
    level.faults.add("status", status=500, path="/alerts$", after=1, method="GET")

    statuses = [_asked(level, path).status_code for path in ("/v2/alerts", "/v2/devices", "/v2/alerts", "/v2/alerts")]

    assert statuses == [200, 200, 500, 200]


def test_html_an_empty_body_and_a_wrong_content_type(level: Level) -> None:
    for kind in ("html", "empty_body", "wrong_content_type"):
        level.faults.add(kind)

    page, empty, mislabelled = _asked(level), _asked(level), _asked(level)

    assert page.status_code == 200
    assert "<html>" in page.text
    assert (empty.status_code, empty.content) == (200, b"")
    assert mislabelled.headers["Content-Type"] == "text/plain"
    assert len(mislabelled.json()["data"]) == 4


def test_a_truncated_answer_is_no_json_and_one_that_is_cut_off_never_ends(level: Level) -> None:
    level.faults.add("truncated")
    level.faults.add("cut_off")

    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        _asked(level).json()
    with pytest.raises(httpx.RemoteProtocolError):
        _asked(level)


def test_a_reset_connection_gives_no_answer(level: Level) -> None:
    level.faults.add("reset")

    with pytest.raises(httpx.ReadError):
        _asked(level)
    assert [entry.status for entry in level.requests.all()] == [0]


def test_latency_comes_on_top_of_other_faults(level: Level) -> None:
    level.faults.add("latency", seconds=0.2)
    level.faults.add("status", status=500)
    began = time.monotonic()

    assert _asked(level).status_code == 500
    assert time.monotonic() - began >= 0.2
    assert level.requests.all()[0].fault == "latency+status"


def test_an_expired_key_is_told_in_the_vendors_words(level: Level, simulated_tacticalrmm: TacticalRmm) -> None:
    level.faults.add("expired_token")
    simulated_tacticalrmm.faults.add("expired_token")

    assert _asked(level).json() == {"error": "Access denied"}
    answer = HTTP.get(f"{simulated_tacticalrmm.url}/agents/", headers={"X-API-KEY": tacticalrmm.API_KEY})
    assert (answer.status_code, answer.json()) == (401, {"detail": "The token has expired."})


def test_a_repeated_page_comes_again_and_again(level: Level) -> None:
    first = _asked(level).json()
    level.faults.add("repeated_page", times=None)

    again = _asked(level, f"/v2/devices?limit=4&starting_after={first['data'][-1]['id']}").json()

    assert again["data"] == first["data"]
    assert again["has_more"] is True


def test_half_a_listing_looks_like_all_of_it(level: Level) -> None:
    level.faults.add("half_listing")

    half = _asked(level, "/v2/devices?limit=10").json()

    assert (len(half["data"]), half["has_more"]) == (5, False)


def test_a_missing_page_is_followed_by_the_next(level: Level) -> None:
    everything = [each["id"] for each in _asked(level, "/v2/devices?limit=100").json()["data"]]
    level.faults.add("missing_page")

    page = _asked(level, f"/v2/devices?limit=3&starting_after={everything[2]}").json()

    assert [each["id"] for each in page["data"]] == everything[6:9]


def test_an_empty_listing_is_well_formed(level: Level) -> None:
    level.faults.add("empty_listing")

    assert _asked(level).json() == {"data": [], "has_more": False}


def test_a_vendor_that_is_down_resets_and_one_that_is_stopped_refuses(level: Level) -> None:
    level.down()
    with pytest.raises(httpx.ReadError):
        _asked(level)
    level.up()
    assert _asked(level).status_code == 200

    level.stop()
    with pytest.raises(httpx.ConnectError):
        _asked(level)
    level.start()
    assert len(_asked(level, "/v2/devices").json()["data"]) == 10


def test_a_stopped_vendor_hangs_up_on_connections_that_are_open(level: Level) -> None:
    with client(level.url, {"Authorization": API_KEY}) as kept:
        assert kept.get("/v2/groups").status_code == 200
        level.stop()
        with pytest.raises(httpx.TransportError):
            kept.get("/v2/groups")


def test_a_rate_limit_says_how_long_to_wait(level: Level) -> None:
    level.limit(3, seconds=60)

    answers = [_asked(level) for _ in range(4)]

    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[3].headers["Retry-After"]) <= 61
    assert level.requests.most_within(60) == 4


def test_a_clock_that_is_wrong_shows_in_what_the_vendor_says(level: Level) -> None:
    device = level.add_device("WS-1").id
    level.skew(-7200)

    started = level.trigger(device).started_at

    assert (level.clock.now() - started).total_seconds() < 5
    assert time.time() - started.timestamp() > 7100
    said = parsedate_to_datetime(_asked(level).headers["Date"])
    assert abs(level.clock.now().timestamp() - said.timestamp()) < 5


def test_everything_can_be_done_by_curl(level: Level) -> None:
    control = f"{level.url}/_simulator"
    device = next(iter(level.state.devices)).id

    assert HTTP.post(f"{control}/faults", json={"kind": "status", "status": 500}).json()["faults"][0]["status"] == 500
    assert _asked(level).status_code == 500
    assert HTTP.get(f"{control}/faults").json() == {"down": False, "faults": []}
    alert = HTTP.post(f"{control}/trigger", json={"device": device, "condition": "cpu"}).json()
    assert HTTP.get(f"{control}/state").json()["active_alerts"][0]["id"] == alert["id"]
    assert HTTP.post(f"{control}/rename_device", json={"device": device, "name": "NEW"}).json()["hostname"] == "NEW"
    assert HTTP.post(f"{control}/drift").json() == 10
    assert HTTP.post(f"{control}/down").json() == "ok"
    assert HTTP.delete(f"{control}/faults").json()["down"] is False
    assert [each["path"] for each in HTTP.get(f"{control}/requests").json()] == ["/v2/devices?limit=4"]


def test_control_says_what_there_is_when_it_is_asked_for_something_else(level: Level) -> None:
    for answer in (
        HTTP.post(f"{level.url}/_simulator/explode"),
        HTTP.post(f"{level.url}/_simulator/trigger", json={"devise": "x"}),
        HTTP.post(f"{level.url}/_simulator/trigger", json={"device": "nobody"}),
        HTTP.post(f"{level.url}/_simulator/faults", json={"kind": "explosion"}),
    ):
        assert answer.status_code == 400
        assert any("/_simulator/trigger {device" in line for line in answer.json()["operations"])


def test_the_log_of_requests_shows_no_credentials(level: Level) -> None:
    _asked(level)

    assert API_KEY not in HTTP.get(f"{level.url}/_simulator/requests").text


def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match=r"in use"):
        Level(port=taken.getsockname()[1]).start()
