import json
from collections.abc import Iterator
from typing import Any

import pytest

from tandem import telemetry
from tandem.alerts.models import Provider
from tests.unit.ingest.outside import ALERT, SECRET, Outside, an_integration

MARK = "never-to-be-seen-5cb1"


@pytest.fixture(autouse=True)
def _json_lines() -> Iterator[None]:
    logger = telemetry.configure("webhook_ingest", "DEBUG")
    yield
    logger.handlers = []
    logger.propagate = True


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert not captured.err
    return [json.loads(line) for line in captured.out.splitlines()]


def test_an_accepted_webhook_is_one_line_with_its_event_id(capsys: pytest.CaptureFixture[str]) -> None:
    outside = Outside()
    outside.post()
    (line,) = lines(capsys)
    assert line["message"] == "webhook accepted"
    assert line["event_id"] == outside.sent[0].event_id
    assert (line["integration_id"], line["provider"], line["function"]) == ("int-1", "tacticalrmm", "webhook_ingest")


@pytest.mark.parametrize(
    ("body", "metric", "reason"),
    [
        (
            {"event": "heartbeat", **{k: v for k, v in ALERT.items() if k != "event"}},
            "WebhookIgnored",
            "unknown event type",
        ),
        ({"event": "trigger"}, "WebhookRefused", "invalid body"),
    ],
)
def test_what_leads_to_nothing_is_counted_by_tenant_provider_and_reason(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    body: dict[str, str],
    metric: str,
    reason: str,
) -> None:
    monkeypatch.setenv("TENANT", "acme")
    Outside().post(body)
    (line,) = [each for each in lines(capsys) if metric in each]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Tandem"
    assert directive["Metrics"] == [{"Name": metric, "Unit": "Count"}]
    assert directive["Dimensions"] == [["tenant", "function", "provider", "reason"]]
    assert line["tenant"] == "acme"
    assert (line[metric], line["provider"], line["reason"]) == (1, "tacticalrmm", reason)


def test_a_failure_is_counted_and_its_cause_logged(capsys: pytest.CaptureFixture[str]) -> None:
    outside = Outside()
    outside.broken.add("queue")
    outside.post()
    metric, line = lines(capsys)
    assert metric["WebhookFailed"] == 1
    assert (line["level"], line["cause"]) == ("ERROR", "the queue: scripted")


def test_a_mistake_is_logged_by_type_and_place_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(Outside):
        def send(self, event: object) -> None:
            raise ValueError(MARK)

    Broken().post()
    metric, line = lines(capsys)
    assert metric["reason"] == "unexpected error"
    assert line["exception"] == "ValueError"
    assert "outside" not in line["message"]
    assert any("send" in frame for frame in line["raised_at"])
    assert MARK not in json.dumps(line)


def test_no_secret_header_query_or_body_is_ever_logged_or_answered(capsys: pytest.CaptureFixture[str]) -> None:
    outside = Outside(
        an_integration(), an_integration(Provider.LEVELIO, signed=True, integration_id="level"),
        an_integration(Provider.NINJAONE, integration_id="ninja"),
    )  # fmt: skip
    outside.signing_secrets["level"] = f"signing-{MARK}"
    body = {**ALERT, "message": MARK, "hostname": MARK}
    answers = []
    for integration_id in ("int-1", "level", "ninja", "nobody"):
        for headers in (
            {"X-Tandem-Secret": SECRET},
            {"X-Tandem-Secret": MARK, "Authorization": f"Bearer {MARK}", "Cookie": MARK, "User-Agent": MARK},
            {"X-Level-Signature": f"sha256={MARK}", "X-Tandem-Secret": SECRET},
            {"X-Tandem-Secret": SECRET, "Content-Encoding": MARK},
        ):
            for content in (body, json.dumps(body)[:-5], MARK, f'"{MARK}', {"statusCode": "RESET", "message": MARK}):
                query = {"secret": SECRET, "other": MARK}
                answers += [outside.post(content, headers, None, integration_id)]
                answers += [outside.post(content, headers, query, integration_id)]
    outside.broken |= {"queue", "secrets"}
    outside.seconds = 100
    answers += [outside.post(body), outside.post(body, {"X-Level-Signature": MARK}, None, "level")]
    captured = capsys.readouterr()
    said = captured.out + captured.err + "".join(json.dumps(answer.as_lambda_response()) for answer in answers)
    assert {answer.status for answer in answers} == {200, 400, 401, 404, 500}
    assert MARK not in said
    assert SECRET not in said


def test_an_odd_log_level_is_info() -> None:
    assert telemetry.configure("webhook_ingest", "LOUD").level == 20
    assert telemetry.configure("webhook_ingest", "warning").level == 30
