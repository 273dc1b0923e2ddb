"""A tenant whose users are told of tickets: a table, a mailer that does what a test tells it, a clock that jumps."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tandem.dead_letters.letters import DeadLetters
from tandem.notifications.facts import TicketFacts
from tandem.notifications.handling import Handled, Message
from tandem.notifications.inbox import Inbox
from tandem.notifications.ledger import Ledger
from tandem.notifications.notice import Notification
from tandem.notifications.notifier import Notifier
from tandem.notifications.post import Post
from tandem.notifications.wording import Mail
from tandem.store import keys
from tandem.store.configuration.clients import Clients
from tandem.store.configuration.people import People
from tandem.store.configuration.records import ApiKey, Role, User
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.lookups import Lookups
from tests.integration.deployment import contents
from tests.unit.alerts.world import START

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


ADA = User("ada", "Ada", "ada@example.com", Role.TECHNICIAN)
BOB = User("bob", "Bob", "bob@example.com", Role.TECHNICIAN)
ADMIN = User("admin", "Admin", None, Role.ADMIN)
SECOND = timedelta(seconds=1)


class Mailer:
    """Keeps the mails; fails for addresses in `faults`; runs `before` each mail."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.faults: dict[str, Exception] = {}
        self.before: Callable[[], None] = lambda: None

    def send(self, mail: Mail) -> None:
        self.before()
        if mail.to in self.faults:
            raise self.faults[mail.to]
        self.mails.append(mail)

    def to(self, user: User) -> list[str]:
        """The subjects of the user's mails."""
        return [each.subject for each in self.mails if each.to == user.email]


class Tenant:
    """One table, with Ada and Bob, and a notifier on it."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self.client, self.table = client, table
        self.now = START
        self.mailer = Mailer()
        self.people = People(ConfigurationTable(client, table))
        self.inbox = Inbox(client, table)
        for user in (ADMIN, ADA, BOB):
            self.people.put_user(user)
        self.people.add_key(ApiKey("k", "hash", ADMIN.user_id, Role.ADMIN, "wxyz", START))

    def notifier(self, *, sender: bool = True, client: "DynamoDBClient | None" = None) -> Notifier:
        """A function instance; `client`: its own, if it is not the test's."""
        client = client or self.client
        configuration, ledger = ConfigurationTable(client, self.table), Ledger(client, self.table)
        mailer = self.mailer if sender else None
        return Notifier(
            ledger=ledger,
            users=People(configuration),
            facts=TicketFacts(client, self.table, Lookups(client, self.table), Clients(configuration)),
            post=Post(ledger, mailer, DeadLetters(client, self.table), self.clock),
            clock=self.clock,
            public_url="https://tandem.example.com",
        )

    def clock(self) -> datetime:
        return self.now

    def tell(self, *bodies: str, notifier: Notifier | None = None) -> list[Handled]:
        """The notifier gets these messages as one batch."""
        sent = [Message(f"m{number}", body, START) for number, body in enumerate(bodies)]
        return (notifier or self.notifier()).notify(sent)

    def notifications(self, user: User = ADA) -> list[Notification]:
        return self.inbox.page(user.user_id, None, 1000, self.now)

    def dead_letters(self) -> list[dict[str, Any]]:
        return [item for (pk, _), item in contents(self.client, self.table).items() if pk == keys.DEAD_LETTERS]

    def due(self) -> list[str]:
        return [item["sk"] for (pk, _), item in contents(self.client, self.table).items() if pk.startswith("DUE#")]


def created(number: int = 1, *users: User, **words: Any) -> str:
    """The event of a new ticket as EventBridge hands it over."""
    detail = {
        "ticket_id": f"t{number}",
        "number": f"T-{number}",
        "title": f"Disk {number} is full",
        "severity": "major",
        "notify_user_ids": [each.user_id for each in users or (ADA,)],
    }
    return json.dumps({"detail-type": "TICKET_CREATED", "detail": detail | words})
