"""What a delivery comes to: each ticket is told of exactly once, however often it is delivered."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.alerts.models import Severity
from tandem.notifications.notice import NotificationKind, Preferences, digest_id_of
from tandem.notifications.planning import (
    BUSY,
    LEASE,
    NO_ROOM,
    SHOWN_TICKETS,
    Plan,
    Recipient,
    State,
    Told,
    Wanted,
    plan,
    plan_digest,
    plan_digest_again,
)
from tandem.notifications.tally import MOST_SINGLES, SPAN, Tally
from tests.unit.alerts.world import START
from tests.unit.notifications.ledgers import MemoryLedger, notice

ADA = Recipient("ada", Preferences(), can_be_mailed=True)
SECOND = timedelta(seconds=1)


def test_a_new_ticket_is_told_in_tandem_and_mailed() -> None:
    made = plan(ADA, [Wanted(notice())], {}, Tally(), START)
    assert [each.title for each in made.notifications] == ["Disk 1 is full"]
    (told,) = made.mails
    assert (told.subject, told.state, told.leased_until) == ("t1", State.MAILING, START + LEASE)
    assert made.told == (told,)


def test_who_wants_no_mail_is_told_in_tandem_only() -> None:
    made = plan(replace(ADA, can_be_mailed=False), [Wanted(notice())], {}, Tally(), START)
    assert [each.state for each in made.told] == [State.IN_APP]
    assert len(made.notifications) == 1
    assert made.mails == ()


@pytest.mark.parametrize("severity", list(Severity))
def test_what_is_less_severe_than_the_user_wants_is_not_told_at_all(severity: Severity) -> None:
    choosy = replace(ADA, preferences=Preferences(least_severity=Severity.MODERATE))
    made = plan(choosy, [Wanted(notice(severity=severity))], {}, Tally(), START)
    assert made.writes_nothing is (severity in (Severity.MINOR, Severity.NONE))


@pytest.mark.parametrize("state", [State.MAILED, State.IN_APP, State.GATHERED, State.REFUSED])
def test_what_was_told_is_not_told_again(state: State) -> None:
    known = Told("t1", "ada", state, START)
    assert plan(ADA, [Wanted(notice())], {"t1": known}, Tally(), START).writes_nothing


def test_a_refused_mail_is_tried_again_when_a_person_replays_it() -> None:
    known = Told("t1", "ada", State.REFUSED, START)
    made = plan(ADA, [Wanted(notice(), again=True)], {"t1": known}, Tally(), START)
    assert [each.version for each in made.mails] == [2]
    assert made.notifications == (), "it was told in Tandem"


def test_a_mail_that_is_being_sent_is_left_alone_until_its_lease_ends() -> None:
    known = Told("t1", "ada", State.MAILING, START, START + LEASE)
    early = plan(ADA, [Wanted(notice())], {"t1": known}, Tally(), START + LEASE - SECOND)
    assert early.writes_nothing
    assert early.unfinished == {"t1": BUSY}
    late = plan(ADA, [Wanted(notice())], {"t1": known}, Tally(), START + LEASE)
    assert [each.subject for each in late.mails] == ["t1"]


def test_a_mail_that_waits_for_room_is_delivered_again() -> None:
    known = Told("t1", "ada", State.WAITING, START - SPAN)
    full = Tally(singles=(START,) * MOST_SINGLES)
    made = plan(ADA, [Wanted(notice())], {"t1": known}, full, START)
    assert made.writes_nothing
    assert made.unfinished == {"t1": NO_ROOM}


def test_a_mail_that_waits_is_given_up_when_its_user_wants_none_any_more() -> None:
    known = Told("t1", "ada", State.WAITING, START)
    made = plan(replace(ADA, can_be_mailed=False), [Wanted(notice())], {"t1": known}, Tally(), START)
    assert [each.state for each in made.told] == [State.IN_APP]


def test_the_twenty_first_opens_a_digest_and_the_next_joins_it() -> None:
    ledger = MemoryLedger()
    ledger.apply(plan(ADA, [Wanted(notice(each)) for each in range(20)], {}, ledger.tally, START))
    opening = plan(ADA, [Wanted(notice(20))], {}, ledger.tally, START + SECOND)
    assert opening.opened == START + SPAN
    assert opening.digest_id == digest_id_of("ada", START + SPAN)
    assert not opening.notifications
    assert not opening.mails
    ledger.apply(opening)
    joining = plan(ADA, [Wanted(notice(21))], {}, ledger.tally, START + 2 * SECOND)
    assert (joining.opened, joining.digest_id) == (None, opening.digest_id)


def test_a_digest_is_one_notification_and_one_mail_that_name_count_and_tickets() -> None:
    tickets = [notice(each) for each in range(60)]
    due = START + SPAN
    tally, opened = Tally(), plan(ADA, [Wanted(notice(each)) for each in range(25)], {}, Tally(), START)
    assert opened.tally is not None
    tally = opened.tally
    made = plan_digest("ada", ADA, due, tickets, tally, due)
    (notification,) = made.notifications
    assert (notification.kind, notification.ticket_count) == (NotificationKind.DIGEST, 60)
    assert notification.title == "60 more new tickets"
    assert [each.number for each in notification.tickets] == [f"T-{each}" for each in range(SHOWN_TICKETS)]
    assert len(made.mails) == 1
    assert made.closed == due
    assert made.tally is not None
    assert made.tally.gathering is None


def test_a_digest_for_a_user_who_is_gone_is_closed_without_a_word() -> None:
    made = plan_digest("ada", None, START, [notice()], Tally(), START)
    assert (made.closed, made.told, made.notifications, made.mails) == (START, (), (), ())
    assert not made.writes_nothing


def test_a_digests_mail_that_was_not_sent_is_sent_again_and_nothing_else() -> None:
    known = Told("d", "ada", State.WAITING, START)
    assert [each.subject for each in plan_digest_again("ada", ADA, known, False, START).mails] == ["d"]
    sent = known.becomes(State.MAILED)
    assert plan_digest_again("ada", ADA, sent, False, START).writes_nothing


class Ada:
    """One user, a mailer that fails as it is told, and deliveries that may be lost between any two steps."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.now = START
        self.mails: list[tuple[datetime, str]] = []
        self.digest_mails: list[list[str]] = []

    def deliver(self, numbers: list[int], fate: str) -> None:
        wanted = [Wanted(notice(each)) for each in dict.fromkeys(numbers)]
        made = plan(ADA, wanted, self.ledger.told, self.ledger.tally, self.now)
        self._carry_out(made, fate)

    def sweep(self, fate: str) -> None:
        for due in [each for each in self.ledger.due if each <= self.now]:
            digest_id = digest_id_of("ada", due)
            gathered = self.ledger.waiting[digest_id]
            if (known := self.ledger.told.get(digest_id)) is not None:
                made = plan_digest_again("ada", ADA, known, False, self.now)
            else:
                made = plan_digest("ada", ADA, due, gathered, self.ledger.tally, self.now)
            self._carry_out(made, fate)

    def finish_digests(self) -> None:
        for digest_id in self.ledger.waiting:
            if (known := self.ledger.told.get(digest_id)) is not None:
                self._carry_out(plan_digest_again("ada", ADA, known, False, self.now), "")

    def _carry_out(self, made: Plan, fate: str) -> None:
        if fate == "crash before":
            return
        self.ledger.apply(made)
        for told in made.mails:
            if fate == "crash after":
                return  # MAILING, and nothing sent
            if fate == "not sent":
                self.ledger.mark(told.becomes(State.WAITING))
                continue
            if told.subject in self.ledger.waiting:
                self.digest_mails.append([each.ticket_id for each in self.ledger.waiting[told.subject]])
            else:
                self.mails.append((self.now, told.subject))
            self.ledger.mark(told.becomes(State.MAILED))


