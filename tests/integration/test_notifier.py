"""The notifier on a real table, with a mailer that does what a test tells it."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tandem.alerts.models import Severity
from tandem.notifications.handling import Handled, Message
from tandem.notifications.mail import MailNotSentError, MailRefusedError
from tandem.notifications.message import digest_due
from tandem.notifications.notice import NotificationKind, Preferences
from tandem.notifications.notifier import LONGEST_BATCH
from tandem.notifications.planning import LEASE
from tandem.notifications.post import NO_TIME
from tandem.notifications.tally import SPAN
from tandem.store import keys
from tandem.store.codec import encode_item
from tests.integration.deployment import EVERYTHING_RULE, configure, contents, messages, processor
from tests.integration.notifying import ADA, BOB, SECOND, Tenant, created
from tests.unit.alerts.world import START, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator


@pytest.fixture
def tenant(dynamodb: "DynamoDBClient", table_name: str) -> Tenant:
    return Tenant(dynamodb, table_name)


def test_a_new_ticket_is_one_mail_and_one_notification_for_each(tenant: Tenant) -> None:
    (handled,) = tenant.tell(created(1, ADA, BOB))
    assert (handled.failed, handled.parked, handled.counted) == (None, None, {"mailed": 2})
    for user in (ADA, BOB):
        assert tenant.mailer.to(user) == ["[T-1] Disk 1 is full"]
        (notification,) = tenant.notifications(user)
        assert (notification.title, notification.read_at) == ("Disk 1 is full", None)
        assert notification.tickets[0].number == "T-1"


def test_the_same_event_delivered_again_changes_nothing(tenant: Tenant) -> None:
    tenant.tell(created(), created())
    before = contents(tenant.client, tenant.table)
    for _ in range(3):
        assert tenant.tell(created())[0].failed is None
    assert len(tenant.mailer.mails) == 1
    assert contents(tenant.client, tenant.table) == before


def test_a_mail_says_client_device_and_rule(tenant: Tenant) -> None:
    rule = EVERYTHING_RULE | {"actions": {"create_ticket": True, "notify_user_ids": ["ada"]}}
    configure(tenant.client, tenant.table, rules=[rule])
    processor(tenant.client, tenant.table, tenant.clock).process(messages([triggered(severity=Severity.CRITICAL)]))
    (ticket,) = [item for item in contents(tenant.client, tenant.table).values() if "notify_user_ids" in item]
    tenant.people.put_user(
        replace(tenant.people.several(["ada"])["ada"], notifications=Preferences(least_severity=Severity.CRITICAL))
    )
    words = {name: ticket[name] for name in ("ticket_id", "number", "title", "condition_id", "notify_user_ids")}
    tenant.tell(created(severity=None, priority="low", **words))
    (mail,) = tenant.mailer.mails
    for line in ("Client: Acme", f"Device: {triggered().device_name}", "Rule: Everything", "Severity: critical"):
        assert line in mail.text
    assert f"https://tandem.example.com/api/v1/tickets/{ticket['ticket_id']}" in mail.text


def test_preferences_are_honoured(tenant: Tenant) -> None:
    ada = tenant.people.several(["ada"])["ada"]
    tenant.people.put_user(replace(ada, notifications=Preferences(email=False, least_severity=Severity.MODERATE)))
    tenant.tell(created(1, severity="minor"), created(2, severity="moderate"))
    assert tenant.mailer.mails == []
    assert [each.title for each in tenant.notifications()] == ["Disk 2 is full"]


def test_without_a_sender_people_are_told_in_tandem_only(tenant: Tenant) -> None:
    tenant.notifier(sender=False).notify([Message("m", created(), START)])
    assert tenant.mailer.mails == []
    assert len(tenant.notifications()) == 1


def test_who_is_unknown_or_not_active_is_passed_over(tenant: Tenant) -> None:
    tenant.people.put_user(replace(tenant.people.several(["bob"])["bob"], active=False))
    (handled,) = tenant.tell(created(1, ADA, BOB, replace(ADA, user_id="nobody")))
    assert handled.failed is None
    assert [each.to for each in tenant.mailer.mails] == ["ada@example.com"]
    assert tenant.notifications(BOB) == []


def test_a_mail_that_cannot_be_sent_is_tried_again_and_nobody_elses_is(tenant: Tenant) -> None:
    tenant.mailer.faults["ada@example.com"] = MailNotSentError("SES did not take the mail: TooManyRequestsException")
    (handled,) = tenant.tell(created(1, ADA, BOB))
    assert handled.failed == "SES did not take the mail: TooManyRequestsException"
    assert len(tenant.notifications()) == 1, "it is told in Tandem meanwhile"
    tenant.mailer.faults.clear()
    tenant.now += 5 * SECOND
    (handled,) = tenant.tell(created(1, ADA, BOB))
    assert handled.failed is None
    assert [each.to for each in tenant.mailer.mails] == ["bob@example.com", "ada@example.com"]
    assert len(tenant.notifications()) == 1


def test_a_refused_mail_is_parked_for_its_user_alone_and_sent_when_it_is_replayed(tenant: Tenant) -> None:
    tenant.mailer.faults["ada@example.com"] = MailRefusedError("SES refused the mail: MessageRejected: bad address")
    (handled,) = tenant.tell(created(1, ADA, BOB))
    assert handled.failed is None
    assert tenant.tell(created(1, ADA, BOB))[0].parked is None, "a redelivery does not try again"
    (letter,) = tenant.dead_letters()
    assert letter["source"] == "notifications"
    assert letter["reason"] == "the mail to user 'ada': SES refused the mail: MessageRejected: bad address"
    tenant.mailer.faults.clear()
    tenant.tell(letter["payload"])
    tenant.tell(letter["payload"])
    assert [each.to for each in tenant.mailer.mails] == ["bob@example.com", "ada@example.com"]


def test_what_is_no_message_of_this_queue_is_parked(tenant: Tenant) -> None:
    handled = tenant.tell("nonsense", created())
    assert [one.parked is not None for one in handled] == [True, False]
    assert [one.failed for one in handled] == [None, None]
    assert [each["payload"] for each in tenant.dead_letters()] == ["nonsense"]
    assert len(tenant.mailer.mails) == 1


def test_a_crash_after_the_table_and_before_the_mail_loses_no_mail(tenant: Tenant) -> None:
    def crash() -> None:
        raise KeyboardInterrupt

    tenant.mailer.before = crash
    with pytest.raises(KeyboardInterrupt):
        tenant.tell(created())
    tenant.mailer.before = lambda: None
    tenant.now += LEASE - SECOND
    (handled,) = tenant.tell(created())
    assert handled.failed is not None, "somebody may be sending it right now"
    tenant.now += SECOND
    (handled,) = tenant.tell(created())
    assert (handled.failed, len(tenant.mailer.mails), len(tenant.notifications())) == (None, 1, 1)


def test_a_second_delivery_during_the_mail_does_not_send_it_too(tenant: Tenant) -> None:
    others: list[Handled] = []

    def meanwhile() -> None:
        tenant.mailer.before = lambda: None
        others.extend(tenant.tell(created()))

    tenant.mailer.before = meanwhile
    assert tenant.tell(created())[0].failed is None
    assert [one.failed is not None for one in others] == [True]
    assert len(tenant.mailer.mails) == 1
    assert tenant.tell(created())[0].failed is None


def test_mails_that_the_function_has_no_time_for_are_left_to_the_next_delivery(tenant: Tenant) -> None:
    def slow() -> None:
        tenant.now += LONGEST_BATCH + SECOND

    tenant.mailer.before = slow
    (handled,) = tenant.tell(created(1, ADA, BOB))
    assert handled.failed == NO_TIME
    tenant.mailer.before = lambda: None
    assert tenant.tell(created(1, ADA, BOB))[0].failed is None
    assert [each.to for each in tenant.mailer.mails] == ["ada@example.com", "bob@example.com"]


def test_from_the_twenty_first_on_a_digest_tells_of_the_rest(tenant: Tenant) -> None:
    for first in range(0, 30, 10):
        tenant.tell(*(created(each) for each in range(first, first + 10)))
        tenant.now += SECOND
    assert len(tenant.mailer.mails) == 20
    assert len(tenant.notifications()) == 20
    due = START + SPAN
    assert tenant.due() == [keys.due_key(due, "ada", keys.DIGEST)["sk"]]

    tenant.now = due + SECOND
    for _ in range(2):  # the sweep may hand it over twice
        assert tenant.tell(digest_due("ada", due))[0].failed is None
    assert tenant.due() == []
    (mail,) = tenant.mailer.mails[20:]
    assert mail.subject == "10 more new tickets"
    digest = tenant.notifications()[0]
    assert (digest.kind, digest.title, digest.ticket_count) == (NotificationKind.DIGEST, "10 more new tickets", 10)
    assert [each.number for each in digest.tickets] == [f"T-{each}" for each in range(20, 30)]
    assert digest.digest_id is not None
    shown = []
    after = None
    while page := tenant.inbox.tickets("ada", digest.digest_id, after, 3):
        shown += [ticket.number for _, ticket in page]
        after = page[-1][0]
    assert shown == [f"T-{each}" for each in range(20, 30)]

    tenant.tell(created(31))
    assert tenant.mailer.to(ADA)[-1] == "[T-31] Disk 31 is full"


def test_a_digest_whose_mail_fails_is_mailed_later_and_shown_once(tenant: Tenant) -> None:
    for first in range(0, 30, 10):
        tenant.tell(*(created(each) for each in range(first, first + 10)))
    due = START + SPAN
    tenant.now = due
    tenant.mailer.faults["ada@example.com"] = MailNotSentError("later")
    assert tenant.tell(digest_due("ada", due))[0].failed == "later"
    tenant.mailer.faults.clear()
    assert tenant.tell(digest_due("ada", due))[0].failed is None
    assert tenant.mailer.to(ADA)[-1] == "10 more new tickets"
    assert [each.kind for each in tenant.notifications()].count(NotificationKind.DIGEST) == 1


def test_a_digest_that_is_refused_can_be_replayed(tenant: Tenant) -> None:
    for first in range(0, 30, 10):
        tenant.tell(*(created(each) for each in range(first, first + 10)))
    tenant.now = START + SPAN
    tenant.mailer.faults["ada@example.com"] = MailRefusedError("bad address")
    tenant.tell(digest_due("ada", tenant.now))
    tenant.mailer.faults.clear()
    (letter,) = tenant.dead_letters()
    tenant.tell(letter["payload"])
    assert tenant.mailer.to(ADA)[-1] == "10 more new tickets"


def test_a_digest_of_a_user_who_left_is_taken_off_the_index(tenant: Tenant) -> None:
    for first in range(0, 30, 10):
        tenant.tell(*(created(each) for each in range(first, first + 10)))
    tenant.client.delete_item(TableName=tenant.table, Key=encode_item(keys.user_key("ada")))
    for _ in range(2):
        assert tenant.tell(digest_due("ada", START + SPAN))[0].failed is None
    assert tenant.due() == []
    assert len(tenant.mailer.mails) == 20
