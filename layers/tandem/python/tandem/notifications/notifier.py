"""A batch of messages, carried out: for each user one change of the table, then the user's mails.

a message that is none of this queue's          parked as a dead letter, acknowledged
a user who is not there or not active           passed over, with a line in the log
a mail that is refused for good                 parked for that user alone, with a message that tries it again
a mail that cannot be sent now, a busy table    the message is given back; who was told by then is not told again
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from tandem import telemetry
from tandem.alerts.models import Severity
from tandem.notifications.handling import Handled, Message, give_back
from tandem.notifications.ledger import Ledger
from tandem.notifications.message import (
    DigestDue,
    NotificationMessageError,
    TicketMade,
    decode,
    digest_due,
    ticket_again,
)
from tandem.notifications.notice import TicketNotice, digest_id_of
from tandem.notifications.planning import Plan, Recipient, State, Wanted, plan, plan_digest, plan_digest_again
from tandem.notifications.post import Post
from tandem.notifications.wording import About, Mail, digest_mail, ticket_mail
from tandem.store.configuration.records import User
from tandem.store.errors import ConflictError, StoreError, UnwritableError

LONGEST_BATCH = timedelta(seconds=40)
"""Mails that are not begun by then are left to the next delivery: the function has a minute."""

_ATTEMPTS = 10


class Users(Protocol):
    """Who may be told."""

    def several(self, user_ids: Sequence[str]) -> dict[str, User]:
        """Those of these users that there are, by id. Raises a StoreError."""
        ...


class Facts(Protocol):
    """What is known of a ticket."""

    def about(self, ticket_id: str, now: datetime) -> About:
        """What a mail says of it. Raises a StoreError."""
        ...

    def severities(self, conditions: Mapping[str, str | None]) -> dict[str, Severity]:
        """The severities of tickets, by ticket id, as far as they are known; given each one's condition id. Raises a
        StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class _Person:
    """One user of a batch. `recipient` None: nobody who can be told. `until`: when no mail is begun any more."""

    user_id: str
    recipient: Recipient | None
    address: str
    until: datetime


