"""Refused and ignored webhooks, read from webhook_ingest's own log.

Ingest writes a metric line for each such webhook anyway, with its reason and its integration. Reading those lines when
somebody asks costs a webhook nothing. A record in the table would cost a write for each, which whoever knows an
integration's address could cause without end.

CloudWatch Logs answers a search from its oldest line on, so it is asked about one stretch of time after the other,
from now backwards: short ones first, for a flood of lines must be read to its end; then longer ones, for a quiet
integration's last refusal may be weeks old.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

MOST = 50

LIMIT_SECONDS = 12.0
"""How long a search goes on: beside the rest of a request, which ends after 30."""

FIRST_STRETCH = timedelta(minutes=1)
_GROWTH = 4
FURTHEST_BACK = timedelta(days=731)
"""The longest that a tenant's logs are kept (infra/tenant.py)."""

Outcome = Literal["refused", "ignored", "failed"]

OUTCOMES: dict[str, Outcome] = {"WebhookRefused": "refused", "WebhookIgnored": "ignored", "WebhookFailed": "failed"}
"""Ingest's metric → what became of the webhook."""

_STATUSES: dict[Outcome, int] = {"ignored": 200, "failed": 500}
"""Where the line does not say it."""


class LogError(Exception):
    """The log cannot be read just now."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook that led to nothing. `field`: what was wrong, of a refused one; `event`: the sender's word for what
    was ignored."""

    at: datetime
    outcome: Outcome
    status: int
    reason: str
    field: str | None
    event: str | None


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The newest first. `searched_from`: all since then were looked at; None: all that the log holds."""

    found: list[Delivery]
    searched_from: datetime | None


class IngestLog:
    """The log group of webhook_ingest. `client` makes the AWS client at the first use."""

    def __init__(
        self,
        client: "Callable[[], CloudWatchLogsClient]",
        log_group: str,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._log_group = log_group
        self._seconds = seconds

    def last_deliveries(self, integration_id: str, before: datetime) -> Deliveries:
        """The last 50 webhooks of the integration that led to nothing, before a time, as far as they can be found in
        some seconds. Raises LogError."""
        began = self._seconds()
        found: list[Delivery] = []
        searched_from = before
        for since, until in _stretches(before):
            stretch: list[Delivery] = []
            for page in self._pages(integration_id, since, until):
                stretch += page
                if self._seconds() - began > LIMIT_SECONDS:
                    # What was read of this stretch is its older part: the newer may have been missed.
                    return Deliveries(found, searched_from)
            found += sorted(stretch, key=lambda each: each.at, reverse=True)
            searched_from = since
            if len(found) >= MOST:
                shown = found[:MOST]
                return Deliveries(shown, shown[-1].at)
            if self._seconds() - began > LIMIT_SECONDS:
                return Deliveries(found, searched_from)
        return Deliveries(found, None)

    def _pages(self, integration_id: str, since: datetime, until: datetime) -> Iterator[list[Delivery]]:
        """The lines of one stretch, page by page; a page may be empty though others follow."""
        named = " || ".join(f"$.{metric} = 1" for metric in OUTCOMES)
        request: dict[str, Any] = {
            "logGroupName": self._log_group,
            "startTime": _milliseconds(since),
            "endTime": _milliseconds(until) - 1,
            "filterPattern": f'{{ $.integration_id = "{integration_id}" && ({named}) }}',
        }
        while True:
            try:
                answer = self._client().filter_log_events(**request)
            except (BotoCoreError, ClientError) as error:
                raise LogError(f"the log of webhook_ingest could not be read: {type(error).__name__}") from error
            lines = [_delivery(each, integration_id) for each in answer.get("events", [])]
            yield [each for each in lines if each is not None]
            token = answer.get("nextToken")
            if token is None:
                return
            request["nextToken"] = token


def _stretches(before: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From `before` backwards, each longer than the one before."""
    length, until, end = FIRST_STRETCH, before, before - FURTHEST_BACK
    while until > end:
        since = max(end, until - length)
        yield since, until
        until, length = since, length * _GROWTH


def _delivery(event: Any, integration_id: str) -> Delivery | None:
    """What a line says; None for one that is none of these, since not every log service filters by JSON."""
    try:
        line = json.loads(event["message"])
    except ValueError:
        return None
    if not isinstance(line, dict) or line.get("integration_id") != integration_id:
        return None
    outcome = next((word for metric, word in OUTCOMES.items() if line.get(metric) == 1), None)
    if outcome is None:
        return None
    return Delivery(
        at=datetime.fromtimestamp(line["_aws"]["Timestamp"] / 1000, UTC),
        outcome=outcome,
        status=line.get("status", _STATUSES.get(outcome, 400)),
        reason=line["reason"],
        field=line.get("field"),
        event=line.get("event") or None,
    )


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
