"""How a dead letter is handed over again: each source has its own way."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tandem.alert_queue import QueueError
from tandem.alerts.event_message import INTERNAL_CAUSES, EventMessageError, decode
from tandem.alerts.models import AlertEvent, Origin
from tandem.dead_letters.letters import ParkedLetter
from tandem.ids import new_id

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

TICKET_AGE_LIMIT = timedelta(hours=24)
"""An alert that was sent longer ago makes no ticket when it is replayed, unless it is forced to: what it told has been
seen to, or has fired again, by then."""

_NOT_WHOLE = "it was too long to be kept whole"


class HandoverError(Exception):
    """What the letters were for does not take any just now."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of some letters. `refused`: why some were not taken, by the letter's id; all others were."""

    refused: Mapping[str, str] = field(default_factory=dict)
    without_ticket: int = 0


class Replayer(Protocol):
    """The way of one source. `at_once`: how many letters go out together, before any of them is marked."""

    at_once: int

    def why_not(self, parked: ParkedLetter) -> str | None:
        """Why the letter can never be handed over; None if it can."""
        ...

    def hand_over(self, letters: Sequence[ParkedLetter], force: bool, now: datetime) -> Handed:
        """Returns when the letters are safe where they were for. Raises HandoverError; then some may be there."""
        ...


class AlertEventReplayer:
    """Alert events go back to their queue."""

    at_once = 10

    def __init__(self, send: Callable[[Sequence[AlertEvent]], None]) -> None:
        self._send = send

    def why_not(self, parked: ParkedLetter) -> str | None:
        """A body that is no alert event never becomes one."""
        try:
            decode(parked.letter.payload)
        except EventMessageError as error:
            return f"it is not an alert event: {error}"
        return None

    def hand_over(self, letters: Sequence[ParkedLetter], force: bool, now: datetime) -> Handed:
        """Enqueue them under new deduplication ids."""
        events = [_event(each, force, now) for each in letters]
        try:
            self._send(events)
        except QueueError as error:
            raise HandoverError(str(error)) from error
        return Handed(without_ticket=sum(event.makes_no_ticket for event in events))


class QueueReplayer:
    """Messages go back to the queue that they could not be processed from, as they were."""

    at_once = 10

    def __init__(self, client: "Callable[[], SQSClient]", url: str) -> None:
        self._client = client
        self._url = url

    def why_not(self, parked: ParkedLetter) -> str | None:
        """Only what was kept whole can be sent."""
        return None if parked.is_whole else _NOT_WHOLE

    def hand_over(self, letters: Sequence[ParkedLetter], _force: bool, _now: datetime) -> Handed:
        """Send them, those of a FIFO queue to their group under new deduplication ids."""
        for each in letters:
            group = each.letter.group_id
            fifo: Any = {"MessageGroupId": group, "MessageDeduplicationId": new_id()} if group else {}
            try:
                self._client().send_message(QueueUrl=self._url, MessageBody=each.letter.payload, **fifo)
            except (BotoCoreError, ClientError) as error:
                raise HandoverError(f"the queue could not be reached: {type(error).__name__}") from error
        return Handed()


class StreamReplayer:
    """Records of the table's stream go to the function that could not process them.

    Each by itself: one that fails again takes seconds, so ten of them would be more than a request has.
    """

    at_once = 1

    def __init__(self, client: "Callable[[], LambdaClient]", function: str) -> None:
        self._client = client
        self._function = function

    def why_not(self, parked: ParkedLetter) -> str | None:
        """Only what was kept whole can be processed."""
        return None if parked.is_whole else _NOT_WHOLE

    def hand_over(self, letters: Sequence[ParkedLetter], _force: bool, _now: datetime) -> Handed:
        """Let the function process each, and see what it says."""
        refused = {}
        for each in letters:
            event = {"Records": [json.loads(each.letter.payload)]}
            try:
                answer = self._client().invoke(FunctionName=self._function, Payload=json.dumps(event).encode())
                said = json.load(answer["Payload"])
            except (BotoCoreError, ClientError) as error:
                raise HandoverError(f"the function could not be reached: {type(error).__name__}") from error
            if answer.get("FunctionError") or (isinstance(said, dict) and said.get("batchItemFailures")):
                refused[each.letter_id] = "it failed again; the function's log says why"
        return Handed(refused)


def _event(parked: ParkedLetter, force: bool, now: datetime) -> AlertEvent:
    event = decode(parked.letter.payload)
    # The dead-letter queue stamps a message anew; the event knows when it came.
    sent_at = min(parked.letter.sent_at, event.received_at)
    # What Tandem made itself keeps its cause, which says who acted and what may be decided again; its messages have
    # new deduplication ids as they are.
    if event.origin in INTERNAL_CAUSES:
        return event
    is_too_old = not force and now - sent_at > TICKET_AGE_LIMIT
    return replace(event, origin=Origin.REPLAY, makes_no_ticket=event.makes_no_ticket or is_too_old)