class Notifier:
    """Carries out batches."""

    def __init__(
        self,
        ledger: Ledger,
        users: Users,
        facts: Facts,
        post: Post,
        clock: Callable[[], datetime],
        public_url: str,
    ) -> None:
        self._ledger = ledger
        self._users = users
        self._facts = facts
        self._post = post
        self._clock = clock
        self._public_url = public_url

    def notify(self, messages: Sequence[Message]) -> list[Handled]:
        """Carry out the messages; those whose `failed` is set must be given back to the queue."""
        until = self._clock() + LONGEST_BATCH
        handled = [self._read(Handled(message)) for message in messages]
        user_ids = list(dict.fromkeys(user_id for one in handled for user_id in one.user_ids))
        try:
            users = self._users.several(user_ids)
            self._learn_severities(handled)
        except StoreError as error:
            give_back([one for one in handled if one.content], str(error))
            return handled
        for user_id in user_ids:
            person = self._person(user_id, users.get(user_id), until)
            self._tell_tickets(person, handled)
            for one in handled:
                if isinstance(one.content, DigestDue) and one.content.user_id == user_id:
                    self._tell_digest(person, one, one.content)
        return handled

    def _read(self, one: Handled) -> Handled:
        try:
            one.content = decode(one.message.body)
        except NotificationMessageError as error:
            reason = f"not a message about notifications: {error}"
            self._post.park(one, reason, one.message.body, one.message.message_id)
        return one

    def _learn_severities(self, handled: Sequence[Handled]) -> None:
        guessed = {
            one.content.ticket.ticket_id: one.content.condition_id
            for one in handled
            if isinstance(one.content, TicketMade) and one.content.is_guessed
        }
        known = self._facts.severities(guessed) if guessed else {}
        for one in handled:
            if isinstance(one.content, TicketMade) and (severity := known.get(one.content.ticket.ticket_id)):
                one.content = replace(one.content, ticket=replace(one.content.ticket, severity=severity))

    def _person(self, user_id: str, user: User | None, until: datetime) -> _Person:
        if user is None or not user.active:
            reason = "not active" if user else "not there"
            telemetry.log(logging.WARNING, "user passed over", user_id=user_id, reason=reason)
            return _Person(user_id, None, "", until)
        mailed = self._post.is_open and user.email is not None and user.notifications.email
        return _Person(user_id, Recipient(user_id, user.notifications, mailed), user.email or "", until)

    def _tell_tickets(self, person: _Person, handled: Sequence[Handled]) -> None:
        recipient = person.recipient
        concerned: dict[str, list[Handled]] = {}
        wanted: dict[str, Wanted] = {}
        for one in handled:
            if isinstance(one.content, TicketMade) and person.user_id in one.content.user_ids:
                ticket, again = one.content.ticket, one.content.again
                concerned.setdefault(ticket.ticket_id, []).append(one)
                before = wanted.get(ticket.ticket_id)
                wanted[ticket.ticket_id] = Wanted(ticket, again or (before is not None and before.again))
        if recipient is None or not wanted:
            return

        def planned() -> Plan:
            tally, known = self._ledger.read(person.user_id, wanted)
            return plan(recipient, list(wanted.values()), known, tally, self._clock())

        made = self._applied(planned, [one for each in concerned.values() for one in each])
        for subject, why in made.unfinished.items():
            give_back(concerned[subject], why)
        for told in made.told:
            if told.state is not State.MAILING:
                concerned[told.subject][0].count(told.state.value)
        for told in made.mails:
            ticket = wanted[told.subject].ticket
            self._post.send(
                told,
                concerned[told.subject],
                mail=partial(self._ticket_mail, person.address, ticket),
                message_again=partial(ticket_again, ticket, person.user_id),
                until=person.until,
            )

    def _tell_digest(self, person: _Person, one: Handled, asked: DigestDue) -> None:
        digest_id = digest_id_of(person.user_id, asked.due)
        gathered: list[TicketNotice] = []

        def planned() -> Plan:
            tally, known = self._ledger.read(person.user_id, [digest_id])
            now = self._clock()
            if digest_id not in known and (tally.gathering is None or tally.gathering.due != asked.due):
                # Closed already, for a user who was gone: it only has to leave the due-time index.
                self._ledger.forget_due(person.user_id, asked.due)
                return Plan(person.user_id)
            gathered[:] = self._ledger.gathered(person.user_id, digest_id)
            if digest_id in known:
                return plan_digest_again(person.user_id, person.recipient, known[digest_id], asked.again, now)
            return plan_digest(person.user_id, person.recipient, asked.due, gathered, tally, now)

        made = self._applied(planned, [one])
        for why in made.unfinished.values():
            give_back([one], why)
        if made.closed is not None:
            one.count("digest")
        for told in made.mails:
            self._post.send(
                told,
                [one],
                mail=partial(digest_mail, person.address, gathered, self._public_url),
                message_again=partial(digest_due, person.user_id, asked.due, again=True),
                until=person.until,
            )

    def _applied(self, planned: Callable[[], Plan], concerned: Sequence[Handled]) -> Plan:
        """Plan and apply until it holds; an empty plan when the messages were given back or parked instead."""
        for _ in range(_ATTEMPTS):
            try:
                made = planned()
                self._ledger.apply(made, self._clock())
            except ConflictError:
                continue
            except UnwritableError as error:
                for one in concerned:
                    self._post.park(one, str(error), one.message.body, one.message.message_id)
                return Plan("")
            except StoreError as error:
                give_back(concerned, str(error))
                return Plan("")
            return made
        give_back(concerned, "others kept writing the same records")
        return Plan("")

    def _ticket_mail(self, address: str, ticket: TicketNotice) -> Mail:
        about = self._facts.about(ticket.ticket_id, self._clock())
        return ticket_mail(address, ticket, about, self._public_url)
