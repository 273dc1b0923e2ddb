"""Servers that are slow on purpose or send what cannot be held: on real sockets of this machine, by the real clock."""

import gzip
import io
import json
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import repeat
from typing import Any

import pytest

from tandem.connections.address import AddressRule
from tandem.connections.authorization import NoCredentials
from tandem.connections.calls import Around, Call
from tandem.connections.errors import BadReply, ServerFailed, TimeIsUp, Unreachable, VendorError
from tandem.connections.http import VendorHttp
from tandem.connections.limits import MEGABYTE, Deadline, Limits
from tandem.connections.transport import CheckedTransport
from tests.unit.connections.world import ADVICE, FAST

HERE = AddressRule(may_be_private=True, may_be_this_machine=True)
NAME = "rmm.example.com"
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SECONDS = 0.4
LATEST = SECONDS + 0.25
"""The bound, and what a busy machine adds to it."""

PACKED = gzip.compress(b"[1]", mtime=0)
"""Without the time, which would give the tests other names in each worker."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
Play = Callable[[socket.socket], None]


def dripping(*parts: bytes, before: bytes = b"") -> Play:
    """Sends `before` at once and then a byte every 20 ms, the parts over and over."""

    def play(connection: socket.socket) -> None:
        connection.sendall(before)
        for part in repeat(b"".join(parts)):
            for byte in part:
                time.sleep(0.02)
                connection.sendall(bytes([byte]))

    return play


def sending(head: bytes, pieces: Iterator[bytes]) -> Play:
    def play(connection: socket.socket) -> None:
        connection.sendall(head)
        for piece in pieces:
            connection.sendall(piece)

    return play


def silent(after: float = 0.0, before: bytes = b"") -> Play:
    """Sends `before` after so many seconds, and nothing more."""

    def play(connection: socket.socket) -> None:
        time.sleep(after)
        connection.sendall(before)
        time.sleep(3)

    return play


@contextmanager
def server(play: Play) -> Iterator[int]:
    """The port of a server that takes one connection after another, reads a bit of each, and plays."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            play(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.close()


def client(port: int, seconds: float = SECONDS, scheme: str = "http", **limits: Any) -> VendorHttp:
    transport = CheckedTransport(HERE, resolve=lambda _host, _port: ["127.0.0.1"], ssl_context=TLS)
    around = Around(transport)
    return VendorHttp(
        f"{scheme}://{NAME}:{port}",
        advice=ADVICE,
        authorize=NoCredentials(),
        limits=Limits(FAST, **({"attempts": 1} | limits)),
        deadline=Deadline(seconds, around.clock),
        around=around,
        rule=HERE,
    )


def failure(http: VendorHttp) -> tuple[VendorError, float]:
    """The error, and how long it took to come."""
    began = time.monotonic()
    with pytest.raises(VendorError) as caught:
        http.get("/x")
    return caught.value, time.monotonic() - began


# ---- slow on purpose


@pytest.mark.parametrize(
    "play",
    [
        dripping(b"X-Header: value\r\n", before=HEAD),
        dripping(b"HTTP/1.1 100 Continue\r\n\r\n"),
        dripping(b" ", before=HEAD + b"\r\n"),
        dripping(b"1\r\n \r\n", before=HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
        # An empty block of deflate: bytes that unpack to none.
        dripping(b"\x00\x00\x00\xff\xff", before=HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10]),
        silent(),
        silent(SECONDS * 0.8, HEAD + b"\r\n["),
    ],
    ids=["headers", "interim answers", "body", "chunks", "compressed nothing", "silence", "silence after a while"],
)  # fmt: skip
def test_no_server_outlasts_the_deadline(play: Play) -> None:
    with server(play) as port:
        error, took = failure(client(port))
    assert isinstance(error, TimeIsUp)
    assert took < LATEST


def test_a_body_that_drips_ends_a_listing_at_the_deadline() -> None:
    began = time.monotonic()
    with server(dripping(b"1,", before=HEAD + b"\r\n[")) as port, pytest.raises(TimeIsUp):
        list(client(port).rows(Call("GET", "/x")))
    assert time.monotonic() - began < LATEST


