"""The connections themselves: a name is resolved once, every address it has is checked, and one of them is connected
to. TLS is verified against the name, which is also what SNI and Host say.

Public API of httpcore only: its network backend is the place where a connection comes to be, so there is no way round
the check, and nothing between check and connection asks the DNS again.

Time: httpcore hands each single wait of a socket the same seconds, and a server that sends a byte now and then would
never use them up. So each wait is cut to what remains of the work's time (the request's extension `remaining`), which
the stream asks for at every read and write; and resolving, connecting and the TLS handshake share the seconds of one
connection.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, Final

import httpcore
import httpx

from tandem.connections.address import AddressRule
from tandem.connections.errors import Unreachable

Resolve = Callable[[str, int], list[str]]
Remaining = Callable[[], float]
"""Seconds that are left for the work; never negative."""

MOST_ADDRESSES: Final = 4
"""Of one name, tried one after the other. All that it has are checked."""

_LONGEST: Final = 60.0
"""Seconds to connect, where the request does not say."""

_remaining: ContextVar[Remaining | None] = ContextVar("remaining", default=None)

_MEANT: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
}


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the system's order. It takes as long as the system's resolver takes: nothing but the
    resolver's own settings bounds that. Raises OSError or UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _TimedStream(httpcore.NetworkStream):
    """A connection of which no wait outlasts the work. `ends`: when the time to connect is over."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self._stream = stream
        self._ends = ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most that many bytes, as soon as there are any."""
        return self._stream.read(max_bytes, _cut(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of it."""
        self._stream.write(buffer, _cut(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """At once."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The handshake, in what connecting has left of the time for both. The ssl module counts it as a whole."""
        left = self._ends - time.monotonic()
        if left <= 0:
            self.close()
            raise httpcore.ConnectTimeout("no time is left for the handshake")
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._ends)

    def get_extra_info(self, info: str) -> Any:
        """As the stream has it."""
        return self._stream.get_extra_info(info)


class CheckedBackend(httpcore.SyncBackend):
    """Connects to checked addresses only, and to the one that was checked."""

    def __init__(self, rule: AddressRule, resolve: Resolve = resolve) -> None:
        super().__init__()
        self._rule = rule
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises WrongAddress, Unreachable for a name that leads nowhere, and what httpcore raises.

        All of it, the TLS handshake included, has `timeout` seconds; an address that does not answer uses up no more
        than its share of what the ones before it left.
        """
        ends = time.monotonic() + (_LONGEST if timeout is None else timeout)
        addresses = self._addresses(host, port)
        self._rule.check(host, addresses)
        tried = addresses[:MOST_ADDRESSES]
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for index, address in enumerate(tried):
            share = (ends - time.monotonic()) / (len(tried) - index)
            if share <= 0:
                break
            try:
                stream = super().connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = failure or error
            else:
                return _TimedStream(stream, ends)
        raise failure or httpcore.ConnectTimeout("no time is left to connect")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """No vendor is there."""
        raise httpcore.ConnectError("Unix sockets are not used")

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise Unreachable(
                f"The name {host} leads to no address. Check the address for a slip, or your DNS.", nothing_sent=True
            )
        return addresses


class CheckedTransport(httpx.BaseTransport):
    """An httpx transport on such a backend. Proxies of the environment are not used: they would connect unchecked."""

    def __init__(
        self, rule: AddressRule, *, resolve: Resolve = resolve, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context or httpx.create_ssl_context(trust_env=False),
            max_connections=10,
            max_keepalive_connections=5,
            keepalive_expiry=15.0,
            network_backend=CheckedBackend(rule, resolve),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request on a checked connection. The body comes as it was sent: unpacking it is the reader's. Raises
        httpx.TransportError or VendorError."""
        url, remaining = request.url, request.extensions.get("remaining")
        assert isinstance(request.stream, httpx.SyncByteStream)  # noqa: S101  a sync client makes no other
        with _as_httpx(), _within(remaining):
            response = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Stream(response, remaining),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Ends the connections that are kept open."""
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response, remaining: Remaining | None) -> None:
        self._response = response
        self._remaining = remaining

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._response.iter_stream())
        while True:
            # Around each piece and not around all of them: what the reader does in between is not the request's.
            with _as_httpx(), _within(self._remaining):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        self._response.close()


def _cut(timeout: float | None, too_late: type[httpcore.TimeoutException]) -> float | None:
    """The seconds of one wait."""
    remaining = _remaining.get()
    if remaining is None:
        return timeout
    left = remaining()
    if left <= 0:
        raise too_late("the time for the work is up")
    return left if timeout is None else min(timeout, left)


@contextmanager
def _within(remaining: Remaining | None) -> Iterator[None]:
    """The streams that are used inside wait no longer than that."""
    before = _remaining.set(remaining)
    try:
        yield
    finally:
        _remaining.reset(before)


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        meant = next((made for kind, made in _MEANT.items() if isinstance(error, kind)), httpx.TransportError)
        raise meant(str(error)) from error


@cache
def checked_transport(rule: AddressRule) -> CheckedTransport:
    """The transport of a warm function: connections and the loaded certificates outlive one piece of work."""
    return CheckedTransport(rule)
