"""Notifications, tallies and what was told, as items of the table and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from tandem.alerts.limits import cut_bytes
from tandem.alerts.models import Severity
from tandem.notifications.notice import Notification, NotificationKind, TicketNotice
from tandem.notifications.planning import State, Told
from tandem.notifications.tally import Gathering, Tally
from tandem.store import keys
from tandem.store.codec import Item, encode_item
from tandem.times import from_text, optional_text, optional_time, to_text

RETENTION = timedelta(days=90)
"""Of notifications, and of what keeps a ticket from being told twice: far longer than anything is delivered again."""

_LONGEST_TITLE_BYTES = 512

Values = Mapping[str, Any]


def notification_item(notification: Notification, now: datetime) -> Item:
    """The notification."""
    return encode_item(
        {
            **keys.notification_key(notification.user_id, notification.notification_id),
            "notification_id": notification.notification_id,
            "user_id": notification.user_id,
            "kind": notification.kind.value,
            "title": cut_bytes(notification.title, _LONGEST_TITLE_BYTES),
            "tickets": [_notice_values(each) for each in notification.tickets],
            "ticket_count": notification.ticket_count,
            "created_at": to_text(notification.created_at),
            "digest_id": notification.digest_id,
            "expires_at": expiry(now),
        }
    )


def notification_of(values: Values) -> Notification:
    """The notification of an item's values."""
    return Notification(
        notification_id=values["notification_id"],
        user_id=values["user_id"],
        kind=NotificationKind(values["kind"]),
        title=values["title"],
        tickets=notices_of(values),
        ticket_count=values["ticket_count"],
        created_at=from_text(values["created_at"]),
        digest_id=values.get("digest_id"),
        read_at=optional_time(values.get("read_at")),
    )


def gathered_item(user_id: str, digest_id: str, part: str, tickets: Sequence[TicketNotice], now: datetime) -> Item:
    """Some tickets of a digest."""
    key = keys.gathered_key(user_id, digest_id, part)
    return encode_item({**key, "tickets": [_notice_values(each) for each in tickets], "expires_at": expiry(now)})


def notices_of(values: Values) -> tuple[TicketNotice, ...]:
    """The tickets that an item's values name."""
    return tuple(TicketNotice(**{**each, "severity": Severity(each["severity"])}) for each in values["tickets"])


def tally_values(tally: Tally) -> dict[str, Any]:
    """The tally, one version on. No TTL: what is gathered must go out, however late."""
    return {
        "singles": [to_text(each) for each in tally.singles],
        "gathering_due": to_text(tally.gathering.due) if tally.gathering else None,
        "gathered": tally.gathering.count if tally.gathering else None,
        "clock": optional_text(tally.clock),
        "version": tally.version + 1,
    }


def tally_of(values: Values) -> Tally:
    """The tally of an item's values."""
    due = optional_time(values.get("gathering_due"))
    return Tally(
        singles=tuple(from_text(each) for each in values["singles"]),
        gathering=Gathering(due, values["gathered"]) if due else None,
        clock=optional_time(values.get("clock")),
        version=values["version"],
    )


def told_item(told: Told, now: datetime) -> Item:
    """That somebody was told."""
    return encode_item(
        {
            **keys.told_key(told.subject, told.user_id),
            "state": told.state.value,
            "at": to_text(told.at),
            "leased_until": optional_text(told.leased_until),
            "digest_id": told.digest_id,
            "version": told.version,
            "expires_at": expiry(now),
        }
    )


def told_of(subject: str, user_id: str, values: Values) -> Told:
    """That the user was told of the subject, of an item's values."""
    return Told(
        subject=subject,
        user_id=user_id,
        state=State(values["state"]),
        at=from_text(values["at"]),
        leased_until=optional_time(values.get("leased_until")),
        digest_id=values.get("digest_id"),
        version=values["version"],
    )


def expiry(now: datetime) -> int:
    """When an item that is written now goes away."""
    return int((now + RETENTION).timestamp())


def _notice_values(ticket: TicketNotice) -> dict[str, Any]:
    return {
        **asdict(ticket),
        "title": cut_bytes(ticket.title, _LONGEST_TITLE_BYTES),
        "severity": ticket.severity.value,
    }
