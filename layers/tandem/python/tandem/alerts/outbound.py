"""Telling an RMM that an alert is over (alerts.md, "Ticket closed"): which alerts, and whether it is still wanted when
its turn has come. Pure.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum, auto

from tandem.alerts.models import Alert, AlertStatus
from tandem.alerts.tickets import Ticket
from tandem.ids import derived_id
from tandem.times import to_text


class ResetState(StrEnum):
    """How far it got. NOT_CONNECTED: there is no way to tell the RMM, and the alert is resolved in Tandem alone; NO_ID:
    so it is, because the RMM gave the alert no id by which it could be told; NOT_NEEDED: the alert fired again, or the
    ticket was reopened, before its turn."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    NOT_CONNECTED = "not_connected"
    NO_ID = "no_id"
    NOT_NEEDED = "not_needed"


IN_TANDEM_ALONE = frozenset({ResetState.NOT_CONNECTED, ResetState.NO_ID})
"""The alert is resolved, and its RMM does not know."""

_NO_ID = "Its RMM gave the alert no id, so it cannot be told. The alert is resolved in Tandem alone."


@dataclass(frozen=True, slots=True)
class OutboundReset:
    """The wish that an RMM resets an alert. The latest one of its alert is kept.

    `request_id`: tells it from the alert's other wishes, and is the same whoever derives it. `fired_at`: the alert's
    last firing that was known; a later one makes the wish void. `ticket_id`: whose close it is from; None where a
    person resolved the alert. `announced`: it is handed over by whoever hears of it in the table's stream; the others
    are handed over by who wrote them.
    """

    alert_id: str
    integration_id: str
    request_id: str
    asked_at: datetime
    fired_at: datetime | None = None
    ticket_id: str | None = None
    announced: bool = False
    state: ResetState = ResetState.PENDING
    attempts: int = 0
    last_error: str | None = None
    done_at: datetime | None = None


class Need(Enum):
    """What is to be done about a wish when its turn has come."""

    RESET = auto()
    OVER_ALREADY = auto()
    VOID = auto()


def wish_of_close(alert: Alert, ticket: Ticket) -> OutboundReset | None:
    """What the close of a ticket means for one alert that is linked to it: nothing for one that is not firing, has
    moved on to another ticket, or whose rule says so."""
    opted_out = alert.rule is not None and not alert.rule.reset_alert_on_ticket_close
    if not _stands_on(alert, ticket) or opted_out or ticket.closed_at is None:
        return None
    wish = OutboundReset(
        alert_id=alert.alert_id,
        integration_id=alert.integration_id,
        request_id=derived_id("outbound", alert.alert_id, ticket.ticket_id, to_text(ticket.closed_at)),
        asked_at=ticket.closed_at,
        fired_at=alert.last_triggered_at,
        ticket_id=ticket.ticket_id,
    )
    return wish if alert.external_alert_id is not None else _without_id(wish, ticket.closed_at)


def wish_of_person(alert: Alert, event_id: str, now: datetime) -> OutboundReset:
    """What it means that a person resolved an alert. Rules say what a ticket's close does, and nothing about this."""
    wish = OutboundReset(
        alert_id=alert.alert_id,
        integration_id=alert.integration_id,
        request_id=derived_id("outbound", alert.alert_id, event_id),
        asked_at=now,
        fired_at=alert.last_triggered_at,
        announced=True,
    )
    return wish if alert.external_alert_id is not None else replace(_without_id(wish, now), announced=False)


def _without_id(wish: OutboundReset, at: datetime) -> OutboundReset:
    return replace(wish, state=ResetState.NO_ID, last_error=_NO_ID, done_at=at)


def wish_again(wish: OutboundReset, request_id: str, now: datetime) -> OutboundReset:
    """The same wish, by a person who thinks that it will work now."""
    return replace(
        wish,
        request_id=request_id,
        asked_at=now,
        announced=True,
        state=ResetState.PENDING,
        attempts=0,
        last_error=None,
        done_at=None,
    )


def need(wish: OutboundReset, alert: Alert | None, ticket: Ticket | None) -> Need:
    """Whether the RMM is to be told now. `ticket`: the one of the wish, if it is of a close."""
    if alert is None:
        return Need.VOID
    if wish.ticket_id is None:
        return Need.VOID if alert.is_live else Need.RESET
    if not alert.is_live:
        return Need.OVER_ALREADY
    if ticket is None or not ticket.is_closed:
        return Need.VOID
    fired_again = alert.last_triggered_at != wish.fired_at
    return Need.VOID if fired_again or not _stands_on(alert, ticket) else Need.RESET


def _stands_on(alert: Alert, ticket: Ticket) -> bool:
    return alert.status in (AlertStatus.ACTIVE, AlertStatus.ACKNOWLEDGED) and alert.ticket_id == ticket.ticket_id
