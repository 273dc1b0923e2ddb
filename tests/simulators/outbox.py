"""Sending webhooks, as real HTTP requests to this machine and to no other."""

import base64
import heapq
import http.client
import ipaddress
import itertools
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit


@dataclass(frozen=True)
class Attempt:
    """What came of one try: a status, or why there is none."""

    status: int | None
    text: str

    @property
    def succeeded(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass
class Delivery:
    """One webhook. `attempts` grows as it is tried; `lost`: it was never sent, because the outbox was told so.
    `on_attempt` hears of each."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    about: str
    method: str = "POST"
    attempts: list[Attempt] = field(default_factory=list)
    lost: bool = False
    on_attempt: Callable[[Attempt], None] | None = None

    @property
    def arrived(self) -> bool:
        """Whether the receiver took it in the end."""
        return bool(self.attempts) and self.attempts[-1].succeeded

    def as_json(self) -> dict[str, Any]:
        """Without headers and the URL's query, for the secret is in them."""
        try:
            body = self.body.decode()
        except UnicodeDecodeError:
            body = base64.b64encode(self.body).decode()
        return {
            "about": self.about,
            "url": self.url.partition("?")[0],
            "body": body,
            "lost": self.lost,
            "attempts": [{"status": attempt.status, "text": attempt.text} for attempt in self.attempts],
        }


class Outbox:
    """`put` sends in the background, with further attempts if one fails; `send` sends now, once.

    `delay(attempt)` gives the seconds before the next attempt, attempts counted from 1. `losing`: webhooks vanish, as
    when they are missed. `hold` keeps them back until `release`, which may send them the other way round.
    """

    def __init__(self, attempts: int = 1, delay: Callable[[int], float] = lambda _: 0.0, timeout: float = 8.0) -> None:
        self.deliveries: list[Delivery] = []
        self.losing = False
        self.copies = 1
        self._attempts = attempts
        self.delay = delay
        self._timeout = timeout
        self._held: list[Delivery] | None = None
        self._due: list[tuple[float, int, Delivery]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._busy = 0
        self._thread: threading.Thread | None = None

    def put(self, delivery: Delivery) -> None:
        """Queues it; what is queued goes out in its order, except that a retry waits for its time."""
        with self._changed:
            self.deliveries.append(delivery)
            if self.losing:
                delivery.lost = True
            elif self._held is not None:
                self._held.append(delivery)
            else:
                self._schedule(delivery)

    def send(self, delivery: Delivery) -> None:
        """Sends it in this thread and returns when it is answered, or after the timeout."""
        with self._changed:
            self.deliveries.append(delivery)
            delivery.lost = self.losing
        if not delivery.lost:
            for _ in range(self.copies):
                self._keep(delivery, post(delivery, self._timeout))

    @property
    def is_holding(self) -> bool:
        """Between `hold` and `release`."""
        return self._held is not None

    def hold(self) -> None:
        """Keeps back what is put from now on."""
        with self._changed:
            self._held = self._held or []

    def release(self, in_reverse: bool = False) -> int:
        """Sends what was kept back; gives how much that was."""
        with self._changed:
            held, self._held = self._held or [], None
            for delivery in reversed(held) if in_reverse else held:
                self._schedule(delivery)
            return len(held)

    def wait(self, timeout: float = 10.0) -> list[Delivery]:
        """Returns all deliveries so far when nothing is on its way any more. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._due and not self._busy, timeout):
                raise TimeoutError(f"{len(self._due) + self._busy} webhooks are still on their way")
            return list(self.deliveries)

    @staticmethod
    def _keep(delivery: Delivery, attempt: Attempt) -> None:
        delivery.attempts.append(attempt)
        if delivery.on_attempt is not None:
            delivery.on_attempt(attempt)

    def _schedule(self, delivery: Delivery, seconds: float = 0.0) -> None:
        """Holding the lock."""
        for _ in range(self.copies if not delivery.attempts else 1):
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), delivery))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._changed.wait(max(0.0, self._due[0][0] - time.monotonic()) if self._due else None)
                _, _, delivery = heapq.heappop(self._due)
                self._busy += 1
            attempt = post(delivery, self._timeout)
            self._keep(delivery, attempt)
            with self._changed:
                if not attempt.succeeded and len(delivery.attempts) < self._attempts:
                    self._schedule(delivery, self.delay(len(delivery.attempts)))
                self._busy -= 1
                self._changed.notify_all()


def post(delivery: Delivery, timeout: float) -> Attempt:
    """One attempt. Goes to this machine only, and follows no redirect."""
    target = urlsplit(delivery.url)
    path = target.path or "/"
    if target.query:
        path = f"{path}?{target.query}"
    try:
        address = _loopback_address(target)
        # Over TLS the certificate is for the name, and a name's loopback address is checked all the same.
        kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
        connection = kind(target.hostname if target.scheme == "https" else address, target.port, timeout=timeout)  # type: ignore[arg-type]
        try:
            headers = {"Host": target.netloc.rpartition("@")[2], **delivery.headers}
            connection.request(delivery.method, path, delivery.body, headers)
            response = connection.getresponse()
            return Attempt(response.status, response.read(2_000).decode(errors="replace"))
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Attempt(None, f"{type(error).__name__}: {error}")


def _loopback_address(target: SplitResult) -> str:
    if target.scheme not in ("http", "https") or target.hostname is None:
        raise ValueError("the webhook's URL is neither http nor https")
    port = target.port or (443 if target.scheme == "https" else 80)
    address = str(socket.getaddrinfo(target.hostname, port, type=socket.SOCK_STREAM)[0][4][0])
    if not ipaddress.ip_address(address).is_loopback:
        raise ValueError("a simulator sends to this machine only")
    return address
