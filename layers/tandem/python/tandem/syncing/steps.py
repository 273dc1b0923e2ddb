"""A batch of the device-sync queue: each message read, done, and given back if it must come again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tandem.connections.limits import Deadline
from tandem.redelivery import wait_before_attempt
from tandem.store.errors import StoreError
from tandem.syncing.message import MessageError, decode
from tandem.syncing.received import DeadLetterBox, Message, unreadable
from tandem.syncing.work import SyncWork

SOURCE = "device-sync"
"""Of its dead letters."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """What became of one message. `wait`: seconds until it must come again; None: it is done with. `parked`: why it is
    a dead letter."""

    message_id: str
    wait: int | None = None
    parked: str | None = None


class Steps:
    """Does the messages."""

    def __init__(self, work: SyncWork, dead_letters: DeadLetterBox, clock: Callable[[], datetime]) -> None:
        self._work = work
        self._dead_letters = dead_letters
        self._clock = clock

    def do(self, messages: Sequence[Message], deadline: Deadline) -> list[Stepped]:
        """Raises nothing that can be foreseen."""
        return [self._do(message, deadline) for message in messages]

    def _do(self, message: Message, deadline: Deadline) -> Stepped:
        try:
            step = decode(message.body)
        except MessageError as error:
            return self._park(message, str(error))
        return Stepped(message.message_id, self._work.handle(step, deadline, message.attempts).again_in)

    def _park(self, message: Message, reason: str) -> Stepped:
        try:
            self._dead_letters.park(unreadable(SOURCE, message, reason), self._clock())
        except StoreError:
            return Stepped(message.message_id, wait_before_attempt(message.attempts))
        return Stepped(message.message_id, parked=reason)