def test_who_takes_longer_with_the_rows_than_there_is_time_is_told() -> None:
    body = HEAD + b"\r\n" + json.dumps(list(range(1000))).encode()
    with server(sending(body, iter(()))) as port:
        http = client(port)

        def read() -> None:
            for _ in http.rows(Call("GET", "/x")):
                time.sleep(0.01)

        with pytest.raises(TimeIsUp):
            read()


def test_a_handshake_that_never_comes_is_bounded_by_the_time_to_connect() -> None:
    with server(silent()) as port:
        error, took = failure(client(port, 20, "https", connect_seconds=0.3))
    assert isinstance(error, Unreachable)
    assert took < 0.55


# ---- one connect budget


class Network:
    """Stands for socket.create_connection: what answers nothing takes all the time that it is given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answering: dict[str, int] | None = None) -> None:
        self.tried: list[str] = []
        self._answering = answering or {}
        self._real = socket.create_connection
        monkeypatch.setattr(socket, "create_connection", self._connect)

    def _connect(self, address: tuple[str, int], timeout: float, **_: Any) -> socket.socket:
        self.tried.append(address[0])
        if address[0] in self._answering:
            return self._real(("127.0.0.1", self._answering[address[0]]), timeout)
        time.sleep(timeout)
        raise TimeoutError


def connecting(addresses: list[str], seconds: float, scheme: str = "http") -> tuple[Any, float]:
    transport = CheckedTransport(
        AddressRule(may_be_private=True), resolve=lambda _host, _port: addresses, ssl_context=TLS
    )
    around = Around(transport)
    http = VendorHttp(
        f"{scheme}://{NAME}",
        advice=ADVICE,
        authorize=NoCredentials(),
        limits=Limits(FAST, attempts=1, connect_seconds=seconds),
        deadline=Deadline(20, around.clock),
        around=around,
        rule=AddressRule(may_be_private=True),
    )
    began = time.monotonic()
    try:
        outcome: Any = http.get("/x")
    except VendorError as error:
        outcome = error
    return outcome, time.monotonic() - began


def test_at_most_four_addresses_share_the_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch)
    outcome, took = connecting([f"10.0.0.{number}" for number in range(1, 30)], 0.4)
    assert isinstance(outcome, Unreachable)
    assert outcome.nothing_sent
    assert network.tried == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]
    assert took < 0.6


def test_an_address_that_hangs_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(sending(HEAD + b"\r\n[]", iter(()))) as port:
        Network(monkeypatch, {"10.0.0.2": port})
        outcome, took = connecting(["10.0.0.1", "10.0.0.2"], 0.4)
    assert outcome == []
    assert took < 0.4


def test_the_handshake_has_what_connecting_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(silent()) as port:
        Network(monkeypatch, {"10.0.0.2": port})
        outcome, took = connecting(["10.0.0.1", "10.0.0.2"], 0.5, "https")
    assert isinstance(outcome, Unreachable)
    assert took < 0.7


def test_a_resolver_that_takes_all_the_time_leaves_none_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch)

    def slow(_host: str, _port: int) -> list[str]:
        time.sleep(0.15)
        return ["10.0.0.1"]

    transport = CheckedTransport(AddressRule(may_be_private=True), resolve=slow, ssl_context=TLS)
    around = Around(transport)
    http = VendorHttp(
        f"http://{NAME}",
        advice=ADVICE,
        authorize=NoCredentials(),
        limits=Limits(FAST, attempts=1, connect_seconds=0.1),
        deadline=Deadline(20, around.clock),
        around=around,
        rule=AddressRule(may_be_private=True),
    )
    assert isinstance(failure(http)[0], Unreachable)
    assert network.tried == []


# ---- too much to hold


def bomb(megabytes: int) -> Iterator[bytes]:
    """gzip that unpacks to so many megabytes of zeros: one block, a kilobyte, over and over."""
    yield gzip.compress(b"")[:10]
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = compressor.compress(b"0" * MEGABYTE) + compressor.flush(zlib.Z_FULL_FLUSH)
    yield from repeat(block, megabytes)


@contextmanager
def memory_below(most: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def test_a_bomb_of_a_gigabyte_is_neither_held_nor_unpacked() -> None:
    play = sending(HEAD + b"Content-Encoding: gzip\r\n\r\n", bomb(1024))
    with server(play) as port, memory_below(4 * MEGABYTE):
        error, _ = failure(client(port, 20, document_bytes=MEGABYTE))
    assert isinstance(error, BadReply)
    assert "larger than 1 MB" in str(error)


def test_the_total_of_a_listing_is_bounded_as_it_is_unpacked() -> None:
    play = sending(HEAD + b"Content-Encoding: gzip\r\n\r\n", bomb(1024))
    with server(play) as port, memory_below(32 * MEGABYTE), pytest.raises(BadReply, match="larger than 24 MB"):
        list(client(port, 20, listing_bytes=24 * MEGABYTE).rows(Call("GET", "/x")))


@pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate, gzip", "br", "zstd", "compress", "aes128gcm"])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    body = gzip.compress(gzip.compress(b"[]"))
    play = sending(HEAD + f"Content-Encoding: {encoding}\r\n\r\n".encode(), iter([body]))
    with server(play) as port:
        error, _ = failure(client(port, 5))
    assert isinstance(error, BadReply)
    assert "compressed" in str(error)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", PACKED), ("x-gzip", PACKED), ("GZIP", PACKED),
        ("gzip, identity", PACKED), ("identity", b"[1]"), ("deflate", zlib.compress(b"[1]")),
        ("deflate", zlib.compress(b"[1]")[2:-4]),
    ],
)  # fmt: skip
def test_what_was_asked_for_is_unpacked_however_it_is_cut(encoding: str, body: bytes) -> None:
    for size in (1, 2, 100):
        pieces = [body[start : start + size] for start in range(0, len(body), size)]
        chunks = [f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces]
        head = HEAD + f"Content-Encoding: {encoding}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        with server(sending(head, iter([*chunks, b"0\r\n\r\n"]))) as port:
            assert client(port, 5).get("/x") == [1]


@pytest.mark.parametrize("body", [PACKED[:-9], PACKED + b"more", b"\x1f\x8b\x08 no"])
def test_what_is_not_whole_or_more_than_that_is_refused(body: bytes) -> None:
    with server(sending(HEAD + b"Content-Encoding: gzip\r\n\r\n", iter([body]))) as port:
        assert isinstance(failure(client(port, 5))[0], BadReply)


def test_an_error_is_one_whatever_it_is_wrapped_in_and_however_long_it_is() -> None:
    head = HEAD.replace(b"200 OK", b"500 Oh") + b"Content-Encoding: br\r\n\r\n"
    with server(sending(head, iter([b"?"]))) as port:
        assert isinstance(failure(client(port, 5))[0], ServerFailed)
    endless = HEAD.replace(b"200 OK", b"500 Oh") + b"\r\n"
    with server(sending(endless, repeat(b" " * 65536))) as port, memory_below(4 * MEGABYTE):
        assert isinstance(failure(client(port, 5))[0], ServerFailed)


def test_a_hundred_thousand_rows_go_through_flat_in_memory() -> None:
    row = json.dumps({"id": 1, "hostname": "SRV-1", "text": "x" * 150}).encode()
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        file.write(b"[" + row + (b"," + row) * 99_999 + b"]")
    play = sending(HEAD + b"Content-Encoding: gzip\r\n\r\n", iter([packed.getvalue()]))
    with server(play) as port, memory_below(20 * MEGABYTE):
        rows = client(port, 60, listing_bytes=64 * MEGABYTE).rows(Call("GET", "/x"))
        assert sum(each["id"] for each in rows) == 100_000


def test_one_row_beyond_its_measure_ends_the_listing() -> None:
    play = sending(HEAD + b'\r\n[{"id": 1}, {"text": "' + b"x" * 300_000 + b'"}]', iter(()))
    with server(play) as port, pytest.raises(BadReply):
        list(client(port, 5, row_characters=100_000).rows(Call("GET", "/x")))
