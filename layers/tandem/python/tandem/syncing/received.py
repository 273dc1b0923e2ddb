"""Messages as the function's queues give them, and what becomes of those that are of neither queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tandem.dead_letters.letters import DeadLetter


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `attempts`: how often it was received by now; `group_id`: of a FIFO queue's."""

    message_id: str
    body: str
    sent_at: datetime
    attempts: int = 1
    group_id: str | None = None


class DeadLetterBox(Protocol):
    """Where what can never be done is kept for a person."""

    def park(self, letter: DeadLetter, now: datetime) -> object:
        """Keep it. Raises a StoreError."""
        ...


def unreadable(source: str, message: Message, reason: str) -> DeadLetter:
    """The letter of a message that nothing can be made of. `source`: its queue's."""
    return DeadLetter(
        source, message.message_id, reason, message.body, message.sent_at, message.attempts, group_id=message.group_id
    )
