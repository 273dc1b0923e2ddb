"""How long a sender waits for webhook_ingest's answer over HTTP on the local stack, warm.

The stack is the one of `make up`; if it is not up it is started and stopped again. A few alerts are sent over and over:
each is accepted and sent to the queue, which knows it already, so the processor does not compete for the machine, as
it would not on AWS. They are recorded only, for their integration has no rules, and it is deleted in the end.
"""

import contextlib
import io
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from local import down, state, up
from local.bench.webhooks import Firing
from local.emulator import answers
from local.state import StackAddress
from tandem.alerts.models import Provider

WEBHOOKS = 300
CONCURRENT = 8
_ALERTS = 8
_SECONDS = 60.0


class NotAcceptedError(Exception):
    """The stack answered otherwise than it should; the text says how."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of WEBHOOKS requests by `senders` at once; `a_second`: webhooks answered a second by all of them."""

    senders: int
    p50: float
    p90: float
    p99: float
    a_second: float


def measure() -> list[Latency]:
    """One sender, then eight. Raises NotAcceptedError, and what local.up raises."""
    with _stack() as stack, _integration(stack) as (url, secret):
        bodies = [_body(number) for number in range(_ALERTS)]
        with httpx.Client(timeout=_SECONDS, headers={"X-Tandem-Secret": secret}) as client:

            def send(number: int) -> float:
                return _sent(client, url, bodies[number % _ALERTS])

            measured = []
            for senders in (1, CONCURRENT):
                _together(send, 5 * senders, senders)  # instances started, connections made
                measured.append(_latency(send, senders))
            return measured


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of the values do not exceed (nearest rank). `values` must not be empty."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def _latency(send: Callable[[int], float], senders: int) -> Latency:
    began = time.perf_counter()
    taken = [seconds * 1000 for seconds in _together(send, WEBHOOKS, senders)]
    seconds = time.perf_counter() - began
    return Latency(senders, statistics.median(taken), percentile(taken, 90), percentile(taken, 99), WEBHOOKS / seconds)


def _together(send: Callable[[int], float], count: int, senders: int) -> list[float]:
    with ThreadPoolExecutor(senders) as pool:
        return list(pool.map(send, range(count)))


def _sent(client: httpx.Client, url: str, body: str) -> float:
    began = time.perf_counter()
    answer = client.post(url, content=body, headers={"content-type": "application/json"})
    seconds = time.perf_counter() - began
    if answer.status_code != 200 or answer.json().get("status") != "accepted":
        raise NotAcceptedError(f"a webhook was answered {answer.status_code}: {answer.text[:300]}")
    return seconds


def _body(number: int) -> str:
    return Firing(Provider.TACTICALRMM, number, number, number, datetime.now(UTC)).body()


@contextlib.contextmanager
def _stack() -> Iterator[StackAddress]:
    address, running = state.stack_address(), state.started()
    if address is not None and running is not None and answers(running.port):
        yield address
        return
    # Their own progress would break into ours.
    try:
        with state.locked(), contextlib.redirect_stdout(io.StringIO()):
            address = up.up("local", None)
        yield address
    finally:
        with state.locked(), contextlib.redirect_stdout(io.StringIO()):
            down.down()


@contextlib.contextmanager
def _integration(stack: StackAddress) -> Iterator[tuple[str, str]]:
    """A webhook-only integration: the URL to send to and its secret."""
    admin = httpx.Client(
        base_url=f"{stack.api_url}/api/v1",
        headers={"Authorization": f"Bearer {stack.admin_key}"},
        timeout=_SECONDS,
    )
    with admin:
        made = admin.post("/integrations", json={"provider": "tacticalrmm", "name": "make bench"})
        if made.status_code != 201:
            raise NotAcceptedError(f"no integration was made: {made.status_code} {made.text[:300]}")
        integration = made.json()
        webhook = integration["webhook"]
        try:
            yield webhook["url"], webhook["secret"]
            _until_processed(admin, integration["id"])
        finally:
            admin.delete(f"/integrations/{integration['id']}")


def _until_processed(admin: httpx.Client, integration_id: str) -> None:
    """An event of an integration that is gone would be parked as a dead letter: wait for the last one."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        answer = admin.get("/alerts", params={"integration_id": integration_id})
        if answer.status_code != 200:
            raise NotAcceptedError(f"the alerts cannot be listed: {answer.status_code} {answer.text[:300]}")
        if len(answer.json()["items"]) >= _ALERTS:
            return
        time.sleep(0.2)
    raise NotAcceptedError("the webhooks that were accepted became no alerts")
