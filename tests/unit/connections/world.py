"""A clock that jumps, a sleep that moves it, and a vendor that answers from a script."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tandem.connections.address import AddressRule
from tandem.connections.advice import Advice
from tandem.connections.authorization import Authorization, KeyInHeader
from tandem.connections.calls import Around
from tandem.connections.http import VendorHttp
from tandem.connections.limits import Deadline, Limits, Pace, RateLimit

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
KEY = "k-3f8a1c5e-secret"
FAST = RateLimit(1000, timedelta(seconds=1))
PUBLIC = AddressRule()

ADVICE = Advice(
    vendor="Acme RMM",
    refused="Make a new key.",
    forbidden="Give the role more rights.",
    address=lambda _reply: "Enter the API's address.",
)

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class World:
    """Time passes only by sleeping, or by as much as an answer takes (`takes`). `requests`: what was sent;
    `waits`: the sleeps; `chance`: what the dice say."""

    def __init__(self, *answers: Answer, takes: float = 0.0, chance: float = 0.5) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []
        self.requests: list[httpx.Request] = []
        self.sent_at: list[float] = []
        self.chance = chance
        self._takes = takes
        self._answers = list(answers)
        self.around = Around(
            transport=httpx.MockTransport(self._answer),
            clock=lambda: self.seconds,
            sleep=self.sleep,
            chance=lambda: self.chance,
            now=lambda: START + timedelta(seconds=self.seconds),
        )

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds

    def will_answer(self, *answers: Answer) -> None:
        self._answers = list(answers)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.sent_at.append(self.seconds)
        self.seconds += self._takes
        # The last answer is given for ever.
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def http(
        self,
        *,
        seconds: float = 60.0,
        limits: Limits | None = None,
        authorize: Authorization | None = None,
        advice: Advice = ADVICE,
        base_url: str = "https://rmm.example.com",
        pace: Pace | None = None,
    ) -> VendorHttp:
        return VendorHttp(
            base_url,
            advice=advice,
            authorize=authorize or KeyInHeader("X-Key", KEY),
            limits=limits or Limits(FAST),
            deadline=Deadline(seconds, self.around.clock),
            around=self.around,
            rule=PUBLIC,
            pace=pace,
        )


def json(value: Any, status: int = 200, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    """An answer, made anew each time it is given. Header names with _ for -."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda _request: httpx.Response(status, json=value, headers=named)


def page(status: int = 200, text: str = "<!doctype html><title>Hello</title>") -> Callable[..., httpx.Response]:
    """A web page."""
    return lambda _request: httpx.Response(status, html=text)


def raw(content: bytes, status: int = 200, content_type: str = "application/json") -> Callable[..., httpx.Response]:
    """An answer of exactly these bytes."""
    return lambda _request: httpx.Response(status, content=content, headers={"Content-Type": content_type})


def in_pieces(pieces: Iterable[bytes]) -> httpx.Response:
    """An answer that comes piece by piece; an exception among them breaks the connection."""
    return httpx.Response(200, content=iter(pieces), headers={"Content-Type": "application/json"})
