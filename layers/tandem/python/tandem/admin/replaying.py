"""Handing dead letters over again, at a bounded rate.

A letter is marked as replayed only after it was handed over. Whatever stops a request in between, the letter is handed
over once more when the request is repeated, and that changes nothing: a redelivery is known as one.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Protocol

from tandem.admin.problems import unavailable
from tandem.admin.replayers import HandoverError, Replayer
from tandem.dead_letters.letters import ParkedLetter

PER_SECOND = 50
"""A tenth of what the processor does in a storm: what fires meanwhile does not wait behind the dead."""

LIMIT_SECONDS = 20.0
"""No letter is begun after that: a request ends after 28, and one letter of the stream may take 6."""

MOST_COUNTED = 10_000
COUNTING_SECONDS = 3.0
"""What is left is read to be counted, whole, and a letter may be long."""

FAILED_AGAIN = "it failed again, or was dropped meanwhile; its reason says why"


class Marks(Protocol):
    """Where it is noted what was replayed."""

    def mark_replayed(self, parked: ParkedLetter, user_id: str, now: datetime) -> bool:
        """False if the letter is not what it was: it failed again. Raises a StoreError."""
        ...


@dataclass(slots=True)
class Run:
    """What one request did. `left`: letters that its time did not suffice for, counted as far as a few seconds and
    10,000 go."""

    replayed: int = 0
    without_ticket: int = 0
    left: int = 0
    not_replayed: dict[str, str] = field(default_factory=dict)


class Replaying:
    """Replays letters, each the way of its source."""

    def __init__(
        self,
        marks: Marks,
        replayers: Mapping[str, Replayer],
        pause: Callable[[float], None] = time.sleep,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._marks = marks
        self._replayers = replayers
        self._pause = pause
        self._seconds = seconds

    def why_not(self, parked: ParkedLetter) -> str | None:
        """Why the letter can never be replayed; None if it can."""
        replayer = self._replayers.get(parked.letter.source)
        if replayer is None:
            return f"there is no way to replay what was for '{parked.letter.source}'"
        return replayer.why_not(parked)

    def run(self, letters: Iterable[ParkedLetter], user_id: str, force: bool, now: datetime) -> Run:
        """Hand over the letters in their order until the time is up.

        Raises Problem 503, telling how far it came, when what they are for takes none; a StoreError when it cannot be
        noted that some were handed over.
        """
        run, began = Run(), self._seconds()
        chunks = self._chunks(letters)
        for chunk in chunks:
            if self._seconds() - began > LIMIT_SECONDS:
                run.left = self._counted(chain([chunk], chunks), began + LIMIT_SECONDS + COUNTING_SECONDS)
                break
            can = self._replayable(chunk, run)
            if can:
                due = self._seconds() + len(can) / PER_SECOND
                self._hand_over(can, run, user_id, force, now)
                self._pause(max(0.0, due - self._seconds()))
        return run

    def _counted(self, chunks: Iterable[list[ParkedLetter]], until: float) -> int:
        left = 0
        for chunk in chunks:
            left += len(chunk)
            if left >= MOST_COUNTED or self._seconds() > until:
                break
        return min(left, MOST_COUNTED)

    def _chunks(self, letters: Iterable[ParkedLetter]) -> Iterator[list[ParkedLetter]]:
        """Letters of one source that follow each other, as many as go out at once."""
        chunk: list[ParkedLetter] = []
        for parked in letters:
            if chunk and (len(chunk) == self._at_once(chunk[0]) or parked.letter.source != chunk[0].letter.source):
                yield chunk
                chunk = []
            chunk.append(parked)
        if chunk:
            yield chunk

    def _at_once(self, parked: ParkedLetter) -> int:
        replayer = self._replayers.get(parked.letter.source)
        return replayer.at_once if replayer is not None else 1

    def _replayable(self, letters: list[ParkedLetter], run: Run) -> list[ParkedLetter]:
        reasons = {each.letter_id: self.why_not(each) for each in letters}
        run.not_replayed |= {letter_id: reason for letter_id, reason in reasons.items() if reason is not None}
        return [each for each in letters if reasons[each.letter_id] is None]

    def _hand_over(self, letters: list[ParkedLetter], run: Run, user_id: str, force: bool, now: datetime) -> None:
        try:
            handed = self._replayers[letters[0].letter.source].hand_over(letters, force, now)
        except HandoverError as error:
            raise unavailable(
                f"{error}. {run.replayed} letters were replayed before; repeat the request to go on"
            ) from error
        run.not_replayed |= handed.refused
        run.without_ticket += handed.without_ticket
        for parked in letters:
            if parked.letter_id in handed.refused:
                continue
            if self._marks.mark_replayed(parked, user_id, now):
                run.replayed += 1
            else:
                run.not_replayed[parked.letter_id] = FAILED_AGAIN
