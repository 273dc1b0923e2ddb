"""What stands on the two queues: events of the bus that ask for resets, and single wishes on alert-resets.fifo."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tandem.alerts.outbound import OutboundReset
from tandem.events.names import RMM_ALERT_RESET_REQUESTED, TICKET_CLOSED

VERSION = 1


@dataclass(frozen=True, slots=True)
class TicketClosed:
    """A ticket was closed."""

    ticket_id: str


@dataclass(frozen=True, slots=True)
class ResetWanted:
    """One alert's RMM is to be told, as the wish of this request says. `ticket_id`: whose close the wish is from."""

    alert_id: str
    integration_id: str
    request_id: str
    ticket_id: str | None = None


class OutboundMessageError(ValueError):
    """A message body that is none of the queue's; says what is wrong with it."""


def asked(body: str) -> TicketClosed | ResetWanted:
    """What an event of the bus, as EventBridge hands it over, asks for. Raises OutboundMessageError."""
    event = _object(body)
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise OutboundMessageError("detail: an object")
    match event.get("detail-type"):
        case str(name) if name == TICKET_CLOSED:
            return TicketClosed(_text(detail, "ticket_id"))
        case str(name) if name == RMM_ALERT_RESET_REQUESTED:
            return _wanted(detail)
    raise OutboundMessageError(f"detail-type: {TICKET_CLOSED} or {RMM_ALERT_RESET_REQUESTED}")


def encode(wish: OutboundReset) -> str:
    """The message body that asks for this wish."""
    words = {
        "v": VERSION,
        "alert_id": wish.alert_id,
        "integration_id": wish.integration_id,
        "request_id": wish.request_id,
        "ticket_id": wish.ticket_id,
    }
    return json.dumps({name: value for name, value in words.items() if value is not None}, separators=(",", ":"))


def decode(body: str) -> ResetWanted:
    """The wish that a message asks for. Raises OutboundMessageError."""
    values = _object(body)
    if values.get("v") != VERSION:
        raise OutboundMessageError(f"v: {VERSION}")
    return _wanted(values)


def _wanted(values: Mapping[str, Any]) -> ResetWanted:
    return ResetWanted(
        _text(values, "alert_id"),
        _text(values, "integration_id"),
        _text(values, "request_id"),
        _text(values, "ticket_id") if values.get("ticket_id") is not None else None,
    )


def _object(body: str) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise OutboundMessageError("body: JSON") from None
    if not isinstance(values, dict):
        raise OutboundMessageError("body: a JSON object")
    return values


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise OutboundMessageError(f"{name}: a text that is not empty")
    return value
