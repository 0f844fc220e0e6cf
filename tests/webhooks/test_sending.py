"""Requests to receivers: which hosts are called, TLS, redirects and addresses that change."""

import http.server
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib import settings
from chalicelib.webhooks import sending
from tests.support import Person
from tests.threaded_server import run_in_thread
from tests.webhooks.conftest import Deliveries

CERTIFICATE = Path(__file__).parents[1] / "data" / "localhost.pem"


@contextmanager
def resolving(*addresses: str) -> Iterator[list[str]]:
    """Let every name have these addresses in the block; yield the names that were looked up."""
    names: list[str] = []

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        names.append(host)
        families = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in addresses]
        return [
            (family, socket.SOCK_STREAM, 6, "", (each, port))
            for family, each in zip(families, addresses, strict=True)
        ]

    with patch("socket.getaddrinfo", look_up):
        yield names


@contextmanager
def connections() -> Iterator[list[Any]]:
    """Refuse every connection in the block; yield the addresses that were to be called."""
    called: list[Any] = []

    def refuse(address: Any, *_: Any, **__: Any) -> None:
        called.append(address)
        raise ConnectionRefusedError

    with patch("socket.create_connection", refuse):
        yield called


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.7",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "::1",
        "::ffff:10.0.0.7",
        "fd00:ec2::254",
        "fe80::1",
        "64:ff9b::a00:7",
        "2002:a00:7::1",
        "2001::1",
        "ff0e::1",
    ],
)
def test_a_name_with_an_address_that_is_not_public_is_not_called(address: str) -> None:
    with resolving("93.184.215.14", address), connections() as called:
        attempt = sending.post("https://hooks.example.com/", {}, b"{}")
    assert (attempt.error, called) == ("address_refused", [])


@pytest.mark.parametrize("written", ["0x7f000001", "2130706433", "127.1", "017700000001"])
def test_other_ways_to_write_an_address_lead_nowhere(written: str) -> None:
    with connections() as called:
        attempt = sending.post(f"https://{written}/", {}, b"{}")
    assert attempt.status is None and called == []


def test_the_name_is_looked_up_once_and_the_checked_addresses_are_called() -> None:
    public = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]
    with resolving(*public) as names, connections() as called:
        attempt = sending.post("https://hooks.example.com:8443/x", {}, b"{}")
    assert attempt.error == "unreachable"
    assert names == ["hooks.example.com"]
    assert called == [(each, 8443) for each in public]


def test_a_name_without_address_is_named_in_the_log(
    ann: Person, project: str, deliveries: Deliveries
) -> None:
    body = {"url": "https://hooks.invalid/", "events": ["task.created"]}
    hook = ann.post(f"/api/projects/{project}/webhooks", body).json_body
    ann.create_task(project)
    with patch("socket.getaddrinfo", side_effect=socket.gaierror):
        deliveries.send()
    path = f"/api/projects/{project}/webhooks/{hook['id']}/deliveries"
    (logged,) = ann.get(path).json_body["items"]
    assert (logged["error"], logged["response_status"]) == ("name_not_resolved", None)


def test_outside_of_the_local_cloud_loopback_is_refused_also_for_an_old_webhook(
    ann: Person, hook: dict[str, Any], receiver: Any, deliveries: Deliveries
) -> None:
    settings.WEBHOOK_LOOPBACK = False
    ann.post(f"{hook['path']}/test")
    deliveries.send()
    (logged,) = ann.get(f"{hook['path']}/deliveries").json_body["items"]
    assert logged["error"] == "address_refused"
    assert receiver.take() == []


@pytest.fixture
def tls_server(loopback: None) -> Iterator[tuple[int, list[str]]]:
    """An HTTPS server with a certificate for `localhost`: its port and the names it was asked
    for."""
    names: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    context.sni_callback = lambda _, name, __: names.append(name)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    with run_in_thread(server):
        yield server.server_port, names


@pytest.fixture
def trusted() -> Iterator[None]:
    """Trust the test's certificate as a new process does that finds it in the trust store."""
    trusting = partial(ssl.create_default_context, cafile=str(CERTIFICATE))
    sending._tls_context.cache_clear()
    with patch("ssl.create_default_context", trusting):
        yield
    sending._tls_context.cache_clear()


def test_tls_names_and_verifies_the_host_although_the_address_is_called(
    tls_server: tuple[int, list[str]], trusted: None
) -> None:
    port, names = tls_server
    with resolving("127.0.0.1"):
        assert sending.post(f"https://localhost:{port}/", {}, b"{}").status == 200
        other = sending.post(f"https://hooks.example.com:{port}/", {}, b"{}")
    assert other.error == "certificate_invalid"
    assert names == ["localhost", "hooks.example.com"]


def test_a_certificate_that_nobody_trusts_is_refused(tls_server: tuple[int, list[str]]) -> None:
    sending._tls_context.cache_clear()
    attempt = sending.post(f"https://localhost:{tls_server[0]}/", {}, b"{}")
    assert attempt.error == "certificate_invalid"


def test_a_receiver_without_tls_gives_no_answer(receiver: Any) -> None:
    attempt = sending.post(receiver.url.replace("http://", "https://"), {}, b"{}")
    assert attempt.status is None and attempt.error == "unreachable"
    assert receiver.take() == []
