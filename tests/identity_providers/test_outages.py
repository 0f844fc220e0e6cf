"""A provider that fails or responds wrongly causes a fast 503, and nothing is created."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler

import pytest
from chalice.test import HTTPResponse

from chalicelib import settings
from chalicelib.identity_providers import provider_requests
from localstack.cloud import find_free_port
from tests.identity_providers.conftest import Browser
from tests.oidc_provider import log_in_at_provider
from tests.provider_edge import Answer, ProviderEdge, answer_with
from tests.support import Api
from tests.table_items import scan_items

CLEO = "cleo@example.com"
DISCOVERY = "/.well-known/openid-configuration"
START = {"provider": "local"}

FAILURES: dict[str, Answer] = {
    "an error": answer_with(500),
    "another status": answer_with(204),
    "no JSON": answer_with(200, b"<html>"),
    "another document": answer_with(200, b"[]"),
    "a redirect": answer_with(302, Location="https://example.com/"),
    "too much": answer_with(200, b'{"x": "' + b"x" * 300_000 + b'"}'),
    "no answer": lambda handler: handler.connection.close() or True,
}
failures = pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)


def is_unavailable(answer: HTTPResponse) -> bool:
    """Return whether the answer is a 503 and nothing was created."""
    created = [item for item in scan_items() if item["SK"]["S"].startswith(("PROFILE", "SESSION#"))]
    status, code = answer.status_code, answer.json_body["code"]
    return (status, code, created) == (503, "provider_unavailable", [])


def start(browser: Browser) -> HTTPResponse:
    return browser.api.post("/api/auth/sign-in/start", START)


@failures
def test_without_metadata_no_sign_in_begins(
    browser: Browser, edge: ProviderEdge, failure: Answer
) -> None:
    edge.answers[DISCOVERY] = failure
    assert is_unavailable(start(browser))


@pytest.mark.parametrize("path", ["/token", "/jwks", "/me"])
def test_redirects_are_not_followed(browser: Browser, edge: ProviderEdge, path: str) -> None:
    """They could lead to addresses of the function's own network."""
    parameters = log_in_at_provider(browser.start(), CLEO)
    edge.answers[path] = answer_with(307, Location=f"{edge.issuer}/elsewhere")
    assert is_unavailable(browser.finish(parameters))
    assert edge.requests[-1] == path


@pytest.mark.parametrize("path", ["/token", "/jwks", "/me"])
@failures
def test_a_sign_in_that_the_provider_does_not_complete_creates_nothing(
    browser: Browser, edge: ProviderEdge, path: str, failure: Answer
) -> None:
    parameters = log_in_at_provider(browser.start(), CLEO)
    edge.answers[path] = failure
    assert is_unavailable(browser.finish(parameters))
    del edge.answers[path]
    assert browser.finish(parameters).status_code == 422  # start again


def test_a_wrong_client_secret_is_a_fault_of_the_operator(
    browser: Browser, edge: ProviderEdge
) -> None:
    refused = json.dumps({"error": "invalid_client"}).encode()
    edge.answers["/token"] = answer_with(401, refused)
    assert is_unavailable(browser.sign_in(CLEO))


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example"},
        {"issuer": "https://evil.example/{tenantid}/v2.0"},
        {"token_endpoint": "http://10.0.0.1/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "http://169.254.169.254/"},
    ],
)
def test_metadata_with_another_issuer_or_a_forbidden_address_is_not_used(
    browser: Browser, edge: ProviderEdge, change: dict[str, str]
) -> None:
    edge.changes[DISCOVERY] = lambda document: document.update(change)
    assert is_unavailable(start(browser))


def test_a_dead_provider_is_asked_once_in_ten_seconds(
    browser: Browser, edge: ProviderEdge, wait: Callable[..., None]
) -> None:
    edge.answers[DISCOVERY] = answer_with(500)
    assert all(is_unavailable(start(browser)) for _ in range(3))
    assert edge.requests == [DISCOVERY]
    del edge.answers[DISCOVERY]
    wait(seconds=11)
    assert start(browser).status_code == 200


def test_a_provider_where_nothing_listens_is_unavailable(
    browser: Browser, configure: Callable[..., None]
) -> None:
    configure(f"http://localhost:{find_free_port()}")
    assert is_unavailable(start(browser))


def test_metadata_and_keys_are_read_once(browser: Browser, edge: ProviderEdge) -> None:
    assert [browser.sign_in(CLEO).status_code for _ in "12"] == [200, 200]
    assert (edge.requests.count(DISCOVERY), edge.requests.count("/jwks")) == (1, 1)


@pytest.fixture
def short_limit() -> Iterator[float]:
    """Let requests to providers take half a second."""
    usual, provider_requests.SECONDS = provider_requests.SECONDS, 0.5
    yield 0.5
    provider_requests.SECONDS = usual


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: "], ids=["silent", "slow"])
@pytest.mark.parametrize("path", [DISCOVERY, pytest.param("/token", marks=pytest.mark.proof)])
def test_a_silent_or_slow_provider_does_not_hold_the_request(
    browser: Browser, edge: ProviderEdge, short_limit: float, beginning: bytes, path: str
) -> None:
    """A slow provider sends single bytes, so each read ends in time but the response does not."""
    is_over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> bool:
        handler.wfile.write(beginning)
        while not is_over.wait(0.05):
            handler.wfile.write(b"x" if beginning else b"")
        return True

    send = partial(start, browser)
    if path != DISCOVERY:
        send = partial(browser.finish, log_in_at_provider(browser.start(), CLEO))
    edge.answers[path] = drip
    begin = time.monotonic()
    assert is_unavailable(send())
    assert time.monotonic() - begin < 4 * short_limit
    is_over.set()


@pytest.mark.parametrize(
    ("issuer", "loopback"),
    [
        ("http://accounts.example.com", True),
        ("http://localhost.example.com", True),
        ("http://localhost:8080", False),
        ("https://user@accounts.example.com", True),
        ("https://", True),
        ("ftp://localhost", True),
    ],
)
def test_an_issuer_without_https_stops_the_sign_in(
    browser: Browser, configure: Callable[..., None], issuer: str, loopback: bool
) -> None:
    """Only on a local cloud, http addresses of the same machine are allowed."""
    configure(issuer)
    settings.WEBHOOK_LOOPBACK = loopback
    assert Api(browser.api._client).get("/api/auth/identity-providers").status_code == 500
