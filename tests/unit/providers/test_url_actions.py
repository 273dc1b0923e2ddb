"""The actions that are answered, copied by an admin and described in docs/connecting.md are the same."""

import json
from pathlib import Path

import pytest

from tandem.providers.tacticalrmm.url_actions import RESOLVE, TRIGGER, body, url_actions

DOCS = (Path(__file__).parents[3] / "docs/connecting.md").read_text()


def test_the_document_shows_the_failure_actions_body_and_headers() -> None:
    failure, _ = url_actions("https://tandem.example/webhooks/i1", "X-Tandem-Secret", "<secret>")
    assert f"```\n{failure.body}\n```" in DOCS
    assert f"```\n{failure.headers}\n```" in DOCS
    assert failure.method == "POST"


@pytest.mark.parametrize("event", [TRIGGER, RESOLVE])
def test_a_body_says_its_event_and_the_message_first_each_on_a_line_of_its_own(event: str) -> None:
    members = json.loads(body(event))
    assert (next(iter(members)), members["event"]) == ("message", event)
    assert len(body(event).splitlines()) == len(members) + 2
    assert all(value == event or value.startswith("{{") for value in members.values())


def test_the_two_actions_differ_in_name_and_event_only() -> None:
    failure, resolved = url_actions("https://tandem.example/webhooks/i1", "X-Tandem-Secret", "s")
    assert failure.body == body(TRIGGER)
    assert resolved.body == body(RESOLVE)
    assert (failure.url, failure.headers, failure.method) == (resolved.url, resolved.headers, resolved.method)
