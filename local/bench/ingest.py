"""What one webhook costs in webhook_ingest, called as API Gateway calls it."""

import base64
import itertools
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.bench.meter import Meter
from local.bench.setting import SECRET, Run, Setting, UnexpectedOutcomeError, loaded
from local.bench.webhooks import PROVIDERS, Firing, integration_of
from tandem.alerts.event_message import encode

WEBHOOKS = 90


@dataclass(frozen=True, slots=True)
class Ingest:
    """Of one webhook, on average, warm. `cpu_seconds`: of this process; `log_bytes`: what the function prints;
    `message_bytes`: of the queue's message; `table_calls`: to learn of the integration."""

    cpu_seconds: float
    log_bytes: float
    message_bytes: float
    table_calls: float


def measure(setting: Setting) -> Ingest:
    """Raises UnexpectedOutcomeError when a webhook is not accepted."""
    meter = Meter()
    cpu, logged, messages = 0.0, 0, 0
    numbers = itertools.count(1)
    with loaded("webhook_ingest", setting, meter.attach) as handler:
        run = Run(handler)
        for number in itertools.islice(numbers, 3 * len(PROVIDERS)):
            _accepted(run, request(_firing(number)))
        meter.take()
        for number in itertools.islice(numbers, WEBHOOKS):
            firing = _firing(number)
            event = request(firing)
            began = time.process_time()
            _accepted(run, event)
            cpu += time.process_time() - began
            logged += len(run.output.encode())
            messages += len(encode(firing.event()))
        calls = meter.take().calls.total()
    return Ingest(cpu / WEBHOOKS, logged / WEBHOOKS, messages / WEBHOOKS, calls / WEBHOOKS)


def request(firing: Firing) -> dict[str, Any]:
    """The webhook as API Gateway's payload format 2.0 hands it over."""
    integration_id = integration_of(firing.provider)
    return {
        "version": "2.0",
        "routeKey": "POST /webhooks/{integration_id}",
        "rawPath": f"/webhooks/{integration_id}",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "x-tandem-secret": SECRET, "user-agent": "bench"},
        "pathParameters": {"integration_id": integration_id},
        "requestContext": {"http": {"method": "POST", "path": f"/webhooks/{integration_id}"}},
        "body": base64.b64encode(firing.body().encode()).decode(),
        "isBase64Encoded": True,
    }


def _accepted(run: Run, event: dict[str, Any]) -> None:
    run(event)
    if json.loads(run.answer["body"]).get("status") != "accepted":
        raise UnexpectedOutcomeError(f"a webhook was not accepted: {run.answer}")


def _firing(number: int) -> Firing:
    at = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=number)
    return Firing(PROVIDERS[number % len(PROVIDERS)], number, number, number, at)
