import json
from collections.abc import Iterator
from typing import Any

import pytest

from tandem import telemetry
from tandem.events.publisher import Published
from tandem.events.report import answer, report


@pytest.fixture(autouse=True)
def _json_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TENANT", "acme")
    logger = telemetry.configure("event_publisher")
    yield
    logger.handlers = []
    logger.propagate = True


RESULTS = [
    Published("1", names=("TICKET_UPDATED", "TICKET_CLOSED")),
    Published("2"),
    Published("3", parked="the bus refused it"),
    Published("4", failed="the bus is away"),
    Published("5", failed="an earlier record is given back"),
]


def test_a_batch_is_counted_and_what_was_not_put_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    report(RESULTS)
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    counted = lines[-1]
    assert (counted["published"], counted["parked"], counted["given_back"]) == (2, 1, 2)
    assert (counted["tenant"], counted["function"]) == ("acme", "event_publisher")
    said = [(line["message"], line["sequence_number"]) for line in lines[:-1]]
    assert said == [
        ("TICKET_UPDATED", "1"),
        ("TICKET_CLOSED", "1"),
        ("parked as a dead letter", "3"),
        ("given back to the stream", "4"),
    ]


def test_the_stream_is_given_back_from_the_first_record_that_failed() -> None:
    assert answer(RESULTS) == {"batchItemFailures": [{"itemIdentifier": "4"}]}
    assert answer(RESULTS[:3]) == {"batchItemFailures": []}


def test_of_what_failed_only_the_kind_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """The rest may quote the record: a name, a message. Whoever looks at the record finds it there."""
    report([Published("1", failed="no event could be made: ValidationError: input_value='PC of Jane Roe'; not parked")])
    out = capsys.readouterr().out
    assert "no event could be made" in out
    assert "Jane Roe" not in out
