"""The connections themselves: a name is resolved once, every address it has is checked, and one of them is connected
to. TLS is verified against the name, which is also what SNI and Host say.

Public API of httpcore only: its network backend is the place where a connection comes to be, so there is no way round
the check, and nothing between check and connection asks the DNS again.
"""

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpcore
import httpx

from tandem.connections.address import AddressRule
from tandem.connections.errors import Unreachable

Resolve = Callable[[str, int], list[str]]

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
    """The addresses of a host, in the system's order. It takes as long as the system's resolver takes. Raises OSError
    or UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


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
        """Raises WrongAddress, Unreachable for a name that leads nowhere, and what httpcore raises."""
        addresses = self._addresses(host, port)
        self._rule.check(host, addresses)
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = failure or error
        raise failure or httpcore.ConnectError("no address")

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
        """One request on a checked connection. Raises httpx.TransportError or VendorError."""
        url = request.url
        assert isinstance(request.stream, httpx.SyncByteStream)  # noqa: S101  a sync client makes no other
        with _as_httpx():
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
            stream=_Stream(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Ends the connections that are kept open."""
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        meant = next((made for kind, made in _MEANT.items() if isinstance(error, kind)), httpx.TransportError)
        raise meant(str(error)) from error


@cache
def checked_transport(may_be_private: bool) -> CheckedTransport:
    """The transport of a warm function: connections and the loaded certificates outlive one piece of work."""
    return CheckedTransport(AddressRule(may_be_private))
