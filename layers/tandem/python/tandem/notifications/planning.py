"""What one delivery comes to for one user: one change of the table, and the mails to be sent after it.

    nothing told yet    → told in Tandem and mailed | told in Tandem only | gathered for a digest
    MAILING             the mail is being sent: nobody else sends it until the lease ends
    WAITING             the mail could not be sent: it is tried again if there is room in the tally
    REFUSED             it never will be; tried again only when a person replays it

The change is conditioned on the versions that it was made from. So however often and wherever a ticket is delivered,
one delivery tells it; the others find it told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tandem.notifications.notice import (
    Notification,
    NotificationKind,
    Preferences,
    TicketNotice,
    digest_id_of,
    sortable_id,
)
from tandem.notifications.tally import Tally, close, take, take_again

LEASE = timedelta(minutes=5)
"""How long a mail that is being sent is left alone. Longer than a function runs: what is still MAILING after it was
given up, and only the mail that SES took just before a crash is sent twice."""

SHOWN_TICKETS = 50
"""Of a digest, with its notification; the others are read page by page."""

BUSY = "another delivery is sending this mail"
NO_ROOM = "too many mails in the last minutes for this one to be tried again"


class State(StrEnum):
    """How far a user is told of a ticket or digest."""

    IN_APP = "in_app"
    MAILING = "mailing"
    WAITING = "waiting"
    MAILED = "mailed"
    REFUSED = "refused"
    GATHERED = "gathered"


@dataclass(frozen=True, slots=True)
class Told:
    """That a user is told of `subject`, a ticket's or a digest's id.

    `at`: when the mail was last tried, which is its place in the tally. `leased_until`: of a mail that is being sent.
    `digest_id`: the digest that tells of a gathered ticket. `version` counts writes.
    """

    subject: str
    user_id: str
    state: State
    at: datetime
    leased_until: datetime | None = None
    digest_id: str | None = None
    version: int = 1

    def becomes(self, state: State) -> "Told":
        """The same in another state, nobody sending it."""
        return replace(self, state=state, leased_until=None, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Recipient:
    """An active user, as far as notifications go. `can_be_mailed`: there is an address, a sender, and the wish."""

    user_id: str
    preferences: Preferences
    can_be_mailed: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A ticket to be told. `again`: also if its mail was refused before."""

    ticket: TicketNotice
    again: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One change of the table for one user, and what comes after it.

    `told`, `tally`, `notifications`, `gathered` (tickets for `digest_id`), `opened` (the new digest's time) and
    `closed` (the time of the digest that is closed) are written. `mails`: what is then sent, by subject. `unfinished`:
    subject → why it must be delivered again.
    """

    user_id: str
    told: tuple[Told, ...] = ()
    tally: Tally | None = None
    notifications: tuple[Notification, ...] = ()
    gathered: tuple[TicketNotice, ...] = ()
    digest_id: str | None = None
    opened: datetime | None = None
    closed: datetime | None = None
    mails: tuple[Told, ...] = ()
    unfinished: Mapping[str, str] = field(default_factory=dict)

    @property
    def writes_nothing(self) -> bool:
        """There is nothing to be changed."""
        return not self.told and self.closed is None


def plan(recipient: Recipient, wanted: Sequence[Wanted], told: Mapping[str, Told], tally: Tally, now: datetime) -> Plan:
    """What telling the recipient of these tickets comes to, each of which comes once. `told`: what is known of them."""
    changed: list[Told] = []
    unfinished: dict[str, str] = {}
    new: list[TicketNotice] = []
    before = tally
    for each in wanted:
        known = told.get(each.ticket.ticket_id)
        if known is None:
            if recipient.preferences.want(each.ticket.severity):
                new.append(each.ticket)
        elif _is_open(known, each.again):
            if is_leased(known, now):
                unfinished[known.subject] = BUSY
            elif not recipient.can_be_mailed:
                changed.append(known.becomes(State.IN_APP))
            elif (after := take_again(tally, known.at, now)) is None:
                unfinished[known.subject] = NO_ROOM
            else:
                tally = after
                changed.append(_leased(known, tally.time(now), now))
    return _with_new(recipient, new, tuple(changed), unfinished, (before, tally), now)


def _with_new(
    recipient: Recipient,
    new: Sequence[TicketNotice],
    changed: tuple[Told, ...],
    unfinished: Mapping[str, str],
    tallies: tuple[Tally, Tally],
    now: datetime,
) -> Plan:
    before, tally = tallies
    user_id = recipient.user_id
    singles = 0
    if new:
        tally, singles = take(tally, len(new), now)
    at = tally.time(now)
    digest_id = opened = None
    if singles < len(new) and tally.gathering is not None:
        digest_id = digest_id_of(user_id, tally.gathering.due)
        opened = tally.gathering.due if before.gathering is None else None
    first = State.MAILING if recipient.can_be_mailed else State.IN_APP
    leased_until = now + LEASE if first is State.MAILING else None
    told = [Told(each.ticket_id, user_id, first, at, leased_until) for each in new[:singles]]
    gathered = [Told(each.ticket_id, user_id, State.GATHERED, at, digest_id=digest_id) for each in new[singles:]]
    return Plan(
        user_id=user_id,
        told=(*changed, *told, *gathered),
        tally=tally if tally is not before else None,
        notifications=tuple(_of_ticket(user_id, each, at) for each in new[:singles]),
        gathered=tuple(new[singles:]),
        digest_id=digest_id,
        opened=opened,
        mails=tuple(each for each in (*changed, *told) if each.state is State.MAILING),
        unfinished=unfinished,
    )


def plan_digest(
    user_id: str,
    recipient: Recipient | None,
    due: datetime,
    gathered: Sequence[TicketNotice],
    tally: Tally,
    now: datetime,
) -> Plan:
    """What closing the digest comes to that is being gathered; for a user who is gone it is closed without a word."""
    at = max(now, due)
    if recipient is None:
        return Plan(user_id, tally=close(tally), closed=due)
    digest_id = digest_id_of(user_id, due)
    state = State.MAILING if recipient.can_be_mailed else State.IN_APP
    told = Told(digest_id, user_id, state, at, now + LEASE if recipient.can_be_mailed else None)
    return Plan(
        user_id=user_id,
        told=(told,),
        tally=close(tally),
        notifications=(_of_digest(user_id, digest_id, gathered, at),),
        digest_id=digest_id,
        closed=due,
        mails=(told,) if state is State.MAILING else (),
    )


def plan_digest_again(user_id: str, recipient: Recipient | None, known: Told, again: bool, now: datetime) -> Plan:
    """What a digest comes to that is closed already: its mail, if that was not sent. Digests take no room in the
    tally."""
    if not _is_open(known, again):
        return Plan(user_id)
    if is_leased(known, now):
        return Plan(user_id, unfinished={known.subject: BUSY})
    if recipient is None or not recipient.can_be_mailed:
        return Plan(user_id, told=(known.becomes(State.IN_APP),))
    leased = _leased(known, now, now)
    return Plan(user_id, told=(leased,), mails=(leased,))


def is_leased(told: Told, now: datetime) -> bool:
    """Somebody may be sending the mail right now."""
    return told.state is State.MAILING and told.leased_until is not None and now < told.leased_until


def _is_open(told: Told, again: bool) -> bool:
    return told.state in (State.MAILING, State.WAITING) or (again and told.state is State.REFUSED)


def _leased(told: Told, at: datetime, now: datetime) -> Told:
    return replace(told, state=State.MAILING, at=at, leased_until=now + LEASE, version=told.version + 1)


def _of_ticket(user_id: str, ticket: TicketNotice, at: datetime) -> Notification:
    notification_id = sortable_id(at, "notification", user_id, ticket.ticket_id)
    return Notification(notification_id, user_id, NotificationKind.TICKET, ticket.title, (ticket,), 1, at)


def _of_digest(user_id: str, digest_id: str, gathered: Sequence[TicketNotice], at: datetime) -> Notification:
    count = len(gathered)
    return Notification(
        notification_id=sortable_id(at, "notification", user_id, digest_id),
        user_id=user_id,
        kind=NotificationKind.DIGEST,
        title=digest_title(count),
        tickets=tuple(gathered[:SHOWN_TICKETS]),
        ticket_count=count,
        created_at=at,
        digest_id=digest_id,
    )


def digest_title(count: int) -> str:
    """A digest in a line."""
    return "1 more new ticket" if count == 1 else f"{count} more new tickets"
