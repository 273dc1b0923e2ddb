"""Refused and ignored webhooks from ingest's log, which is searched backwards though it answers forwards."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from tandem import telemetry
from tandem.admin.ingest_log import LIMIT_SECONDS, MOST, IngestLog, LogError
from tests.unit.ingest.outside import ALERT, Outside

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def line(ago: timedelta, metric: str = "WebhookRefused", integration_id: str = "int-1", **more: Any) -> dict[str, Any]:
    """An event of the log group."""
    at = int((NOW - ago).timestamp() * 1000)
    said = {"_aws": {"Timestamp": at}, metric: 1, "reason": "unauthorized", "integration_id": integration_id}
    return {"timestamp": at, "message": json.dumps(said | {"status": 401, "field": "X-Tandem-Secret"} | more)}


class Logs:
    """A log group that answers from its oldest line on, `page` lines at a time, and does not filter."""

    def __init__(self, *lines: dict[str, Any], page: int = 1000, seconds_a_page: float = 0.0) -> None:
        self.lines = sorted(lines, key=lambda each: each["timestamp"])
        self.page = page
        self.asked: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.seconds_a_page = seconds_a_page

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        self.seconds += self.seconds_a_page
        within = [each for each in self.lines if request["startTime"] <= each["timestamp"] <= request["endTime"]]
        start = int(request.get("nextToken", 0))
        answer: dict[str, Any] = {"events": within[start : start + self.page]}
        return answer | ({"nextToken": str(start + self.page)} if start + self.page < len(within) else {})

    def log(self) -> IngestLog:
        return IngestLog(lambda: cast("Any", self), "group", lambda: self.seconds)


def test_the_last_fifty_come_newest_first_whatever_they_are_spread_over() -> None:
    lines = [line(timedelta(minutes=number**2), reason=str(number)) for number in range(1, 80)]
    deliveries = Logs(*lines, page=3).log().last_deliveries("int-1", NOW)
    assert [each.reason for each in deliveries.found] == [str(number) for number in range(1, MOST + 1)]
    assert deliveries.searched_from == deliveries.found[-1].at


def test_one_of_weeks_ago_is_found_in_few_calls_and_the_log_is_known_to_be_searched_to_its_end() -> None:
    logs = Logs(line(timedelta(days=29)))
    deliveries = logs.log().last_deliveries("int-1", NOW)
    assert len(deliveries.found) == 1
    assert deliveries.searched_from is None
    assert len(logs.asked) < 15


def test_stretches_neither_overlap_nor_leave_a_gap() -> None:
    logs = Logs()
    logs.log().last_deliveries("int-1", NOW)
    bounds = [(each["startTime"], each["endTime"]) for each in logs.asked]
    assert bounds[0][1] == NOW.timestamp() * 1000 - 1
    for (newer, _), (_, older) in pairwise(bounds):
        assert older == newer - 1


def test_lines_of_other_integrations_and_of_other_kinds_are_passed_over() -> None:
    others = [
        line(timedelta(seconds=1), integration_id="int-2"),
        line(timedelta(seconds=2), metric="Something"),
        {"timestamp": int(NOW.timestamp() * 1000) - 3, "message": "START RequestId: x"},
        {"timestamp": int(NOW.timestamp() * 1000) - 4, "message": "[]"},
        {"timestamp": int(NOW.timestamp() * 1000) - 5, "message": '{"message": "webhook accepted"}'},
    ]
    (found,) = Logs(*others, line(timedelta(seconds=6))).log().last_deliveries("int-1", NOW).found
    assert found.at == NOW - timedelta(seconds=6)


def test_a_search_that_takes_too_long_says_how_far_it_came_and_goes_on_from_there() -> None:
    lines = [line(timedelta(hours=1), reason="old"), line(timedelta(seconds=10), reason="new")]
    logs = Logs(*lines, seconds_a_page=LIMIT_SECONDS / 2.5)
    first = logs.log().last_deliveries("int-1", NOW)
    assert [each.reason for each in first.found] == ["new"]
    assert first.searched_from is not None
    logs.seconds_a_page = 0
    second = logs.log().last_deliveries("int-1", first.searched_from)
    assert [each.reason for each in second.found] == ["old"]


def test_a_stretch_that_was_not_read_to_its_end_shows_nothing_of_it() -> None:
    flood = [line(timedelta(seconds=30, milliseconds=number)) for number in range(100)]
    logs = Logs(*flood, page=10, seconds_a_page=LIMIT_SECONDS / 5)
    deliveries = logs.log().last_deliveries("int-1", NOW)
    assert (deliveries.found, deliveries.searched_from) == ([], NOW)


def test_a_log_that_cannot_be_read_is_said() -> None:
    class Broken(Logs):
        def filter_log_events(self, **request: Any) -> dict[str, Any]:
            raise EndpointConnectionError(endpoint_url="logs")

    with pytest.raises(LogError, match="EndpointConnectionError"):
        Broken().log().last_deliveries("int-1", NOW)


@pytest.fixture
def _json_lines() -> Iterator[None]:
    logger = telemetry.configure("webhook_ingest", "DEBUG")
    yield
    logger.handlers = []
    logger.propagate = True


@pytest.mark.usefixtures("_json_lines")
def test_what_ingest_writes_is_what_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    outside = Outside()
    outside.post()
    outside.post({"event": "trigger"})
    outside.post(headers={"X-Tandem-Secret": "wrong"})
    outside.post({**ALERT, "event": "heartbeat"})
    outside.post(integration_id="nobody")
    outside.broken.add("queue")
    outside.post()
    now = datetime.now(UTC) + timedelta(seconds=1)
    at = int(now.timestamp() * 1000) - 100
    written = [{"timestamp": at, "message": each} for each in capsys.readouterr().out.splitlines()]
    found = Logs(*written).log().last_deliveries("int-1", now).found
    assert {(each.outcome, each.status, each.reason, each.field, each.event) for each in found} == {
        ("refused", 400, "invalid body", "alert_id", None),
        ("refused", 401, "unauthorized", "X-Tandem-Secret", None),
        ("ignored", 200, "unknown event type", None, "heartbeat"),
        ("failed", 500, "not stored", None, None),
    }
