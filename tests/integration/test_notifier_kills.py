"""A notifier that is killed between any two calls, and the message delivered again: everybody is told, and once.

One mail can be doubled: where the function dies between SES's answer and the note of it. That is the only place.
"""

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tandem.notifications.message import digest_due
from tandem.notifications.notice import NotificationKind
from tandem.notifications.planning import LEASE
from tandem.notifications.tally import SPAN
from tests.emulator import EmulatedAws, create_table
from tests.integration.kills import Moment, Sandbox, moments
from tests.integration.notifying import ADA, BOB, Tenant, created
from tests.unit.alerts.world import START

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

DUE = START + SPAN


class Doomed:
    """A tenant of its own, and a notifier on it that may be killed."""

    def __init__(self, dynamodb: "DynamoDBClient", aws: EmulatedAws, sandbox: Sandbox, name: str) -> None:
        self.tenant = Tenant(dynamodb, create_table(dynamodb, name))
        watched = aws.client("dynamodb")
        sandbox.attach(watched.meta.events)
        self._notifier = self.tenant.notifier(client=watched)

    def tell(self, *bodies: str) -> None:
        self.tenant.tell(*bodies, notifier=self._notifier)

    def delivered_again(self, *bodies: str) -> None:
        """As the queue does it, after the lease of a mail that may be under way."""
        self.tenant.now += LEASE
        for _ in range(2):
            assert [one.failed for one in self.tenant.tell(*bodies)] == [None] * len(bodies)


def assert_at_most_one_is_doubled(doomed: Doomed, expected: int) -> None:
    sent = Counter((mail.to, mail.subject) for mail in doomed.tenant.mailer.mails)
    assert len(sent) == expected
    assert sorted(sent.values())[:-1] == [1] * (expected - 1)
    assert max(sent.values()) <= 2


def every(calls: int) -> list[tuple[int, Moment]]:
    found = list(moments(calls))
    assert len(found) > 5
    return found


def test_a_killed_notifier_loses_no_ticket_and_doubles_none(
    dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws
) -> None:
    bodies = (created(1, ADA, BOB), created(2, ADA, severity=None, condition_id="k1"))
    sandbox = Sandbox()
    undisturbed = Doomed(dynamodb, emulated_aws, sandbox, "notifier-kills-tickets")
    doubled = 0
    for number, (call, moment) in enumerate(every(sandbox.count(lambda: undisturbed.tell(*bodies)))):
        doomed = Doomed(dynamodb, emulated_aws, sandbox, f"notifier-kills-tickets-{number}")
        sandbox.kill(partial(doomed.tell, *bodies), call, moment)
        doomed.delivered_again(*bodies)
        assert Counter(each.title for each in doomed.tenant.notifications(ADA)) == Counter(
            ["Disk 1 is full", "Disk 2 is full"]
        )
        assert [each.title for each in doomed.tenant.notifications(BOB)] == ["Disk 1 is full"]
        assert_at_most_one_is_doubled(doomed, 3)
        doubled += len(doomed.tenant.mailer.mails) - 3
    assert doubled == 3, "once for each mail: killed before the note that it was sent"


def test_a_killed_notifier_loses_no_digest_and_doubles_none(
    dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws
) -> None:
    due = digest_due("ada", DUE)
    sandbox = Sandbox()
    doubled = 0

    def gathered(name: str) -> Doomed:
        doomed = Doomed(dynamodb, emulated_aws, sandbox, name)
        for first in range(0, 30, 10):
            doomed.tenant.tell(*(created(each) for each in range(first, first + 10)))
        doomed.tenant.mailer.mails.clear()
        doomed.tenant.now = DUE
        return doomed

    undisturbed = gathered("notifier-kills-digest")
    for number, (call, moment) in enumerate(every(sandbox.count(lambda: undisturbed.tell(due)))):
        doomed = gathered(f"notifier-kills-digest-{number}")
        sandbox.kill(partial(doomed.tell, due), call, moment)
        doomed.delivered_again(due)
        digests = [each for each in doomed.tenant.notifications() if each.kind is NotificationKind.DIGEST]
        assert [each.ticket_count for each in digests] == [10]
        assert doomed.tenant.due() == []
        assert_at_most_one_is_doubled(doomed, 1)
        doubled += len(doomed.tenant.mailer.mails) - 1
    assert doubled == 1