FATES = st.sampled_from(["", "", "", "not sent", "crash before", "crash after"])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 60), max_size=10), st.integers(0, 120), FATES, st.booleans()), max_size=40
    )
)
def test_every_ticket_is_told_of_exactly_once_whatever_fails_and_never_more_than_twenty_in_five_minutes(
    deliveries: list[tuple[list[int], int, str, bool]],
) -> None:
    ada = Ada()
    seen: set[int] = set()
    for numbers, seconds, fate, swept in deliveries:
        ada.now += timedelta(seconds=seconds)
        ada.deliver(numbers, fate)
        seen |= set(numbers)
        if swept:
            ada.sweep(fate)
    for _ in range(100):  # the queue and the sweep come again until all is done
        ada.now += LEASE
        for number in seen:
            ada.deliver([number], "")
        ada.sweep("")
        ada.finish_digests()
        if not ada.ledger.due and all(
            each.state in (State.MAILED, State.GATHERED) for each in ada.ledger.told.values()
        ):
            break

    tickets = {f"t{each}" for each in seen}
    mailed = Counter([subject for _, subject in ada.mails] + [each for digest in ada.digest_mails for each in digest])
    assert mailed == Counter(tickets)
    in_app = [each for each in ada.ledger.notifications if each.kind is NotificationKind.TICKET]
    digests = [each for each in ada.ledger.notifications if each.kind is NotificationKind.DIGEST]
    assert {each.tickets[0].ticket_id for each in in_app} | {
        ticket.ticket_id for each in digests for ticket in ada.ledger.waiting[each.digest_id or ""]
    } == tickets
    assert len(in_app) + sum(each.ticket_count for each in digests) == len(tickets)
    times = sorted(at for at, _ in ada.mails)
    for first, beyond in zip(times, times[MOST_SINGLES:], strict=False):
        assert beyond - first >= SPAN
