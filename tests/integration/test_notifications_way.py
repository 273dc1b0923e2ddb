"""The way of a notification on the emulator: bus, rule, queue, functions/notifier, SES; and the sweep for digests."""

import json
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tandem.notifications.inbox import Inbox
from tandem.notifications.message import decode, digest_due
from tandem.store import keys
from tandem.store.configuration.people import People
from tandem.store.configuration.records import Role, User
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.due import Due, DueTimes
from tandem.sweeping.digests import Digests
from tandem.sweeping.sweep import Sweep, Taken
from tests.emulator import EmulatedAws
from tests.integration.admin_calls import function
from tests.integration.deployment import contents

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.emulator

SENDER = "tandem@example.com"
PATTERN = {
    "source": ["tandem.acme"],
    "detail-type": ["TICKET_CREATED"],
    "detail": {"notify_user_ids": [{"exists": True}]},
}


@dataclass(frozen=True)
class Deployed:
    """A bus, a rule, a queue and a table like the deployed ones, and the function on them."""

    aws: EmulatedAws
    table: str
    bus: str
    queue_url: str
    sqs: "SQSClient"
    handler: Callable[[dict[str, Any], object], dict[str, Any]]

    def happens(self, number: int = 1, user_ids: list[str] | None = None, **words: Any) -> None:
        """An event is put on the bus."""
        detail: dict[str, Any] = {"ticket_id": f"t{number}", "number": f"T-{number}", "title": f"Disk {number} is full"}
        detail |= {"severity": "major"} | words
        if user_ids is not None:
            detail["notify_user_ids"] = user_ids
        entry = {
            "Source": "tandem.acme",
            "DetailType": "TICKET_CREATED",
            "Detail": json.dumps(detail),
            "EventBusName": self.bus,
        }
        assert self.aws.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    def work(self) -> list[dict[str, Any]]:
        """The function gets what is queued; gives its answers."""
        answers = []
        while records := self.received():
            answer = self.handler({"Records": records}, None)
            answers.append(answer)
            failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
            for record in records:
                if record["messageId"] not in failed:
                    self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=record["receiptHandle"])
        return answers

    def received(self) -> list[dict[str, Any]]:
        """Messages of the queue as Lambda hands them over."""
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], WaitTimeSeconds=1
        )
        return [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": each["Attributes"],
            }
            for each in answer.get("Messages", [])
        ]

    def mails(self, address: str) -> list[dict[str, Any]]:
        """What SES was given for this address."""
        with urllib.request.urlopen(f"{self.aws.endpoint_url}/_ministack/ses/messages") as answer:  # noqa: S310  a local address
            accounts = json.load(answer)["messages"]
        return [mail for mails in accounts.values() for mail in mails if address in mail["To"]]


@pytest.fixture
def deployed(
    emulator_environment: EmulatedAws,
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    table_name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Deployed]:
    """The tenant, with a sender that SES knows."""
    events, name = emulator_environment.client("events"), f"notify-{uuid.uuid4().hex[:8]}"
    emulator_environment.client("ses").verify_email_identity(EmailAddress=SENDER)
    queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.create_event_bus(Name=name)
    events.put_rule(Name=name, EventBusName=name, EventPattern=json.dumps(PATTERN))
    events.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
    variables = {
        "TABLE_NAME": table_name,
        "NOTIFICATIONS_QUEUE_URL": queue_url,
        "MAIL_SENDER": SENDER,
        "PUBLIC_URL": "https://tandem.example.com",
        "TENANT": "acme",
        "LOG_LEVEL": "INFO",
    }
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    handler = function("notifier", variables).handler
    yield Deployed(emulator_environment, table_name, name, queue_url, sqs, handler)
    sqs.delete_queue(QueueUrl=queue_url)


def person(dynamodb: "DynamoDBClient", table: str) -> User:
    """A user with an address of the test's own, for the emulator keeps all mails."""
    name = uuid.uuid4().hex[:8]
    user = User(name, "Ada", f"{name}@example.org", Role.TECHNICIAN)
    People(ConfigurationTable(dynamodb, table)).put_user(user)
    return user


