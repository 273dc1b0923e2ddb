"""Mails say who, what and why, and carry nothing that was smuggled in."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from tandem.alerts.models import Severity
from tandem.notifications.notice import TicketNotice
from tandem.notifications.wording import (
    LISTED_TICKETS,
    LONGEST_SUBJECT,
    About,
    digest_mail,
    one_line,
    ticket_mail,
)
from tests.unit.notifications.ledgers import notice

ABOUT = About("urgent", "Northwind & Sons", "NW-DC01", "Server alerts")
URL = "https://tandem.example.com"


class Tags(HTMLParser):
    """The tags of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def test_a_mail_says_what_where_why_and_links_to_the_ticket() -> None:
    ticket = TicketNotice("abc", "T-1001", "Disk C: is full", Severity.CRITICAL)
    mail = ticket_mail("ada@example.com", ticket, ABOUT, URL)
    assert (mail.to, mail.subject) == ("ada@example.com", "[T-1001] Disk C: is full")
    assert mail.text == (
        "Ticket T-1001 was made: Disk C: is full\n\n"
        "Severity: critical\nPriority: urgent\nClient: Northwind & Sons\nDevice: NW-DC01\nRule: Server alerts\n\n"
        "https://tandem.example.com/api/v1/tickets/abc\n\n"
        "You are told because the rule names you.\n"
    )
    assert "Northwind &amp; Sons" in mail.html
    assert 'href="https://tandem.example.com/api/v1/tickets/abc"' in mail.html


def test_without_an_address_there_is_no_link_and_what_is_not_known_is_not_mentioned() -> None:
    mail = ticket_mail("ada@example.com", notice(), About(), "")
    assert "http" not in mail.text
    assert "<a " not in mail.html
    assert "Client" not in mail.text


def test_a_title_cannot_add_headers_or_markup() -> None:
    evil = "x\r\nBcc: all@example.com\n\n<script>alert(1)</script>\u2028Subject: y\x00"
    mail = ticket_mail("ada@example.com", TicketNotice("t", "T-1\nCc: z", evil, Severity.NONE), About(rule=evil), URL)
    assert mail.subject == "[T-1 Cc: z] x Bcc: all@example.com <script>alert(1)</script> Subject: y"
    assert "<script" not in mail.html
    assert "\r" not in mail.text


def test_a_long_title_is_cut_in_the_subject() -> None:
    mail = ticket_mail("a@b.c", TicketNotice("t", "T-1", "x" * 5000, Severity.NONE), About(), "")
    assert len(mail.subject) == LONGEST_SUBJECT
    assert mail.subject.endswith("…")


def test_a_digest_names_count_and_tickets() -> None:
    mail = digest_mail("ada@example.com", [notice(1), notice(2)], URL)
    assert mail.subject == "2 more new tickets"
    assert "[T-1] Disk 1 is full (major)\n  https://tandem.example.com/api/v1/tickets/t1\n" in mail.text
    assert mail.html.count("<li>") == 2


def test_a_digest_of_very_many_says_how_many_it_does_not_list() -> None:
    mail = digest_mail("ada@example.com", [notice(each) for each in range(LISTED_TICKETS + 7)], "")
    assert mail.html.count("<li>") == LISTED_TICKETS
    assert "and 7 more" in mail.text
    assert mail.subject == "1007 more new tickets"


@given(st.text(), st.text())
def test_whatever_the_words_the_subject_is_one_line_and_the_markup_is_ours(title: str, name: str) -> None:
    plain = ticket_mail("a@b.c", notice(), About(client="x"), URL)
    mail = ticket_mail("a@b.c", TicketNotice("t", "T-1", title, Severity.NONE), About(client=name or "x"), URL)
    assert len(mail.subject.splitlines()) == 1
    assert mail.subject.isprintable() or "\u200d" in mail.subject
    if one_line(name or "x"):
        assert Tags(mail.html).tags == Tags(plain.html).tags
