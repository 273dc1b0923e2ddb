"""The port of a provider: a webhook body becomes an alert event, or news of a device, or nothing, or is refused.

What an event's words are made from, so that rules mean the same whoever fires:

| | activity_type | alert_class | source_type |
|---|---|---|---|
| NinjaOne | `activityType` (CONDITION) | `data.message.code` | `sourceType` |
| Tactical | `alert_type` (availability, check, task, custom) | the same | none |
| Level | none | alert name | none |
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tandem.alerts.models import AlertEvent
from tandem.assets.news import News
from tandem.ids import derived_id

_SHOWN_WORD_CHARACTERS = 64


class BadWebhook(Exception):  # noqa: N818  it names the thing, like the answer does
    """A body that cannot be understood, or lacks what identifies an alert: `field` should be what `expected` says."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: {expected}")
        self.field = field
        self.expected = expected


class IgnoredReason(StrEnum):
    """Why an authentic webhook leads to nothing."""

    TEST = "test"
    DEVICE_EVENT = "device event"
    UNKNOWN_EVENT = "unknown event type"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook body, authenticated and decoded to text. The provider is known by the integration."""

    integration_id: str
    text: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Ignored:
    """An authentic webhook with nothing to do; `word` is the vendor's own word for the event, shortened."""

    reason: IgnoredReason
    word: str = ""

    @classmethod
    def unknown(cls, word: str | None) -> "Ignored":
        """An event of a known vendor that Tandem does not know."""
        return cls(IgnoredReason.UNKNOWN_EVENT, (word or "")[:_SHOWN_WORD_CHARACTERS])

    @classmethod
    def device_event(cls, word: str | None) -> "Ignored":
        """News about a device that is no alert."""
        return cls(IgnoredReason.DEVICE_EVENT, (word or "")[:_SHOWN_WORD_CHARACTERS])


@dataclass(frozen=True, slots=True)
class DeviceNews:
    """A device, or the RMM's organizations, are not what they were: the RMM is to be asked. `external_device_id`: None
    of News.ORGANIZATIONS. `word`: the vendor's own. `event_id`: the same for every delivery of the same event."""

    news: News
    word: str
    external_device_id: str | None
    event_id: str

    @classmethod
    def of(
        cls, delivery: Delivery, news: News, word: str, external_device_id: str | None, event_id: str | None
    ) -> "DeviceNews":
        """`event_id`: the vendor's own; without one each delivery is an event."""
        device = None if news is News.ORGANIZATIONS else external_device_id
        of_the_vendor = event_id or delivery.received_at.isoformat()
        known_as = derived_id("news", delivery.integration_id, word, device or "", of_the_vendor)
        return cls(news, word[:_SHOWN_WORD_CHARACTERS], device, known_as)


Normalize = Callable[[Delivery], AlertEvent | DeviceNews | Ignored]
"""Raises BadWebhook, and nothing else, whatever the text is."""
