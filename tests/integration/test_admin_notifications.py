"""Notifications and preferences over the admin API: everybody's own."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from tandem.alerts.models import Severity
from tandem.dead_letters.letters import DeadLetters
from tandem.notifications.facts import TicketFacts
from tandem.notifications.handling import Message
from tandem.notifications.ledger import Ledger
from tandem.notifications.message import digest_due
from tandem.notifications.notifier import Notifier
from tandem.notifications.planning import SHOWN_TICKETS
from tandem.notifications.post import Post
from tandem.notifications.records import RETENTION
from tandem.store.configuration.clients import Clients
from tandem.store.configuration.people import People
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.lookups import Lookups
from tandem.times import from_text
from tests.integration.admin_calls import AdminApi, Person, fields

pytestmark = pytest.mark.emulator

NOW = datetime.now(UTC)


def notify(api: AdminApi, person: Person, tickets: range, now: datetime = NOW, *more: str) -> None:
    """Let the notifier tell the person of these tickets, one after the other, without mail."""
    ticks = count()
    client, table = api.dynamodb, api.name
    configuration, ledger = ConfigurationTable(client, table), Ledger(client, table)
    notifier = Notifier(
        ledger=ledger,
        users=People(configuration),
        facts=TicketFacts(client, table, Lookups(client, table), Clients(configuration)),
        post=Post(ledger, None, DeadLetters(client, table), lambda: now),
        clock=lambda: now + timedelta(microseconds=next(ticks)),
        public_url="",
    )
    bodies = [*(created(number, person) for number in tickets), *more]
    for number, body in enumerate(bodies):
        (handled,) = notifier.notify([Message(f"m{number}", body, now)])
        assert (handled.failed, handled.parked) == (None, None)


def created(number: int, person: Person) -> str:
    detail = {
        "ticket_id": f"t{number}",
        "number": f"T-{number}",
        "title": f"Disk {number} is full",
        "severity": "major",
        "notify_user_ids": [person.id],
    }
    return json.dumps({"detail-type": "TICKET_CREATED", "detail": detail})


def titles(items: list[Any]) -> list[str]:
    return [each["title"] for each in items]


def test_a_user_sees_the_users_own_notifications_newest_first_page_by_page(api: AdminApi) -> None:
    ada, bob = api.new_person("viewer"), api.new_person("technician")
    for number in range(5):
        notify(api, ada, range(number, number + 1), NOW + timedelta(seconds=number))
    pages = api.every_page("/notifications", key=ada.key, limit=2)
    assert [titles(page) for page in pages] == [
        ["Disk 4 is full", "Disk 3 is full"],
        ["Disk 2 is full", "Disk 1 is full"],
        ["Disk 0 is full"],
    ]
    newest = pages[0][0]
    assert newest["tickets"] == [{"id": "t4", "number": "T-4", "title": "Disk 4 is full", "severity": "major"}]
    assert (newest["kind"], newest["ticket_count"], newest["read_at"]) == ("ticket", 1, None)
    assert api.items("/notifications", key=bob.key) == []


def test_one_is_marked_as_read_and_stays_so(api: AdminApi) -> None:
    ada = api.new_person("viewer")
    notify(api, ada, range(2))
    first = api.items("/notifications", key=ada.key)[-1]
    read = api.ok("POST", f"/notifications/{first['id']}/read", key=ada.key)
    assert read["read_at"] is not None
    assert api.ok("POST", f"/notifications/{first['id']}/read", key=ada.key) == read
    assert titles(api.items("/notifications", key=ada.key, unread="true", limit=1)) == ["Disk 1 is full"]
    assert len(api.items("/notifications", key=ada.key)) == 2


def test_all_are_marked_as_read_and_later_ones_are_not(api: AdminApi) -> None:
    ada = api.new_person("viewer")
    notify(api, ada, range(3))
    assert api.call("POST", "/notifications/read-all", key=ada.key).status == 204
    assert api.items("/notifications", key=ada.key, unread="true") == []
    assert all(each["read_at"] for each in api.items("/notifications", key=ada.key))
    stored = api.stored()
    api.ok("POST", "/notifications/read-all", key=ada.key)
    assert api.stored() == stored
    notify(api, ada, range(3, 4), NOW + timedelta(seconds=1))
    assert titles(api.items("/notifications", key=ada.key, unread="true")) == ["Disk 3 is full"]


def test_a_digest_shows_its_first_tickets_and_lists_all(api: AdminApi) -> None:
    ada = api.new_person("viewer")
    notify(api, ada, range(SHOWN_TICKETS + 30))
    (due,) = [from_text(sk.partition("#")[0]) for pk, sk in api.stored() if pk.startswith("DUE#")]
    notify(api, ada, range(0), due, digest_due(ada.id, due))
    digest = api.items("/notifications", key=ada.key)[0]
    count = SHOWN_TICKETS + 10
    assert (digest["kind"], digest["title"], digest["ticket_count"]) == ("digest", f"{count} more new tickets", count)
    assert len(digest["tickets"]) == SHOWN_TICKETS
    listed = api.items(f"/notifications/{digest['id']}/tickets", key=ada.key, limit=7)
    assert [each["number"] for each in listed] == [f"T-{each}" for each in range(20, count + 20)]
    assert listed[:SHOWN_TICKETS] == digest["tickets"]


def test_the_tickets_of_an_ordinary_notification_are_one(api: AdminApi) -> None:
    ada = api.new_person("viewer")
    notify(api, ada, range(1))
    (one,) = api.items("/notifications", key=ada.key)
    assert api.items(f"/notifications/{one['id']}/tickets", key=ada.key, limit=1) == one["tickets"]


def test_what_is_over_ninety_days_old_is_not_shown_although_the_table_removes_late(api: AdminApi) -> None:
    ada = api.new_person("viewer")
    notify(api, ada, range(1), NOW - RETENTION - timedelta(seconds=5))
    notify(api, ada, range(1, 2))
    (one,) = api.items("/notifications", key=ada.key)
    assert one["title"] == "Disk 1 is full"


def test_anothers_notification_is_not_there(api: AdminApi) -> None:
    ada, bob = api.new_person("viewer"), api.new_person("admin")
    notify(api, ada, range(1))
    (one,) = api.items("/notifications", key=ada.key)
    api.refused(404, "POST", f"/notifications/{one['id']}/read", key=bob.key)
    api.refused(404, "GET", f"/notifications/{one['id']}/tickets", key=bob.key)


def test_only_true_asks_for_the_unread(refusing: AdminApi) -> None:
    assert fields(refusing.refused(400, "GET", "/notifications", unread="maybe")) == ["unread"]


def test_everybody_changes_the_own_preferences_with_any_role(api: AdminApi) -> None:
    ada = api.new_person("viewer")
    assert api.ok("GET", "/notifications/preferences", key=ada.key) == {"email": True, "least_severity": "none"}
    changed = api.ok("PATCH", "/notifications/preferences", {"least_severity": "major"}, key=ada.key)
    assert changed == {"email": True, "least_severity": "major"}
    changed = api.ok("PATCH", "/notifications/preferences", {"email": False}, key=ada.key)
    assert changed == {"email": False, "least_severity": "major"}
    assert api.ok("GET", f"/users/{ada.id}")["notifications"] == changed


def test_an_admin_changes_anybodys_preferences(api: AdminApi) -> None:
    ada = api.new_person("technician")
    before = api.ok("GET", f"/users/{ada.id}")
    changed = api.ok("PATCH", f"/users/{ada.id}", {"notifications": {"least_severity": "critical"}})
    assert changed == before | {"notifications": {"email": True, "least_severity": "critical"}}
    api.refused(403, "PATCH", f"/users/{ada.id}", {"notifications": {"email": False}}, key=ada.key)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": None}, "email"),
        ({"email": "yes"}, "email"),
        ({"least_severity": "bad"}, "least_severity"),
        ({"least_severity": None}, "least_severity"),
        ({"sms": True}, "sms"),
    ],
)
def test_preferences_that_are_none_are_refused_by_field(refusing: AdminApi, body: Any, field: str) -> None:
    assert fields(refusing.refused(422, "PATCH", "/notifications/preferences", body)) == [field]
    nested = refusing.refused(422, "PATCH", "/users/first-admin", {"notifications": body})
    assert fields(nested) == [f"notifications.{field}"]


def test_every_severity_can_be_the_least(api: AdminApi) -> None:
    for severity in Severity:
        body = {"least_severity": severity.value}
        assert api.ok("PATCH", "/notifications/preferences", body)["least_severity"] == severity.value
