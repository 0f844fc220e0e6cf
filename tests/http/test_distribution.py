"""Requests through the stack's CloudFront distribution: who sent them, and to which path."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from chalice.local import LambdaContext, LambdaEventConverter

from app import app
from chalicelib import settings
from chalicelib.access.rate_limits import LIMITS, get_source_bucket
from chalicelib.aws import clients
from chalicelib.aws.secrets import UNKNOWN_KEY_SECONDS, origin_key
from chalicelib.http.distribution import find_api_url, find_app_url, restore_viewer_request
from tests.faults import build_response, event_hook
from tests.moto_stack import ORIGIN_KEY
from tests.support import Api

HEALTH = "/api/health"
VIEWER, FORGED = "203.0.113.9", "198.51.100.7"
# The local gateway reports this source, which is CloudFront for a request of the distribution.
CLOUDFRONT = LambdaEventConverter.LOCAL_SOURCE_IP
KEY = {"X-Origin-Key": ORIGIN_KEY}
USED_UP = '"read";r=0;t=60'


@pytest.fixture(autouse=True)
def forget_buckets() -> Iterator[None]:
    get_source_bucket.cache_clear()
    yield
    get_source_bucket.cache_clear()


@pytest.fixture
def no_addresses() -> Iterator[None]:
    """A stage whose parameters name no addresses."""
    addresses = settings.API_URL, settings.APP_URL
    settings.API_URL = settings.APP_URL = ""
    yield
    settings.API_URL, settings.APP_URL = addresses


def _forwarded(*addresses: str) -> dict[str, str]:
    return {"X-Forwarded-For": ", ".join(addresses)}


def _leave_one_request(address: str) -> None:
    """Use up all read requests of a source address in this minute, except one."""
    get_source_bucket(address, "read").take(datetime.now(UTC), LIMITS["read"] - 1)


@pytest.mark.parametrize(
    "forwarded",
    [(VIEWER, CLOUDFRONT), (FORGED, VIEWER, CLOUDFRONT), (VIEWER,), (FORGED, VIEWER)],
    ids=["plain", "forged", "plain, not appended", "forged, not appended"],
)
def test_a_request_of_the_distribution_counts_for_the_address_that_cloudfront_saw(
    anonymous: Api, set_time: Callable[..., None], forwarded: tuple[str, ...]
) -> None:
    set_time("2026-11-16T09:00")
    _leave_one_request(VIEWER)
    answer = anonymous.get(HEALTH, headers=KEY | _forwarded(*forwarded))
    assert answer.headers["ratelimit"] == USED_UP


@pytest.mark.parametrize("key", [{}, {"X-Origin-Key": "a guess"}, {"X-Origin-Key": "ö"}])
def test_nobody_else_chooses_the_address_that_a_request_counts_for(
    anonymous: Api, set_time: Callable[..., None], key: dict[str, str]
) -> None:
    set_time("2026-11-16T09:00")
    _leave_one_request(CLOUDFRONT)
    answer = anonymous.get(HEALTH, headers=key | _forwarded(FORGED, CLOUDFRONT))
    assert answer.headers["ratelimit"] == USED_UP


@pytest.mark.parametrize("forwarded", ["", "nonsense", "nonsense, " + CLOUDFRONT])
def test_without_a_valid_address_a_request_counts_for_cloudfront(
    anonymous: Api, set_time: Callable[..., None], forwarded: str
) -> None:
    set_time("2026-11-16T09:00")
    _leave_one_request(CLOUDFRONT)
    answer = anonymous.get(HEALTH, headers=KEY | {"X-Forwarded-For": forwarded})
    assert answer.headers["ratelimit"] == USED_UP


def test_the_addresses_of_an_ipv6_network_count_together(
    anonymous: Api, set_time: Callable[..., None]
) -> None:
    set_time("2026-11-16T09:00")
    _leave_one_request("2001:db8:0:1::/64")
    refused = [
        anonymous.get(HEALTH, headers=KEY | _forwarded(f"2001:db8:0:1::{host}", CLOUDFRONT))
        for host in (1, 2)
    ]
    assert [answer.status_code for answer in refused] == [200, 429]


@pytest.fixture
def new_process() -> Iterator[None]:
    """Forget the key before and after the test, as a new process has not read it."""
    origin_key.forget()
    yield
    origin_key.forget()


@pytest.mark.parametrize("fault", ["InternalServiceError", "AccessDeniedException"])
def test_while_the_key_cannot_be_read_requests_count_for_cloudfront(
    anonymous: Api, set_time: Callable[..., None], new_process: None, fault: str
) -> None:
    reads = []

    def fail(request: Any, **_: Any) -> Any:
        reads.append(request)
        status = 500 if fault == "InternalServiceError" else 400
        return build_response(request, f'{{"__type": "{fault}"}}'.encode(), status)

    set_time("2026-11-16T09:00")
    _leave_one_request(CLOUDFRONT)
    event = "before-send.secretsmanager.GetSecretValue"
    with event_hook(clients.secrets_manager_client(), event, fail):
        answer = anonymous.get(HEALTH, headers=KEY | _forwarded(VIEWER, CLOUDFRONT))
        attempts = len(reads)
        anonymous.get(HEALTH, headers=KEY | _forwarded(VIEWER, CLOUDFRONT))
    assert (answer.status_code, answer.headers["ratelimit"]) == (200, USED_UP)
    assert len(reads) == attempts


def test_a_new_key_works_at_once(
    anonymous: Api, set_time: Callable[..., None], new_process: None
) -> None:
    set_time("2026-11-16T09:00")
    anonymous.get(HEALTH, headers=KEY)
    secrets = clients.secrets_manager_client()
    secrets.put_secret_value(SecretId=settings.ORIGIN_KEY_ID, SecretString="n" * 64)
    origin_key._read_at -= UNKNOWN_KEY_SECONDS + 1
    _leave_one_request(VIEWER)
    sent = {"X-Origin-Key": "n" * 64} | _forwarded(VIEWER, CLOUDFRONT)
    assert anonymous.get(HEALTH, headers=sent).headers["ratelimit"] == USED_UP


@pytest.mark.parametrize(("key", "base"), [(KEY, ""), ({}, "/v1")])
def test_links_of_the_documentation_fit_the_address_of_the_request(
    cloud: None, key: dict[str, str], base: str
) -> None:
    """API Gateway's own address has the name of its stage before /api, that of CloudFront not."""
    path = "/api/schema/swagger-ui"
    event = {
        "httpMethod": "GET",
        "path": path,
        "headers": key,
        "multiValueHeaders": {name: [value] for name, value in key.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": path,
            "path": f"/v1{path}",
            "identity": {"sourceIp": CLOUDFRONT},
        },
    }
    answer = app(event, LambdaContext("api", 256))
    assert f'href="{base}/api/schema/assets/swagger-ui.css"' in answer["body"]


