import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tandem import telemetry
from tandem.alerts.decision import Decision
from tandem.alerts.models import Origin, Outcome
from tandem.processing.processor import Processed
from tandem.processing.report import report
from tests.unit.alerts.test_event_message import an_event

MARK = "never-to-be-seen-5cb1"


@pytest.fixture(autouse=True)
def _json_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TENANT", "acme")
    logger = telemetry.configure("alert_processor")
    yield
    logger.handlers = []
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


def reported(capsys: pytest.CaptureFixture[str], *results: Processed) -> list[dict[str, Any]]:
    report(results)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_was_parked_or_given_back_is_named_by_its_event(capsys: pytest.CaptureFixture[str]) -> None:
    event = an_event()
    parked, given_back, counted = reported(
        capsys,
        Processed("m1", event, parked="the table refused the change"),
        Processed("m2", event, failed="the table is throttled"),
    )

    for line, message_id in ((parked, "m1"), (given_back, "m2")):
        assert (line["message_id"], line["event_id"], line["alert_id"]) == (message_id, "e1", event.alert_id)
    assert (parked["level"], given_back["level"]) == ("ERROR", "WARNING")
    assert (counted["tenant"], counted["parked"], counted["given_back"]) == ("acme", 1, 1)


def test_a_message_that_is_no_event_is_named_by_its_own_id(capsys: pytest.CaptureFixture[str]) -> None:
    (line, _) = reported(capsys, Processed("m1", parked="not an alert event: body: expected JSON"))

    assert line["message_id"] == "m1"
    assert "event_id" not in line


def test_the_lag_of_each_applied_event_is_measured_from_when_it_was_received(
    capsys: pytest.CaptureFixture[str],
) -> None:
    applied = Decision(Outcome.RECORDED_ONLY, "no rule matched")
    event = an_event()
    replayed = replace(event, origin=Origin.REPLAY, received_at=event.received_at - timedelta(days=1))
    from_the_future = replace(event, received_at=event.received_at + timedelta(days=1))
    results = [
        Processed("m1", event, applied),
        Processed("m2", replayed, applied),
        Processed("m3", from_the_future, applied),
        Processed("m4", event, failed="the table is throttled"),
        Processed("m5", event, parked="not an alert event"),
    ]
    report(results, lambda: event.received_at + timedelta(milliseconds=1500))
    counted = json.loads(capsys.readouterr().out.splitlines()[-1])

    assert counted["lag"] == [1500, 0], "what is replayed did not wait for the processor"
    (directive,) = counted["_aws"]["CloudWatchMetrics"]
    assert {"Name": "lag", "Unit": "Milliseconds"} in directive["Metrics"]
    assert {"Name": "recorded_only", "Unit": "Count"} in directive["Metrics"]


def test_where_nothing_was_applied_no_lag_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    (_, counted) = reported(capsys, Processed("m1", parked="not an alert event"))

    assert "lag" not in counted
    assert {"Name": "lag", "Unit": "Milliseconds"} not in counted["_aws"]["CloudWatchMetrics"][0]["Metrics"]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("the table is throttled", "the table is throttled"),
        ("no answer from the table: ReadTimeoutError", "no answer from the table: ReadTimeoutError"),
        ("the table is busy: ThrottlingException", "the table is busy: ThrottlingException"),
        (f"no decision could be made: KeyError: '{MARK}'", "no decision could be made: KeyError"),
        (f"the table refused the change: the value {MARK} is wrong", "the table refused the change"),
        (f"a stored record cannot be read: C#{MARK}: KeyError('{MARK}')", "a stored record cannot be read"),
        ("not an alert event: severity: expected one of critical", "not an alert event"),
        ("", "unknown"),
    ],
)
def test_the_kind_of_a_reason_is_logged_and_nothing_that_it_quotes(
    capsys: pytest.CaptureFixture[str], reason: str, kind: str
) -> None:
    lines = reported(capsys, Processed("m1", parked=reason), Processed("m2", failed=reason))

    assert [line["reason"] for line in lines[:2]] == [kind, kind]
    assert MARK not in json.dumps(lines)
