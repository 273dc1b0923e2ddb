"""What ingest tells the event bus of webhooks, where the tenant wants it to."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tandem import telemetry
from tandem.ingest import bootstrap
from tandem.ingest.telling import WebhookTeller
from tests.unit.ingest.outside import Outside


class ScriptedEventBridge:
    def __init__(self, fault: Exception | str | None = None) -> None:
        self._fault = fault
        self.put: list[Any] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803  AWS's name
        if isinstance(self._fault, Exception):
            raise self._fault
        self.put += Entries
        return {"Entries": [{"ErrorCode": self._fault} if self._fault else {"EventId": "x"}]}


@pytest.fixture(autouse=True)
def _json_lines() -> Iterator[None]:
    logger = telemetry.configure("webhook_ingest")
    yield
    logger.handlers = []
    logger.propagate = True


def an_outside(bus: ScriptedEventBridge) -> Outside:
    return Outside(tell=WebhookTeller(lambda: bus, "tandem-acme", "acme").tell)


def test_a_webhook_is_told_of_without_what_it_held() -> None:
    bus = ScriptedEventBridge()
    answer = an_outside(bus).post()
    (entry,) = bus.put
    told = json.loads(entry["Detail"])
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "tandem-acme",
        "tandem.acme",
        "RMM_WEBHOOK_RECEIVED",
    )
    assert told["alert_event_id"] == answer.body["event_id"]
    assert told["webhook_event_type"] == "triggered"
    assert told["external_device_id"] == "agent-1"
    assert not {"message", "raw", "raw_payload"} & set(told)


def test_nothing_is_told_of_a_webhook_that_is_refused_ignored_or_not_stored() -> None:
    bus = ScriptedEventBridge()
    outside = an_outside(bus)
    outside.post(headers={"X-Tandem-Secret": "wrong"})
    outside.post({"event": "trigger", "alert_id": "1", "agent_id": "test"}, integration_id="none")
    outside.broken = {"queue"}
    assert outside.post().status == 500
    assert bus.put == []


@pytest.mark.parametrize("fault", [EndpointConnectionError(endpoint_url="x"), RuntimeError("x"), "InternalFailure"])
def test_a_bus_that_fails_never_fails_the_webhook(fault: Exception | str, capsys: pytest.CaptureFixture[str]) -> None:
    outside = an_outside(ScriptedEventBridge(fault))
    assert outside.post().status == 200
    assert len(outside.sent) == 1
    assert "webhook not told" in capsys.readouterr().out


def test_it_is_off_unless_the_environment_names_a_bus_and_makes_no_client_before_the_first_webhook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []
    monkeypatch.setattr("boto3.client", lambda name, **_: made.append(name))
    assert bootstrap.teller({}) is None
    assert bootstrap.teller({"EVENT_BUS_NAME": "tandem-acme", "TENANT": "acme"}) is not None
    assert made == []
