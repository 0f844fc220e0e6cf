"""Holds every answer that a test gets to what holds for all of them."""

import json
import re
from collections.abc import Mapping

from chalicelib import settings

SAID = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "vary": "Origin",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
}
LIMIT = re.compile(r'"(read|write)";r=[0-9]+;t=[0-9]+')
POLICY = re.compile(r'"(read|write)";q=[1-9][0-9]*;w=60')
PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}


def check(origin: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """`headers` are asked for in lower case; `origin` is where the request said it came from."""
    for name, value in SAID.items():
        assert headers[name] == value, name
    assert headers["x-request-id"] and headers["cache-control"]
    assert LIMIT.fullmatch(headers["ratelimit"]) and POLICY.fullmatch(headers["ratelimit-policy"])
    assert "default-src 'none'" in headers["content-security-policy"]
    let_in = origin if origin in settings.ALLOWED_ORIGINS else None
    assert headers.get("access-control-allow-origin") == let_in
    if status >= 400:
        _check_problem(status, headers, body)


def _check_problem(status: int, headers: Mapping[str, str], body: bytes) -> None:
    problem = json.loads(body)
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    assert problem.keys() >= PROBLEM
    assert (problem["status"], problem["request_id"]) == (status, headers["x-request-id"])
    assert status not in {429, 503} or int(headers["retry-after"]) > 0
