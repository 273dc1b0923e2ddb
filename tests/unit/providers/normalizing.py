"""What the provider tests share: one integration, one time of receipt, bodies given as objects or text."""

import json
from datetime import UTC, datetime
from typing import Any

from tandem.alerts.models import AlertEvent, Provider
from tandem.providers.port import Delivery, DeviceNews, Ignored
from tandem.providers.registry import NORMALIZERS

RECEIVED_AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def normalized(provider: Provider, body: Any, received_at: datetime = RECEIVED_AT) -> AlertEvent | DeviceNews | Ignored:
    """What becomes of a body: texts as they are, anything else as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return NORMALIZERS[provider](Delivery("integration-1", text, received_at))


def event_of(provider: Provider, body: Any, received_at: datetime = RECEIVED_AT) -> AlertEvent:
    """The alert event of a body that must be one."""
    outcome = normalized(provider, body, received_at)
    assert isinstance(outcome, AlertEvent), outcome
    return outcome


def ignored(provider: Provider, body: Any) -> Ignored:
    """The reason of a body that must be ignored."""
    outcome = normalized(provider, body)
    assert isinstance(outcome, Ignored), outcome
    return outcome


def news_of(provider: Provider, body: Any) -> DeviceNews:
    """The news of a body that must be some."""
    outcome = normalized(provider, body)
    assert isinstance(outcome, DeviceNews), outcome
    return outcome
