"""Which devices ingest asks to be looked at anew, between two syncs.

News of a device is worth a webhook's answer: it is refused if it cannot be handed over. Of an alert it is a courtesy:
a device that Tandem has not heard of yet gets its asset sooner. Whether it has heard of it is not looked up here; the
one who takes the message knows, and each instance asks once an hour for each device.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from tandem import telemetry
from tandem.alerts.models import AlertEvent, Kind
from tandem.assets.news import News
from tandem.ingest.answers import NotStored
from tandem.providers.port import DeviceNews
from tandem.syncing.refresh_message import RefreshMessage

ASKED_AGAIN_SECONDS = 3600.0
MOST_REMEMBERED = 4096


class RefreshQueue(Protocol):
    """Where such messages wait. Returns only when the message is stored; raises NotStored."""

    def send(self, message: RefreshMessage, now: datetime, *, briefly: bool = False) -> None:
        """Store one message. `briefly`: once, and not waiting long: somebody waits for an answer that does not depend
        on it."""


class Refreshing:
    """Hands devices over. `clock` counts seconds and never goes back."""

    def __init__(self, queue: RefreshQueue, clock: Callable[[], float]) -> None:
        self._queue = queue
        self._clock = clock
        self._asked: dict[tuple[str, str], float] = {}

    def news(self, integration_id: str, news: DeviceNews, now: datetime) -> None:
        """Returns when the queue has it. Raises NotStored."""
        self._queue.send(RefreshMessage(integration_id, news.external_device_id, news.news), now)

    def alert(self, event: AlertEvent) -> None:
        """Never raises: the alert is safe."""
        if event.external_device_id is None or event.kind is not Kind.TRIGGERED:
            return
        device, now = (event.integration_id, event.external_device_id), self._clock()
        asked_at = self._asked.pop(device, None)
        if asked_at is not None and now - asked_at < ASKED_AGAIN_SECONDS:
            self._asked[device] = asked_at
            return
        if len(self._asked) >= MOST_REMEMBERED:
            del self._asked[next(iter(self._asked))]
        self._asked[device] = now
        try:
            self._queue.send(RefreshMessage(*device, News.ALERTED), event.received_at, briefly=True)
        except NotStored as failure:
            telemetry.log(logging.WARNING, "device not looked at", cause=failure.cause, event_id=event.event_id)
