"""Messages of device-refresh.fifo: one device to be asked for anew, or an integration's organizations. JSON, checked
when it is read. Ingest imports this: it stays light.

The queue holds each message back for a while, and of several about one device within 30 seconds keeps the first: what
is heard in such a stretch is over when the RMM is asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tandem.assets.news import News
from tandem.ids import derived_id

VERSION = 1

COALESCED_SECONDS = 30
"""What is heard of one device within so many seconds is one message. The queue's delay is as long."""

_ORGANIZATIONS = "#organizations"


@dataclass(frozen=True, slots=True)
class RefreshMessage:
    """What is to be asked for. `external_id`: None of News.ORGANIZATIONS."""

    integration_id: str
    external_id: str | None
    news: News

    @property
    def group_id(self) -> str:
        """Devices of one integration come one batch at a time; organizations may have to wait for a sync, and no device
        waits behind them."""
        return self.integration_id if self.external_id is not None else self.integration_id + _ORGANIZATIONS

    def deduplication_id(self, now: datetime) -> str:
        """The same for what is one message. A deletion is not swallowed by a change that was heard of before, nor a
        change by an alert, of which most lead to nothing."""
        stretch = int(now.timestamp()) // COALESCED_SECONDS
        kind = "alerted" if self.news is News.ALERTED else "deleted" if self.news is News.DELETED else "changed"
        return derived_id("refresh", self.integration_id, self.external_id or "", kind, str(stretch))


class RefreshMessageError(ValueError):
    """A text that is no message of this queue."""


def encode(message: RefreshMessage) -> str:
    """The message's body."""
    values: dict[str, Any] = {
        "v": VERSION,
        "integration_id": message.integration_id,
        "external_id": message.external_id,
        "news": message.news.value,
    }
    return json.dumps(values, separators=(",", ":"))


def decode(body: str) -> RefreshMessage:
    """The message of a body. Raises RefreshMessageError."""
    try:
        values = json.loads(body)
    except ValueError as error:
        raise RefreshMessageError("the message is no JSON") from error
    if not isinstance(values, Mapping) or values.get("v") != VERSION:
        raise RefreshMessageError("the message is of another version, or none of this queue")
    try:
        news = News(str(values.get("news")))
    except ValueError as error:
        raise RefreshMessageError(f"there is no news {values.get('news')!r}") from error
    integration_id, external_id = values.get("integration_id"), values.get("external_id")
    if not isinstance(integration_id, str) or not integration_id:
        raise RefreshMessageError("integration_id is missing")
    if news is News.ORGANIZATIONS:
        return RefreshMessage(integration_id, None, news)
    if not isinstance(external_id, str) or not external_id:
        raise RefreshMessageError("external_id is missing")
    return RefreshMessage(integration_id, external_id, news)
