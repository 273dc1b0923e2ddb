"""One webhook from request to answer. Nothing is stored unless the answer is 200 accepted."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from tandem import telemetry
from tandem.alerts.models import AlertEvent
from tandem.ingest import answers
from tandem.ingest.answers import Answer, NotStored, Refused
from tandem.ingest.authentication import Authentication, has_credentials
from tandem.ingest.integration import Integration
from tandem.ingest.refreshing import Refreshing
from tandem.ingest.remembered import Remembered
from tandem.ingest.request import WebhookRequest, no_such_integration
from tandem.providers.port import BadWebhook, Delivery, DeviceNews, Ignored, IgnoredReason
from tandem.providers.registry import NORMALIZERS

FUNCTION = "webhook_ingest"
_UNKNOWN_PROVIDER = "unknown"

_TYPE = re.compile(r"[A-Za-z]+([_.][A-Za-z]+){0,7}")
"""What looks like a type of event. Each is a metric that costs money, and a body may say anything."""
_OTHER_TYPE = "other"


class AlertQueue(Protocol):
    """Where alert events wait for the processor. Returns only when the event is stored; raises NotStored."""

    def send(self, event: AlertEvent) -> None:
        """Store one event."""


class WebhookIngest:
    """Receives webhooks. `now` gives the time in UTC. `read_back` takes what a connected RMM is asked about first, if
    there is such a queue. `tell`, which never raises, is given each event that a queue has. `refreshing`: of devices,
    if there is a queue for that."""

    def __init__(
        self,
        integrations: Remembered[Integration],
        authentication: Authentication,
        queue: AlertQueue,
        now: Callable[[], datetime],
        tell: Callable[[AlertEvent], None] | None = None,
        read_back: AlertQueue | None = None,
        refreshing: Refreshing | None = None,
    ) -> None:
        self._integrations = integrations
        self._authentication = authentication
        self._queue = queue
        self._now = now
        self._tell = tell
        self._read_back = read_back
        self._refreshing = refreshing

    def receive(self, event: Mapping[str, Any]) -> Answer:
        """The answer to an API Gateway event (payload format 2.0). Never raises."""
        seen = _Seen()
        try:
            return self._receive(event, seen)
        except Refused as refusal:
            _count("WebhookRefused", refusal.reason, seen, status=refusal.status, field=refusal.field)
            return answers.refused(refusal)
        except NotStored as failure:
            _count("WebhookFailed", "not stored", seen, cause=failure.cause)
            telemetry.log(logging.ERROR, "webhook not stored", cause=failure.cause, **seen.ids())
            return answers.not_stored()
        except Exception:  # noqa: BLE001  the last line: the sender must hear 500, the log must hold no body
            _count("WebhookFailed", "unexpected error", seen)
            telemetry.log_exception("webhook failed", **seen.ids())
            return answers.not_stored()

    def _receive(self, event: Mapping[str, Any], seen: "_Seen") -> Answer:
        request = WebhookRequest.from_event(event)
        seen.integration_id = request.integration_id
        integration = self._authentic(request, seen)
        delivery = Delivery(integration.integration_id, request.text(), self._now())
        try:
            outcome = NORMALIZERS[integration.provider](delivery)
        except BadWebhook as error:
            raise Refused(400, "invalid body", error.field, error.expected) from error
        if isinstance(outcome, DeviceNews):
            return self._news(outcome, integration, delivery.received_at, seen)
        if isinstance(outcome, Ignored):
            return _ignored(outcome.reason, outcome.word, seen)
        self._store(outcome, integration)
        telemetry.log(
            logging.INFO, "webhook accepted", event_id=outcome.event_id, kind=outcome.kind.value, **seen.ids()
        )
        if self._tell is not None:
            self._tell(outcome)
        if self._refreshing is not None and integration.is_synced:
            self._refreshing.alert(outcome)
        return answers.accepted(outcome.event_id)

    def _news(self, news: DeviceNews, integration: Integration, now: datetime, seen: "_Seen") -> Answer:
        """Raises NotStored."""
        if self._refreshing is None or not integration.is_synced:
            return _ignored(IgnoredReason.DEVICE_EVENT, news.word, seen)
        self._refreshing.news(integration.integration_id, news, now)
        telemetry.log(logging.INFO, "device news accepted", event_id=news.event_id, kind=news.news.value, **seen.ids())
        return answers.accepted(news.event_id)

    def _store(self, event: AlertEvent, integration: Integration) -> None:
        """Returns when a queue has the event. Raises NotStored."""
        if event.is_partial and integration.is_connected and self._read_back is not None:
            try:
                self._read_back.send(event)
                return
            except NotStored as failure:
                # Less of the alert is better than none of it.
                telemetry.log(logging.WARNING, "not read back", cause=failure.cause, event_id=event.event_id)
        self._queue.send(replace(event, is_partial=False) if event.is_partial else event)

    def _authentic(self, request: WebhookRequest, seen: "_Seen") -> Integration:
        integration = self._integrations.get(request.integration_id)
        if integration is None:
            raise no_such_integration()
        seen.provider = integration.provider.value
        try:
            self._authentication.require(request, integration, self._now())
        except Refused:
            # The remembered integration may be older than a rotation: look again before refusing.
            changed = self._integrations.reread(request.integration_id) if has_credentials(request) else None
            if changed is None or changed == integration:
                raise
            self._authentication.require(request, changed, self._now())
            return changed
        return integration


class _Seen:
    """What is known of a request so far, for its log line."""

    def __init__(self) -> None:
        self.integration_id = ""
        self.provider = _UNKNOWN_PROVIDER

    def ids(self) -> dict[str, str]:
        return {"integration_id": self.integration_id, "provider": self.provider}


def _ignored(reason: IgnoredReason, word: str, seen: _Seen) -> Answer:
    _count("WebhookIgnored", reason.value, seen, event=word)
    if reason is IgnoredReason.UNKNOWN_EVENT:
        kind = word if _TYPE.fullmatch(word) else _OTHER_TYPE
        telemetry.count("WebhookUnknownType", {"function": FUNCTION, "provider": seen.provider, "type": kind})
    return answers.ignored(reason.value, word)


def _count(name: str, reason: str, seen: _Seen, **properties: object) -> None:
    dimensions = {"function": FUNCTION, "provider": seen.provider, "reason": reason}
    telemetry.count(name, dimensions, integration_id=seen.integration_id, **properties)
