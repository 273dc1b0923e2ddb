"""Connections: checked and pinned to the resolved address, TLS by name. Against real sockets on this machine."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tandem.connections.address import AddressRule
from tandem.connections.errors import Unreachable, VendorError, WrongAddress
from tandem.connections.http import VendorHttp
from tandem.connections.limits import Deadline, Limits
from tandem.connections.transport import CheckedTransport, checked_transport
from tests.unit.connections.world import ADVICE, FAST, KEY, World

NAME = "rmm.example.com"


@dataclass
class Vendor:
    """A server on this machine. `hosts`: the Host headers it saw; `server_names`: what TLS clients asked for."""

    port: int = 0
    hosts: list[str] = field(default_factory=list)
    server_names: list[str | None] = field(default_factory=list)
    certificate: Path | None = None


class Resolver:
    """Answers by script, the last answer for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def serve(vendor: Vendor, context: ssl.SSLContext | None) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            vendor.hosts.append(self.headers["Host"])
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake is meant here
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    vendor.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@pytest.fixture
def plain() -> Iterator[Vendor]:
    vendor = Vendor()
    server = serve(vendor, None)
    yield vendor
    server.shutdown()
    server.server_close()


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[Vendor]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not here")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    named = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    made = [openssl, "req", "-x509", *kind, "-keyout", str(key), "-out", str(certificate), *named]
    subprocess.run(made, check=True, capture_output=True)
    vendor = Vendor(certificate=certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda _socket, name, _context: vendor.server_names.append(name)
    server = serve(vendor, context)
    yield vendor
    server.shutdown()
    server.server_close()


def client(transport: CheckedTransport, url: str, rule: AddressRule) -> VendorHttp:
    world = World()
    around = type(world.around)(transport, clock=world.around.clock, sleep=world.sleep, chance=world.around.chance)
    from tandem.connections.authorization import KeyInHeader

    return VendorHttp(
        url,
        advice=ADVICE,
        authorize=KeyInHeader("X-Key", KEY),
        limits=Limits(FAST, attempts=1),
        deadline=Deadline(20, world.around.clock),
        around=around,
        rule=rule,
    )


def failure(transport: CheckedTransport, url: str, rule: AddressRule) -> VendorError:
    with pytest.raises(VendorError) as caught:
        client(transport, url, rule).get("/x")
    assert caught.value.__context__ is None
    return caught.value


PRIVATE, PUBLIC_ONLY = AddressRule(may_be_private=True, may_be_this_machine=True), AddressRule()


def test_the_name_is_resolved_once_and_is_what_the_server_is_told(plain: Vendor) -> None:
    resolver = Resolver(["127.0.0.1"])
    transport = CheckedTransport(PRIVATE, resolve=resolver)
    assert client(transport, f"http://{NAME}:{plain.port}", PRIVATE).get("/x") == []
    assert resolver.asked == [NAME]
    assert plain.hosts == [f"{NAME}:{plain.port}"]


def test_a_name_that_leads_inside_is_not_connected_to(plain: Vendor) -> None:
    resolver = Resolver(["127.0.0.1"])
    error = failure(CheckedTransport(PUBLIC_ONLY, resolve=resolver), f"https://{NAME}:{plain.port}", PUBLIC_ONLY)
    assert isinstance(error, WrongAddress)
    assert plain.hosts == []


def test_a_name_that_answers_differently_at_every_question_is_asked_once_a_connection(
    plain: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[str] = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    resolver = Resolver(["1.1.1.1"], ["127.0.0.1"])
    transport = CheckedTransport(PUBLIC_ONLY, resolve=resolver)
    assert isinstance(failure(transport, f"https://{NAME}", PUBLIC_ONLY), Unreachable)
    # A rebinding name is caught at the next connection.
    assert isinstance(failure(transport, f"https://{NAME}", PUBLIC_ONLY), WrongAddress)
    assert connected == ["1.1.1.1"]


def test_every_address_is_checked_before_the_first_is_tried(plain: Vendor) -> None:
    resolver = Resolver(["127.0.0.1", "169.254.169.254"])
    transport = CheckedTransport(PRIVATE, resolve=resolver)
    assert isinstance(failure(transport, f"http://{NAME}:{plain.port}", PRIVATE), WrongAddress)
    assert plain.hosts == []


def test_the_next_address_is_tried_when_one_does_not_answer(plain: Vendor) -> None:
    transport = CheckedTransport(PRIVATE, resolve=Resolver(["::1", "127.0.0.1"]))
    assert client(transport, f"http://{NAME}:{plain.port}", PRIVATE).get("/x") == []


def test_tls_asks_for_the_name_and_verifies_it(encrypted: Vendor) -> None:
    context = ssl.create_default_context(cafile=str(encrypted.certificate))
    transport = CheckedTransport(PRIVATE, resolve=Resolver(["127.0.0.1"]), ssl_context=context)
    assert client(transport, f"https://{NAME}:{encrypted.port}", PRIVATE).get("/x") == []
    assert encrypted.server_names == [NAME]
    error = failure(transport, f"https://other.example.com:{encrypted.port}", PRIVATE)
    assert "certificate of other.example.com" in str(error)


def test_a_certificate_that_nobody_vouches_for_is_refused(encrypted: Vendor) -> None:
    transport = CheckedTransport(PRIVATE, resolve=Resolver(["127.0.0.1"]))
    assert "certificate" in str(failure(transport, f"https://{NAME}:{encrypted.port}", PRIVATE))
    assert encrypted.hosts == []


def test_a_server_that_speaks_no_tls_is_told_so(plain: Vendor) -> None:
    transport = CheckedTransport(PRIVATE, resolve=Resolver(["127.0.0.1"]))
    assert "encrypted connection" in str(failure(transport, f"https://{NAME}:{plain.port}", PRIVATE))


def test_a_name_that_does_not_exist_is_told_so() -> None:
    error = failure(CheckedTransport(PUBLIC_ONLY, resolve=Resolver([])), f"https://{NAME}", PUBLIC_ONLY)
    assert f"The name {NAME} leads to no address" in str(error)
    broken = CheckedTransport(PUBLIC_ONLY)
    assert "leads to no address" in str(failure(broken, f"https://{'a' * 64}.invalid", PUBLIC_ONLY))


def test_a_warm_function_keeps_one_transport_for_each_rule() -> None:
    assert checked_transport(AddressRule()) is checked_transport(AddressRule())
    assert checked_transport(AddressRule()) is not checked_transport(PRIVATE)


def test_the_environments_proxy_is_not_used(plain: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    transport = CheckedTransport(PRIVATE, resolve=Resolver(["127.0.0.1"]))
    assert client(transport, f"http://{NAME}:{plain.port}", PRIVATE).get("/x") == []
    assert isinstance(transport, httpx.BaseTransport)