@pytest.mark.parametrize(
    ("headers", "api_url", "app_url"),
    [
        (KEY | {"X-Viewer-Host": "tasks.example.net"}, *["https://tasks.example.net"] * 2),
        ({"X-Viewer-Host": "evil.example.net"}, "https://a1.execute-api.example.com/v1", ""),
        ({}, "https://a1.execute-api.example.com/v1", ""),
    ],
)
def test_links_lead_to_the_host_that_the_viewer_used(
    cloud: None, no_addresses: None, headers: dict[str, str], api_url: str, app_url: str
) -> None:
    event = {
        "path": "/api/calendar-feeds/",
        "headers": headers,
        "requestContext": {
            "path": "/v1/api/calendar-feeds/",
            "domainName": "a1.execute-api.example.com",
            "identity": {"sourceIp": CLOUDFRONT},
        },
    }
    request = restore_viewer_request(event)
    assert (find_api_url(request), find_app_url(request)) == (api_url, app_url)


def test_a_stage_with_addresses_of_its_own_uses_these() -> None:
    request = {"path": "/v1/api/calendar-feeds/", "domainName": "a1.execute-api.example.com"}
    assert find_api_url(request) == settings.API_URL == "https://api.example.com/v1"
    assert find_app_url(request) == settings.APP_URL == "https://app.example.com"
