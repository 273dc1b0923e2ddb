"""The words of the request core: one request, one page of a listing, and what requests use of the world."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import httpx

from tandem.times import utc_now

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Around:
    """What requests use of the world; tests pass their own."""

    transport: httpx.BaseTransport
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    now: Callable[[], datetime] = utc_now


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `repeatable`: doing it twice is as good as once. `may_be_empty`: no content is an answer, too.
    `secrets`: what stands in it that no message may repeat."""

    method: Method
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    json: Any = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    repeatable: bool = False
    may_be_empty: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; `after` asks for the next, None says that there is none."""

    rows: list[Any]
    after: str | None
