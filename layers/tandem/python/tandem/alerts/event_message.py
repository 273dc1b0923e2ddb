"""An AlertEvent as the JSON body of a message on alert-events.fifo, and back."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from tandem.alerts.limits import sound_text
from tandem.alerts.models import AlertEvent, Kind, Origin, Provider, Severity
from tandem.ids import derived_id, new_id
from tandem.times import from_text, to_text

VERSION = 1

INTERNAL_CAUSES = frozenset({Origin.REPLAY, Origin.SWEEP, Origin.MAPPING, Origin.PERSON})
_OPTIONAL_TEXTS = (
    "external_alert_id",
    "external_device_id",
    "organization_id",
    "organization_name",
    "device_name",
    "activity_type",
    "alert_class",
    "source_type",
    "acted_by",
)

_FLAGS = ("decide_again", "makes_no_ticket", "is_partial", "in_tandem_alone", "asset_arrived")

_Word = TypeVar("_Word", bound=StrEnum)


class EventMessageError(ValueError):
    """A message body that is no alert event; says which field is wrong and what it should be."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


def encode(event: AlertEvent) -> str:
    """The message body: ASCII JSON, absent fields left out, times as ISO text, raw as base64."""
    body: dict[str, Any] = {
        "v": VERSION,
        "event_id": event.event_id,
        "integration_id": event.integration_id,
        "provider": event.provider.value,
        "kind": event.kind.value,
        "identity": event.identity,
        "severity": event.severity.value,
        "message": event.message,
        "occurred_at": to_text(event.occurred_at),
        "received_at": to_text(event.received_at),
        "origin": event.origin.value,
    }
    for name in _OPTIONAL_TEXTS:
        value = getattr(event, name)
        if value is not None:
            body[name] = value
    if event.observed_at is not None:
        body["observed_at"] = to_text(event.observed_at)
    if event.facts:
        body["facts"] = dict(event.facts)
    if event.raw is not None:
        body["raw"] = base64.b64encode(event.raw).decode()
    for name in _FLAGS:
        if getattr(event, name):
            body[name] = True
    return json.dumps(body, separators=(",", ":"))


def decode(text: str) -> AlertEvent:
    """The event of a message body. Unknown fields are passed over, so that a newer sender does no harm.

    Raises EventMessageError, naming the field, for anything else that `encode` would not write.
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EventMessageError("body", "JSON") from error
    if not isinstance(body, dict):
        raise EventMessageError("body", "a JSON object")
    if body.get("v") != VERSION:
        raise EventMessageError("v", f"{VERSION}")
    return AlertEvent(
        event_id=_text(body, "event_id"),
        integration_id=_text(body, "integration_id"),
        provider=_word(body, "provider", Provider),
        kind=_word(body, "kind", Kind),
        identity=_text(body, "identity"),
        severity=_word(body, "severity", Severity),
        message=_text(body, "message", may_be_empty=True),
        occurred_at=_time(body, "occurred_at"),
        received_at=_time(body, "received_at"),
        origin=_word(body, "origin", Origin),
        **{name: _text(body, name) for name in _OPTIONAL_TEXTS if body.get(name) is not None},
        observed_at=_time(body, "observed_at") if body.get("observed_at") is not None else None,
        facts=_facts(body),
        raw=_raw(body),
        decide_again=_flag(body, "decide_again"),
        makes_no_ticket=_flag(body, "makes_no_ticket"),
        is_partial=_flag(body, "is_partial"),
        in_tandem_alone=_flag(body, "in_tandem_alone"),
        asset_arrived=_flag(body, "asset_arrived"),
    )


def deduplication_id(event: AlertEvent, fresh: Callable[[], str] = new_id) -> str:
    """The MessageDeduplicationId: the same for the same delivery of the same alert.

    An internal cause gets a new one each time: SQS would swallow its message for five minutes otherwise.
    """
    if event.origin in INTERNAL_CAUSES:
        return fresh()
    return derived_id("deduplication", event.integration_id, event.kind, event.alert_id, event.event_id)


def _text(body: Mapping[str, Any], name: str, may_be_empty: bool = False) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not (value or may_be_empty):
        raise EventMessageError(name, "a text" if may_be_empty else "a text that is not empty")
    return _sound(name, value)


def _sound(name: str, value: str) -> str:
    if sound_text(value) != value:
        raise EventMessageError(name, "text that UTF-8 can carry")
    return value


def _word(body: Mapping[str, Any], name: str, words: type[_Word]) -> _Word:
    try:
        return words(_text(body, name))
    except ValueError as error:
        raise EventMessageError(name, f"one of {', '.join(words)}") from error


def _time(body: Mapping[str, Any], name: str) -> datetime:
    try:
        return from_text(_text(body, name))
    except (ValueError, OverflowError) as error:
        raise EventMessageError(name, "an ISO 8601 time with a timezone") from error


def _facts(body: Mapping[str, Any]) -> dict[str, str]:
    facts = body.get("facts") or {}
    if not isinstance(facts, dict) or not all(isinstance(value, str) for value in facts.values()):
        raise EventMessageError("facts", "an object of texts")
    return {_sound("facts", label): _sound("facts", fact) for label, fact in facts.items()}


def _raw(body: Mapping[str, Any]) -> bytes | None:
    raw = body.get("raw")
    if raw is None:
        return None
    try:
        return base64.b64decode(raw, validate=True)
    except (TypeError, binascii.Error, ValueError) as error:
        raise EventMessageError("raw", "base64") from error


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise EventMessageError(name, "true or false")
    return value
