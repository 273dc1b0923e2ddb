"""HTTP on 127.0.0.1: sockets in, `Request` to `Reply`, sockets out. What a vendor is, is not decided here."""

import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.simulators.messages import Reply, Request

HOST = "127.0.0.1"
_NO_LINGER = struct.pack("ii", 1, 0)
_NEVER_WITH_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}

Respond = Callable[[Request], Reply]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Listener"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.respond(Request(self.command, path, query, headers, body, self.client_address[0]))
        if reply.reset:
            self._reset()
            return
        self._write(reply)

    # The standard library finds them by these names.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer  # noqa: N815

    def _write(self, reply: Reply) -> None:
        has_body = reply.status not in _NEVER_WITH_BODY
        lines = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}"]
        if "Date" not in reply.headers:
            lines.append(f"Date: {formatdate(usegmt=True)}")
        if has_body and reply.content_type is not None:
            lines.append(f"Content-Type: {reply.content_type}")
        if has_body:
            lines.append(f"Content-Length: {len(reply.body)}")
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        body = reply.body if has_body and self.command != "HEAD" else b""
        if reply.cut_off:
            body = body[: len(body) // 2]
            self.close_connection = True
        with contextlib.suppress(OSError):  # the client may have hung up already
            self.wfile.write(head + body)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: there is a request log."""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, respond: Respond) -> None:
        self.respond = respond
        self._connections: set[socket.socket] = set()
        super().__init__((HOST, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_NO_LINGER)) == _NO_LINGER:
            request.close()  # without a goodbye: the client gets a reset
            return
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is nothing to report; anything else fails the request loudly."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Ends the connections that are open."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Server:
    """Answers on a port of 127.0.0.1 while it is started; the same port again after a stop."""

    def __init__(self, respond: Respond, port: int = 0) -> None:
        self._respond = respond
        self._port = port
        self._listener: _Listener | None = None

    @property
    def port(self) -> int:
        """Known from the first start on."""
        return self._port

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Raises OSError if the port is taken."""
        if self._listener is not None:
            return
        listener = _Listener(self._port, self._respond)
        self._port = listener.server_address[1]
        self._listener = listener
        threading.Thread(
            target=listener.serve_forever, kwargs={"poll_interval": 0.02}, name=f"simulator {self._port}", daemon=True
        ).start()

    def stop(self) -> None:
        """From now on connections are refused, and those that are open end."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        listener.shutdown()
        listener.server_close()
        listener.hang_up()
