"""What every simulator is: a server with state, faults, a request log, webhooks, and control by Python or by curl.

Python and curl do the same: a method marked `@operation` is `POST /_simulator/<its name>` with its arguments as JSON.
"""

import functools
import inspect
import random
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass, replace
from datetime import date
from email.utils import formatdate
from typing import Any, ClassVar, Concatenate, ParamSpec, Self, TypeVar, cast

from tests.simulators.clock import Clock
from tests.simulators.faults import LISTING_EFFECTS, Fault, Faults, Kind
from tests.simulators.messages import BadBodyError, Reply, Request, html_reply, json_reply
from tests.simulators.outbox import Delivery, Outbox
from tests.simulators.request_log import Entry, RequestLog
from tests.simulators.server import Server

CONTROL = "/_simulator"
_PAGE = "<!doctype html>\n<html><head><title>Not what you asked for</title></head><body><h1>Hello</h1></body></html>\n"
_BAD_GATEWAY = (
    "<html>\r\n<head><title>{status} {phrase}</title></head>\r\n"
    "<body>\r\n<center><h1>{status} {phrase}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_GATEWAY_PHRASES = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
AnySimulator = TypeVar("AnySimulator", bound="Simulator")


class ControlError(ValueError):
    """The control was asked for something that does not exist."""


@dataclass(frozen=True)
class Rate:
    """A rate limit: so many requests within so many seconds, counted in a sliding window."""

    requests: int
    seconds: float


def operation(
    method: Callable[Concatenate[AnySimulator, Arguments], Result],
) -> Callable[Concatenate[AnySimulator, Arguments], Result]:
    """Marks what can be done to a simulator by hand: one at a time, and the webhooks that follow from it go out."""

    @functools.wraps(method)
    def done(self: AnySimulator, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with self.lock:
            result = method(self, *args, **kwargs)
        self.flush()
        return result

    done.is_operation = True  # type: ignore[attr-defined]
    return cast(Callable[Concatenate[AnySimulator, Arguments], Result], done)


class Simulator(ABC):
    """One vendor. Start it as a context manager, or with `start` and `stop`; a stopped one refuses connections and
    keeps its state and its port."""

    name: ClassVar[str]

    def __init__(self, *, port: int = 0, seed: int | None = None, outbox: Outbox | None = None) -> None:
        self.lock = threading.RLock()
        self.random = random.Random(seed)
        self.clock = Clock()
        self.faults = Faults()
        self.requests = RequestLog()
        self.outbox = outbox or Outbox()
        self.rate: Rate | None = None
        self._recent: deque[float] = deque()
        self._server = Server(self.respond, port)

    # ---- what a vendor says

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """The vendor's answer when all goes well. Called with the lock held."""

    @abstractmethod
    def error(self, status: int) -> Reply:
        """An error of the server, in the vendor's words."""

    @abstractmethod
    def expired(self, request: Request) -> Reply:
        """The vendor's answer to credentials that have expired."""

    @abstractmethod
    def webhooks_due(self) -> list[Delivery]:
        """The webhooks of what happened since the last call. Called with the lock held."""

    @abstractmethod
    def state_as_json(self) -> dict[str, Any]:
        """The state in short, for people."""

    # ---- lifecycle

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return self._server.url

    def start(self) -> Self:
        """Begins to answer. Raises OSError if the port is taken."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Refuses connections from now on."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # ---- what can be done to any vendor

    @operation
    def down(self) -> None:
        """Resets every connection, until `up`."""
        self.faults.down = True

    @operation
    def up(self) -> None:
        """Answers again."""
        self.faults.down = False

    @operation
    def limit(self, requests: int | None, seconds: float = 60.0) -> None:
        """Allows so many requests within so many seconds; None for no limit."""
        self.rate = None if requests is None else Rate(requests, seconds)
        self._recent.clear()

    @operation
    def skew(self, seconds: float) -> None:
        """Moves the vendor's clock, forward or back."""
        self.clock.advance(seconds)

    @operation
    def webhooks(self, lose: bool = False, copies: int = 1) -> None:
        """Loses all webhooks from now on, or sends each so many times."""
        self.outbox.losing, self.outbox.copies = lose, copies

    @operation
    def hold_webhooks(self) -> None:
        """Keeps webhooks back."""
        self.outbox.hold()

    @operation
    def release_webhooks(self, in_reverse: bool = False) -> int:
        """Sends those that were kept back."""
        return self.outbox.release(in_reverse)

    def flush(self) -> None:
        """Sends the webhooks of what just happened; outside the lock, for the receiver may ask back."""
        with self.lock:
            deliveries = self.webhooks_due()
        for delivery in deliveries:
            self.deliver(delivery)

    def deliver(self, delivery: Delivery) -> None:
        """How this vendor sends: in the background, unless it says otherwise."""
        self.outbox.put(delivery)

    # ---- answering

    def respond(self, request: Request) -> Reply:
        """The answer to one request, faults and all."""
        if request.path == CONTROL or request.path.startswith(CONTROL + "/"):
            return self._control(request)
        began = time.monotonic()
        seconds, fault = self.faults.take(request.method, request.path) if not self.faults.down else (0.0, None)
        reply = Reply(0, reset=True) if self.faults.down else self._faulty(request, fault, seconds)
        what = "down" if self.faults.down else fault.kind.value if fault is not None else None
        if seconds:
            what = f"latency+{what}" if what else "latency"
        took = round((time.monotonic() - began) * 1_000, 1)
        status = 0 if reply.reset else reply.status
        headers = dict(request.headers)
        self.requests.add(
            Entry(began, request.method, request.path, request.query, status, what, took, request.body, headers)
        )
        self.flush()
        date_header = formatdate(self.clock.now().timestamp(), usegmt=True)
        return replace(reply, headers={**reply.headers, "Date": date_header})

    def _faulty(self, request: Request, fault: Fault | None, seconds: float) -> Reply:
        if seconds:
            time.sleep(seconds)
        kind = None if fault is None else fault.kind
        if fault is not None and kind is Kind.STATUS:
            return self._of_status(fault.status, fault.retry_after)
        match kind:
            case Kind.RESET:
                return Reply(0, reset=True)
            case Kind.HTML:
                return html_reply(_PAGE)
            case Kind.EMPTY_BODY:
                return Reply(200, b"", "application/json")
            case Kind.EXPIRED_TOKEN:
                return self.expired(request)
        wait = self._over_the_limit()
        if wait is not None:
            return self._of_status(429, str(wait))
        if kind is not None and kind in LISTING_EFFECTS:
            request = replace(request, effects=frozenset({kind}))
        with self.lock:
            reply = self.answer(request)
        match kind:
            case Kind.TRUNCATED:
                return replace(reply, body=reply.body[: len(reply.body) // 2])
            case Kind.CUT_OFF:
                return replace(reply, cut_off=True)
            case Kind.WRONG_CONTENT_TYPE:
                return replace(reply, content_type="text/plain")
        return reply

    def _of_status(self, status: int, retry_after: str | None) -> Reply:
        if status in _GATEWAY_PHRASES:
            reply = html_reply(_BAD_GATEWAY.format(status=status, phrase=_GATEWAY_PHRASES[status]), status)
        else:
            reply = self.error(status)
        if retry_after is None:
            return reply
        return replace(reply, headers={**reply.headers, "Retry-After": retry_after})

    def _over_the_limit(self) -> int | None:
        """Seconds to wait if this request is one too many; else it is counted."""
        with self.lock:
            if self.rate is None:
                return None
            now = time.monotonic()
            while self._recent and now - self._recent[0] >= self.rate.seconds:
                self._recent.popleft()
            if len(self._recent) >= self.rate.requests:
                return max(1, round(self.rate.seconds - (now - self._recent[0]) + 0.5))
            self._recent.append(now)
            return None

    # ---- control

    def operations(self) -> dict[str, Callable[..., Any]]:
        """What can be done by hand, by name."""
        return {
            name: getattr(self, name)
            for name in dir(type(self))
            if getattr(getattr(type(self), name), "is_operation", False)
        }

    def _control(self, request: Request) -> Reply:
        name = request.path.removeprefix(CONTROL).strip("/")
        try:
            return json_reply(_plain(self._controlled(request, name)))
        except (ControlError, BadBodyError, TypeError, ValueError, LookupError) as error:
            return json_reply({"error": f"{type(error).__name__}: {error}", "operations": self._usage()}, 400)

    def _controlled(self, request: Request, name: str) -> Any:
        match (request.method, name):
            case ("GET", ""):
                return {"name": self.name, "operations": self._usage()}
            case ("GET", "requests"):
                return [entry.as_json() for entry in self.requests.all()[-200:]]
            case ("DELETE", "requests"):
                self.requests.clear()
                return "ok"
            case ("GET", "state"):
                with self.lock:
                    return self.state_as_json()
            case ("GET", "webhooks"):
                return [delivery.as_json() for delivery in self.outbox.deliveries[-200:]]
            case ("GET", "faults"):
                return self.faults.as_json()
            case ("POST", "faults"):
                self.faults.add(**request.members())
                return self.faults.as_json()
            case ("DELETE", "faults"):
                self.faults.clear()
                return self.faults.as_json()
        if request.method != "POST" or name not in self.operations():
            raise ControlError(f"there is no {request.method} {CONTROL}/{name}")
        result = self.operations()[name](**request.members())
        return "ok" if result is None else result

    def _usage(self) -> list[str]:
        return [
            f"POST {CONTROL}/{name}{_arguments(method)}: {(method.__doc__ or '').strip().splitlines()[0]}"
            for name, method in sorted(self.operations().items())
        ]


def _arguments(method: Callable[..., Any]) -> str:
    """Such as ` {device, condition="memory"}`."""
    shown = [
        parameter.name if parameter.default is inspect.Parameter.empty else f"{parameter.name}={parameter.default!r}"
        for parameter in inspect.signature(method).parameters.values()
    ]
    return " {" + ", ".join(shown) + "}" if shown else ""


def _plain(value: Any) -> Any:
    """The same as JSON can say it."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    return value
