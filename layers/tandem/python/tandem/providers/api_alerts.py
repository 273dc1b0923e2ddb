"""From a row of an RMM's API to the AlertEvent that the webhook of the same alert would give."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tandem.alerts.models import AlertEvent, Kind, Origin, Provider
from tandem.connections.errors import NotFound
from tandem.connections.http import VendorHttp
from tandem.connections.rmm import AlertSeen, UnreadableAlert
from tandem.providers.event import Reading, alert_event
from tandem.providers.fields import Fields
from tandem.providers.port import BadWebhook, Delivery

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """Who asks, and when: `began_at` is before the first request, and is every event's observed_at."""

    integration_id: str
    provider: Provider
    began_at: datetime

    def event(self, row: Row, reading: Reading) -> AlertEvent:
        """The event of a row; `raw` is the row."""
        delivery = Delivery(self.integration_id, json.dumps(row, separators=(",", ":")), self.began_at)
        event = alert_event(delivery, self.provider, reading)
        return replace(event, origin=Origin.POLL, observed_at=self.began_at)

    def history(
        self,
        fired: Row,
        ended: Row,
        read: Callable[[Row, Kind], Reading],
        external_alert_id: Callable[[Row], str | None],
    ) -> Iterator[AlertSeen]:
        """An alert that is over: its firing, which makes no ticket, and its reset; or what is wrong with either."""
        try:
            firing = self.event(fired, read(fired, Kind.TRIGGERED))
            reset = self.event(ended, read(ended, Kind.RESET))
        except BadWebhook as bad:
            yield UnreadableAlert(_readable(ended, external_alert_id), str(bad))
            return
        yield replace(firing, makes_no_ticket=True)
        yield reset


def alerts_of(
    rows: Iterable[Any],
    event: Callable[[Row], AlertEvent],
    external_alert_id: Callable[[Row], str | None],
    is_over: Callable[[Row], bool] = lambda _: False,
) -> Iterator[AlertSeen]:
    """The event of each row, or what is wrong with it. No row stops the rest. `is_over`: such rows are left out."""
    for row in rows:
        if not isinstance(row, dict):
            yield UnreadableAlert(None, "a row is no object")
            continue
        if is_over(row):
            continue
        try:
            yield event(row)
        except BadWebhook as bad:
            yield UnreadableAlert(_readable(row, external_alert_id), str(bad))


def alert_at(
    http: VendorHttp, path: str, event: Callable[[Row, Kind], AlertEvent], is_over: str, external_alert_id: str
) -> AlertEvent | None:
    """The event of the one alert at this path; None if it is not there. `is_over`: the member that is true of one that
    has ended. Raises BadReply if it cannot be read."""
    try:
        row = http.get(path)
    except NotFound:
        return None
    kind = Kind.RESET if isinstance(row, dict) and row.get(is_over) is True else Kind.TRIGGERED
    seen = next(alerts_of([row], lambda each: event(each, kind), lambda _: external_alert_id))
    if isinstance(seen, AlertEvent):
        return seen
    raise http.bad_reply(f"alert {external_alert_id}: {seen.reason}")


def fields_of(rows: Iterable[Any]) -> Iterator[Fields]:
    """The rows that are objects."""
    return (Fields(row) for row in rows if isinstance(row, dict))


def identifier(row: Fields, name: str) -> str | None:
    """The id of that name; None if it is missing or cannot be one."""
    try:
        return row.identifier(name)
    except BadWebhook:
        return None


def _readable(row: Row, external_alert_id: Callable[[Row], str | None]) -> str | None:
    try:
        return external_alert_id(row)
    except BadWebhook:
        return None
