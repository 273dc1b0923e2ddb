"""Sending the mails of a plan, and writing down what came of each.

    SES took it           MAILED
    SES refuses it        parked with a message that tries it again, then REFUSED
    SES cannot now        WAITING; the message is given back

A crash between SES and the table leaves MAILING: when the message comes again after the lease, the mail goes out a
second time. SES knows no idempotency, so that rare second mail is the price for never losing one.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from tandem import telemetry
from tandem.dead_letters.letters import DeadLetter
from tandem.notifications.handling import Handled, give_back
from tandem.notifications.ledger import Ledger
from tandem.notifications.mail import Mailer, MailNotSentError, MailRefusedError
from tandem.notifications.planning import State, Told
from tandem.notifications.wording import Mail
from tandem.store.errors import StoreError

SOURCE = "notifications"

NO_TIME = "no time was left for this mail"


class Parking(Protocol):
    """Where goes what can never be carried out."""

    def park(self, letter: DeadLetter, now: datetime) -> None:
        """Keep it. Raises a StoreError."""
        ...


class Post:
    """Sends mails. `mailer` None: there is no sender, so nobody is mailed."""

    def __init__(self, ledger: Ledger, mailer: Mailer | None, parking: Parking, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._mailer = mailer
        self._parking = parking
        self._clock = clock

    @property
    def is_open(self) -> bool:
        """Mails can be sent."""
        return self._mailer is not None

    def send(
        self,
        told: Told,
        concerned: Sequence[Handled],
        mail: Callable[[], Mail],
        message_again: Callable[[], str],
        until: datetime,
    ) -> None:
        """Send one mail, unless it is later than `until`.

        `concerned`: the messages that it is of. `message_again`: what is parked if it is refused.
        """
        first = concerned[0]
        try:
            if self._mailer is None or self._clock() > until:
                raise MailNotSentError(NO_TIME)
            self._mailer.send(mail())
        except MailRefusedError as error:
            first.count("mail_refused")
            reason = f"the mail to user '{told.user_id}': {error}"
            if self.park(first, reason, message_again(), f"{told.subject}/{told.user_id}"):
                self._mark(told.becomes(State.REFUSED))
        except (MailNotSentError, StoreError) as error:
            first.count("mail_not_sent")
            give_back(concerned, str(error))
            self._mark(told.becomes(State.WAITING))
        else:
            first.count("mailed")
            self._mark(told.becomes(State.MAILED))

    def park(self, one: Handled, reason: str, payload: str, message_id: str) -> bool:
        """Park this payload; False when that failed, and the message is given back."""
        letter = DeadLetter(SOURCE, message_id, reason, payload, one.message.sent_at)
        try:
            self._parking.park(letter, self._clock())
        except StoreError as error:
            give_back([one], str(error))
            return False
        one.parked = reason
        return True

    def _mark(self, told: Told) -> None:
        """Best effort: what is not marked stays MAILING, and nobody else sends it until its lease ends."""
        try:
            self._ledger.mark(told, self._clock())
        except StoreError as error:
            telemetry.log(
                logging.ERROR,
                "not marked",
                subject=told.subject,
                user_id=told.user_id,
                state=told.state.value,
                error=type(error).__name__,
            )
