"""A rate that polls, resets, syncs and people's requests keep together, in whichever function instances they run.

An integration's time is cut into slots, one request each, `spacing` apart. Whoever asks the RMM reserves the slots of
the next five seconds or so in the table with one call (store/rates.py), and those of the last five if nobody used them,
so that a few requests after a quiet time go out at once. A slot is good from its time on, and for `_GOOD_FOR` of the
rate's length longer: then it is lost.

So the requests of any window of the rate's length have slots in a stretch that is longer by `_GOOD_FOR`; by the spacing
no more than the rate's requests fit in that, and in `_MARGIN` more, by which clocks and networks may err. The price is
that a long listing goes at nine tenths of the rate. Who waits, waits for five seconds or so for each one that is busy:
a listing of an hour holds up no person's request for longer.
"""

import logging
from collections import deque
from datetime import timedelta
from math import ceil
from typing import Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tandem import telemetry
from tandem.connections.calls import Around
from tandem.connections.limits import Deadline, Pace, RateLimit, paced
from tandem.store.errors import StoreError
from tandem.store.rates import Reservation

# Parts of the rate's length: 5 s, 6 s and 1 s of a minute.
_AT_ONCE: Final = 1 / 12
_GOOD_FOR: Final = 1 / 10
_MARGIN: Final = 1 / 60

ALONE_SECONDS: Final = 30.0
"""So long an instance keeps to the rate by itself when the table is out of reach, before it asks it again."""

_MICROSECOND = timedelta(microseconds=1)
_SECOND: Final = 1_000_000


class Reservations(Protocol):
    """What instances have in common."""

    def reserve(self, integration_id: str, *, earliest: int, latest: int, length: int) -> Reservation:
        """As store/rates.py."""
        ...


class SharedPace:
    """Keeps one integration to its rate, together with every other instance that does. `alone`: keeps to it without
    them while the table does not answer, and sees every request meanwhile."""

    def __init__(
        self, integration_id: str, rate: RateLimit, reservations: Reservations, alone: Pace, around: Around
    ) -> None:
        self._integration_id = integration_id
        self._reservations = reservations
        self._alone = alone
        self._around = around
        per = rate.per // _MICROSECOND
        self._at_once, self._good_for = round(per * _AT_ONCE), round(per * _GOOD_FOR)
        self._spacing = ceil((per + self._good_for + per * _MARGIN) / rate.requests)
        self._batch = self._at_once // self._spacing + 1
        self._slots: deque[int] = deque()
        self._alone_until = 0.0

    def wait(self, deadline: Deadline, vendor: str) -> None:
        """As Pacing."""
        while (slot := self._next_slot(deadline, vendor)) is not None:
            seconds = (slot - self._now()) / _SECOND
            if seconds > 0:
                if seconds >= deadline.remaining():
                    raise paced(vendor, seconds)
                self._around.sleep(seconds)
            # A machine that stood still meanwhile has slept too long.
            if self._is_good(slot):
                self._slots.popleft()
                break
        self._alone.wait(deadline, vendor)

    def _next_slot(self, deadline: Deadline, vendor: str) -> int | None:
        """None if the table does not answer. Raises Paced."""
        while self._slots and not self._is_good(self._slots[0]):
            self._slots.popleft()
        if not self._slots:
            self._reserve(deadline, vendor)
        return self._slots[0] if self._slots else None

    def _is_good(self, slot: int) -> bool:
        return self._now() <= slot + self._good_for

    def _reserve(self, deadline: Deadline, vendor: str) -> None:
        """Fills the slots; leaves them empty if the table does not answer. Raises Paced."""
        if self._around.clock() < self._alone_until:
            return
        now = self._now()
        try:
            made = self._reservations.reserve(
                self._integration_id,
                earliest=now - self._at_once,
                latest=now + int(deadline.remaining() * _SECOND),
                length=self._batch * self._spacing,
            )
        except (StoreError, ClientError, BotoCoreError) as error:
            self._alone_until = self._around.clock() + ALONE_SECONDS
            telemetry.log(
                logging.WARNING,
                "rate kept without the other instances: the table does not answer",
                integration_id=self._integration_id,
                error=type(error).__name__,
                seconds=ALONE_SECONDS,
            )
            return
        if not made.is_made:
            raise paced(vendor, (made.begins - now) / _SECOND)
        self._slots.extend(made.begins + number * self._spacing for number in range(self._batch))

    def _now(self) -> int:
        return int(self._around.now().timestamp() * _SECOND)
