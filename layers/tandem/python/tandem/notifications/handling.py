"""One message of the queue on its way through the notifier."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tandem.notifications.message import DigestDue, TicketMade


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the queue."""

    message_id: str
    body: str
    sent_at: datetime


@dataclass(slots=True)
class Handled:
    """What became of one message. `content` None: it is none of this queue's. `failed`: why it must be given back.

    `counted`: what happened, and how often, for the metrics.
    """

    message: Message
    content: TicketMade | DigestDue | None = None
    parked: str | None = None
    failed: str | None = None
    counted: dict[str, int] = field(default_factory=dict)

    @property
    def user_ids(self) -> tuple[str, ...]:
        """Whom it is about."""
        if isinstance(self.content, TicketMade):
            return self.content.user_ids
        return (self.content.user_id,) if self.content else ()

    def count(self, what: str) -> None:
        """One more of this."""
        self.counted[what] = self.counted.get(what, 0) + 1


def message_of(record: Mapping[str, Any]) -> Message:
    """The message of one record of an SQS event."""
    sent = int(record["attributes"]["SentTimestamp"]) / 1000
    return Message(record["messageId"], record["body"], datetime.fromtimestamp(sent, UTC))


def give_back(concerned: Iterable[Handled], why: str) -> None:
    """These must be delivered again; the first reason is kept."""
    for one in concerned:
        one.failed = one.failed or why
