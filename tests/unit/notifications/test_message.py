"""The messages of the notifications queue: events as EventBridge wraps them, and due digests."""

import json
from typing import Any

import pytest

from tandem.alerts.models import Severity
from tandem.notifications.message import (
    DigestDue,
    NotificationMessageError,
    TicketMade,
    decode,
    digest_due,
    ticket_again,
)
from tandem.notifications.notice import TicketNotice
from tests.unit.alerts.world import START

DETAIL: dict[str, Any] = {
    "event_id": "e1",
    "ticket_id": "t1",
    "number": "T-1001",
    "title": "Disk full",
    "severity": "major",
    "priority": "low",
    "client_id": "c1",
    "notify_user_ids": ["ada", "bob", "ada"],
    "something": {"new": 1},
}


def event(**changes: Any) -> str:
    detail = {name: value for name, value in (DETAIL | changes).items() if value is not None}
    return json.dumps({"version": "0", "detail-type": "TICKET_CREATED", "source": "tandem.x", "detail": detail})


def test_an_event_is_read_and_what_is_not_known_is_passed_over() -> None:
    ticket = TicketNotice("t1", "T-1001", "Disk full", Severity.MAJOR)
    assert decode(event(condition_id="k1")) == TicketMade(ticket, ("ada", "bob"), condition_id="k1")


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"severity": None}, Severity.MINOR),
        ({"severity": "?"}, Severity.MINOR),
        ({"severity": None, "priority": "urgent"}, Severity.CRITICAL),
        ({"severity": None, "priority": "high"}, Severity.MAJOR),
        ({"severity": None, "priority": "medium"}, Severity.MODERATE),
        ({"severity": None, "priority": None}, Severity.CRITICAL),
        ({"severity": [], "priority": {}}, Severity.CRITICAL),
    ],
)
def test_without_a_severity_it_is_guessed_from_the_priority_and_without_both_everybody_is_told(
    changes: dict[str, Any], severity: Severity
) -> None:
    made = decode(event(**changes))
    assert isinstance(made, TicketMade)
    assert made.ticket.severity is severity
    assert made.is_guessed


def test_a_ticket_without_a_title_is_called_by_its_number() -> None:
    made = decode(event(title=" "))
    assert isinstance(made, TicketMade)
    assert made.ticket.title == "T-1001"


def test_a_due_digest_and_a_replayed_ticket_come_back_as_they_were() -> None:
    assert decode(digest_due("ada", START)) == DigestDue("ada", START)
    assert decode(digest_due("ada", START, again=True)) == DigestDue("ada", START, again=True)
    ticket = TicketNotice("t1", "T-1", "x", Severity.NONE)
    assert decode(ticket_again(ticket, "ada")) == TicketMade(ticket, ("ada",), again=True)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"detail-type": "TICKET_CLOSED", "detail": {}}',
        '{"detail-type": "TICKET_CREATED"}',
        event(ticket_id=None),
        event(number=7),
        event(notify_user_ids=None),
        event(notify_user_ids="ada"),
        event(notify_user_ids=[1]),
        '{"digest": "ada"}',
        '{"digest": "ada", "due": "soon"}',
        '{"digest": 1, "due": "2026-11-21T03:17:16Z"}',
        "[" * 100_000,
    ],
)
def test_anything_else_is_refused_in_words(body: str) -> None:
    with pytest.raises(NotificationMessageError):
        decode(body)