def test_an_event_on_the_bus_becomes_a_mail_and_a_notification(deployed: Deployed, dynamodb: "DynamoDBClient") -> None:
    ada = person(dynamodb, deployed.table)
    for _ in range(2):  # the bus delivers at least once
        deployed.happens(1, [ada.user_id], title="Disk C:\r\nBcc: all@example.com <b>is</b> full", more={"new": True})
    deployed.happens(2, None)
    answers = deployed.work()
    assert all(answer == {"batchItemFailures": []} for answer in answers)
    (mail,) = deployed.mails(f"{ada.email}")
    assert mail["Source"] == SENDER
    assert mail["Subject"] == "[T-1] Disk C: Bcc: all@example.com <b>is</b> full"
    assert "https://tandem.example.com/api/v1/tickets/t1" in mail["BodyText"]
    assert "&lt;b&gt;is&lt;/b&gt;" in mail["BodyHtml"]
    (notification,) = Inbox(dynamodb, deployed.table).page(ada.user_id, None, 10, datetime.now(UTC))
    assert notification.tickets[0].number == "T-1"


def test_what_ses_refuses_is_a_dead_letter_with_its_reason(
    deployed: Deployed, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = person(dynamodb, deployed.table)
    deployed.happens(1, [ada.user_id])
    unknown = function("notifier", {"MAIL_SENDER": "nobody@example.net"}).handler
    assert unknown({"Records": deployed.received()}, None) == {"batchItemFailures": []}
    (letter,) = [item for (pk, _), item in contents(dynamodb, deployed.table).items() if pk == keys.DEAD_LETTERS]
    assert "MessageRejected: Email address is not verified" in letter["reason"]
    assert deployed.mails(f"{ada.email}") == []
    # Replayed as it is, once the address is verified, it is mailed.
    deployed.sqs.purge_queue(QueueUrl=deployed.queue_url)
    deployed.sqs.send_message(QueueUrl=deployed.queue_url, MessageBody=letter["payload"])
    monkeypatch.setenv("MAIL_SENDER", SENDER)
    deployed.work()
    assert len(deployed.mails(f"{ada.email}")) == 1


def test_a_failed_message_comes_back_later(
    deployed: Deployed, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = person(dynamodb, deployed.table)
    deployed.happens(1, [ada.user_id])
    records = deployed.received()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:9")
    out_of_reach = function("notifier", {})
    answer = out_of_reach.handler({"Records": records}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": records[0]["messageId"]}]}
    assert deployed.received() == [], "it is put off"
    assert deployed.mails(f"{ada.email}") == []


def test_the_sweep_hands_a_due_digest_over_until_it_is_closed(deployed: Deployed, dynamodb: "DynamoDBClient") -> None:
    ada = person(dynamodb, deployed.table)
    for number in range(23):
        deployed.happens(number, [ada.user_id])
    deployed.work()
    assert len(deployed.mails(f"{ada.email}")) == 20
    later = datetime.now(UTC) + timedelta(minutes=6)
    digests = Digests(lambda: deployed.sqs, deployed.queue_url)
    sweep = Sweep(DueTimes(dynamodb, deployed.table), {keys.DIGEST: digests.due}, lambda: later)
    assert [sweep.run(lambda: True).taken for _ in range(2)] == [Taken(handed_over=1)] * 2
    deployed.work()
    assert sweep.run(lambda: True).taken == Taken()
    (digest,) = deployed.mails(f"{ada.email}")[20:]
    assert digest["Subject"] == "3 more new tickets"


def test_a_digest_that_its_queue_does_not_take_holds_up_nothing_else(deployed: Deployed) -> None:
    entries = [Due(datetime.now(UTC), keys.DIGEST, user_id) for user_id in ("ada", "bob")]
    gone = Digests(lambda: deployed.sqs, f"{deployed.queue_url}-gone")
    assert gone.due(entries, lambda: True) == Taken()
    there = Digests(lambda: deployed.sqs, deployed.queue_url)
    assert there.due(entries, lambda: False) == Taken(left_over=2)
    assert there.due(entries, lambda: True) == Taken(handed_over=2)
    bodies = {record["body"] for record in deployed.received()}
    assert bodies == {digest_due(each.subject, each.at) for each in entries}
    assert all(decode(body) for body in bodies)
