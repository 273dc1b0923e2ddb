"""The mails: plain text, and the same as minimal HTML.

Whatever came from outside (titles, names) is one line wherever a line is meant, and escaped in HTML; no mail holds a
key, an alert's raw text or a ticket's description.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from unicodedata import category

from tandem.notifications.notice import TicketNotice
from tandem.notifications.planning import digest_title

LONGEST_SUBJECT = 200
"""Characters."""

LONGEST_LINE = 300
LISTED_TICKETS = 1000
"""Of a digest; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class About:
    """What a mail says of a ticket beside the ticket's own words; what is not known is not mentioned."""

    priority: str | None = None
    client: str | None = None
    device: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address."""

    to: str
    subject: str
    text: str
    html: str


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    """The text without line breaks and control characters, its spaces single, cut with a mark."""
    printable = "".join(" " if category(each)[0] in "CZ" and each != "\u200d" else each for each in text)
    line = " ".join(printable.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def ticket_mail(to: str, ticket: TicketNotice, about: About, public_url: str) -> Mail:
    """The mail about one new ticket."""
    title, number = one_line(ticket.title), one_line(ticket.number)
    facts = [
        ("Severity", ticket.severity.value),
        ("Priority", about.priority),
        ("Client", about.client),
        ("Device", about.device),
        ("Rule", about.rule),
    ]
    known = [(name, one_line(value)) for name, value in facts if value]
    link = _link(ticket, public_url)
    why = "You are told because the rule names you." if about.rule else "You are told because its rule names you."
    text = [f"Ticket {number} was made: {title}", "", *(f"{name}: {value}" for name, value in known)]
    text += ["", link] if link else []
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in known)
    html = f"<p>Ticket {escape(number)} was made: <b>{escape(title)}</b></p><table>{rows}</table>"
    html += f'<p><a href="{escape(link)}">{escape(link)}</a></p>' if link else ""
    return Mail(
        to=to,
        subject=one_line(f"[{number}] {title}", LONGEST_SUBJECT),
        text="\n".join([*text, "", why, ""]),
        html=_page(f"{html}<p>{why}</p>"),
    )


def digest_mail(to: str, tickets: Sequence[TicketNotice], public_url: str) -> Mail:
    """The mail about all that was gathered."""
    count = len(tickets)
    listed = tickets[:LISTED_TICKETS]
    beyond = f"... and {count - len(listed)} more; Tandem lists them all." if count > len(listed) else ""
    opening = f"{digest_title(count)}, told at once because many came within minutes:"
    lines = [f"[{one_line(each.number)}] {one_line(each.title)} ({each.severity.value})" for each in listed]
    links = [_link(each, public_url) for each in listed]
    text = [line if not link else f"{line}\n  {link}" for line, link in zip(lines, links, strict=True)]
    items = [
        f'<li><a href="{escape(link)}">{escape(line)}</a></li>' if link else f"<li>{escape(line)}</li>"
        for line, link in zip(lines, links, strict=True)
    ]
    return Mail(
        to=to,
        subject=digest_title(count),
        text="\n".join([opening, "", *text, *([beyond] if beyond else []), ""]),
        html=_page(f"<p>{escape(opening)}</p><ul>{''.join(items)}</ul>" + (f"<p>{beyond}</p>" if beyond else "")),
    )


def _link(ticket: TicketNotice, public_url: str) -> str:
    return f"{public_url.rstrip('/')}/api/v1/tickets/{ticket.ticket_id}" if public_url else ""


def _page(body: str) -> str:
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{body}</body></html>'
