"""The API server of `make run`: what it answers by itself, over a socket."""

import gzip
import json
import socket
from collections.abc import Iterator
from functools import partial
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest
import requests
from chalice.test import Client

from infra.packaging.package import package
from infra.stage import LOCAL, load_stage
from localstack.gateway import read_gateway_responses
from localstack.request_handler import MAX_BODY_BYTES, RequestHandler
from tests.live_server import run_app_server

# Headers of every failure, of the app and of the gateway.
USUAL = {
    "cache-control",
    "content-type",
    "ratelimit-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-request-id",
}


class QuietHandler(RequestHandler):
    timeout = 5  # of a connection that a failed test leaves open

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def address(client: Client) -> Iterator[str]:
    stage = load_stage(LOCAL)
    package(stage)
    with run_app_server(partial(QuietHandler, read_gateway_responses(stage))) as address:
        yield address


def _send(address: str, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send these bytes; return the response's status, headers and body."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall(request)
        response = HTTPResponse(connection)
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, response.read()


@pytest.mark.parametrize("method", ["BREW", "TRACE", "PROPFIND", "get", "X-!#"])
def test_an_unknown_method_is_a_405_like_any_other(address: str, method: str) -> None:
    request = f"{method} /api/health HTTP/1.1\r\nHost: x\r\n\r\n"
    status, headers, body = _send(address, request.encode())
    problem = json.loads(body)
    assert (status, problem["code"]) == (405, "method_not_allowed")
    assert set(headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert problem["request_id"] == headers["x-request-id"]
    assert headers.keys() >= USUAL


@pytest.mark.parametrize("method", ["GET", "BREW"])
@pytest.mark.parametrize("token", ["", "Bearer x", "Bearer \u00e9"])
def test_an_unknown_path_is_a_404(address: str, method: str, token: str) -> None:
    request = f"{method} /api/nowhere HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n"
    status, headers, body = _send(address, request.encode("latin-1"))
    assert (status, json.loads(body)["code"]) == (404, "not_found")
    assert headers.keys() >= USUAL


@pytest.mark.parametrize(
    "request_line",
    [
        b"nonsense",
        b"GET /api/health HTTP/x",
        b"GET /api/health HTTP/9.9",
        b"POST /api/health",
        b"GET /api/health and more HTTP/1.1",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1",
        b"\x16\x03\x01 \xff",
        b"GET /api/health HTTP/1.1\r\n" + b"X: y\r\n" * 200,
        b"GET /api/health HTTP/1.1\r\nX: " + b"y" * 70_000,
        b"POST /api/auth/login HTTP/1.1\r\nContent-Length: many",
        b"POST /api/auth/login HTTP/1.1\r\nContent-Length: -1",
        b"POST /api/auth/login HTTP/1.1\r\nTransfer-Encoding: chunked",
    ],
    ids=lambda line: str(line[:60]),
)
def test_a_request_that_is_not_valid_http_is_a_400(address: str, request_line: bytes) -> None:
    status, headers, body = _send(address, request_line + b"\r\n\r\n")
    problem = json.loads(body)
    assert (status, problem["status"], problem["code"]) == (400, 400, "bad_request")
    assert problem["detail"]
    assert problem["request_id"] == headers["x-request-id"]
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert headers.keys() >= USUAL


def test_a_body_that_is_too_large_for_the_gateway_is_a_413(address: str) -> None:
    length = f"Content-Length: {MAX_BODY_BYTES + 1}"
    request = f"POST /api/auth/login HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n"
    status, _, body = _send(address, request.encode())
    assert (status, json.loads(body)["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize("path", ["/api/health", "/api/schema", "/api/tasks", "/api/nowhere"])
def test_head_has_the_headers_of_get_and_no_body(address: str, path: str) -> None:
    with requests.Session() as session:  # one connection, so that a body would be read as the next
        get, head = (session.request(each, address + path, timeout=30) for each in ("GET", "HEAD"))
        again = session.get(address + path, timeout=30)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert get.content
    if "Content-Encoding" not in get.headers:
        assert int(get.headers["Content-Length"]) == len(get.content)
    assert again.status_code == get.status_code
    differ = {"date", "ratelimit", "x-request-id"}
    for name in {name.lower() for name in get.headers} - differ:
        assert head.headers[name] == get.headers[name], name


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_unchanged_document_is_a_304_without_content(address: str, method: str) -> None:
    url = f"{address}/api/schema"
    known = {"If-None-Match": requests.head(url, timeout=30).headers["ETag"]}
    answer = requests.request(method, url, headers=known, timeout=30)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == known["If-None-Match"]
    assert "Content-Length" not in answer.headers


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*"])
def test_a_large_body_is_compressed_for_a_client_that_accepts_it(
    address: str, accepted: str
) -> None:
    plain = requests.get(f"{address}/api/schema", headers={"Accept-Encoding": ""}, timeout=30)
    request = f"GET /api/schema HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {accepted}\r\n\r\n"
    _, headers, body = _send(address, request.encode())
    assert headers["content-encoding"] == "gzip"
    assert headers["content-length"] == str(len(body))
    assert "accept-encoding" in headers["vary"].lower()
    assert gzip.decompress(body) == plain.content


@pytest.mark.parametrize(
    ("path", "accepted"),
    [("/api/schema", ""), ("/api/schema", "br"), ("/api/schema", "gzip;q=0"), ("/api", "gzip")],
)
def test_a_small_body_and_one_for_another_client_are_not_compressed(
    address: str, path: str, accepted: str
) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {accepted}\r\n\r\n"
    _, headers, body = _send(address, request.encode())
    assert "content-encoding" not in headers
    assert json.loads(body)
