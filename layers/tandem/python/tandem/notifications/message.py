"""The messages of the notifications queue.

    what happened    {"detail-type": "TICKET_CREATED", "detail": {...}}    as EventBridge hands an event over
    a due digest     {"digest": <user id>, "due": <time>}                  as the sweep hands it over

Either may say `"again": true`: then a mail that was refused is tried once more. So a parked message is replayed by
sending it to the queue as it is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tandem.alerts.limits import sound_text
from tandem.alerts.models import Severity
from tandem.alerts.tickets import Priority
from tandem.notifications.notice import SEVERITY_OF_PRIORITY, TicketNotice
from tandem.times import from_text, to_text

TICKET_CREATED = "TICKET_CREATED"


class NotificationMessageError(Exception):
    """Not a message of this queue; the text says why."""


@dataclass(frozen=True, slots=True)
class TicketMade:
    """A ticket was made, and these users are to be told.

    `is_guessed`: the message names no severity, so that the ticket's is taken from its priority. `condition_id`: whose
    ticket it is; the condition knows the severity.
    """

    ticket: TicketNotice
    user_ids: tuple[str, ...]
    again: bool = False
    is_guessed: bool = False
    condition_id: str | None = None


@dataclass(frozen=True, slots=True)
class DigestDue:
    """The digest of this user is due."""

    user_id: str
    due: datetime
    again: bool = False


def decode(body: str) -> TicketMade | DigestDue:
    """What a message says; fields that are not known are passed over. Raises NotificationMessageError."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise NotificationMessageError("no JSON") from None
    if not isinstance(values, dict):
        raise NotificationMessageError("no JSON object")
    again = values.get("again") is True
    if "digest" in values:
        return DigestDue(_text(values, "digest"), _time(values), again)
    kind = values.get("detail-type")
    if kind != TICKET_CREATED:
        raise NotificationMessageError(f"neither a digest nor {TICKET_CREATED}")
    detail = values.get("detail")
    if not isinstance(detail, dict):
        raise NotificationMessageError("'detail' is missing")
    severity = _severity(detail)
    ticket = _ticket(detail, severity or _severity_of_priority(detail))
    condition_id = detail.get("condition_id")
    return TicketMade(
        ticket=ticket,
        user_ids=_users(detail),
        again=again,
        is_guessed=severity is None,
        condition_id=condition_id if isinstance(condition_id, str) and condition_id else None,
    )


def digest_due(user_id: str, due: datetime, *, again: bool = False) -> str:
    """The message that the digest of this user is due; with `again`, also if its mail was refused before."""
    return json.dumps({"digest": user_id, "due": to_text(due), **({"again": True} if again else {})})


def ticket_again(ticket: TicketNotice, user_id: str) -> str:
    """The message that tells this one user of the ticket, a refused mail again: what is parked of a refusal."""
    detail = {
        "ticket_id": ticket.ticket_id,
        "number": ticket.number,
        "title": ticket.title,
        "severity": ticket.severity.value,
        "notify_user_ids": [user_id],
    }
    return json.dumps({"detail-type": TICKET_CREATED, "detail": detail, "again": True})


def _ticket(detail: Mapping[str, Any], severity: Severity) -> TicketNotice:
    number, title = _text(detail, "number"), detail.get("title")
    title = sound_text(title) if isinstance(title, str) and title.strip() else number
    return TicketNotice(_text(detail, "ticket_id"), number, title, severity)


def _severity(detail: Mapping[str, Any]) -> Severity | None:
    try:
        return Severity(detail["severity"])
    except (KeyError, ValueError):
        return None


def _severity_of_priority(detail: Mapping[str, Any]) -> Severity:
    try:
        return SEVERITY_OF_PRIORITY[Priority(detail["priority"])]
    except (KeyError, ValueError):
        return Severity.CRITICAL  # nobody is kept from hearing of what says nothing


def _users(detail: Mapping[str, Any]) -> tuple[str, ...]:
    """Each once, in their order."""
    found = detail.get("notify_user_ids")
    if not isinstance(found, list) or not all(isinstance(each, str) and each for each in found):
        raise NotificationMessageError("'notify_user_ids' is no list of ids")
    return tuple(dict.fromkeys(found))


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise NotificationMessageError(f"'{name}' is missing")
    return sound_text(value)


def _time(values: Mapping[str, Any]) -> datetime:
    try:
        return from_text(_text(values, "due"))
    except ValueError:
        raise NotificationMessageError("'due' is no time") from None
