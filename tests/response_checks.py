"""Checks every response that a test receives against the rules for all responses."""

import json
import re
from collections.abc import Mapping

from chalicelib import settings

FIXED_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "vary": "Origin, Accept-Encoding",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
}
LIMIT = re.compile(r'"(read|write)";r=[0-9]+;t=[0-9]+')
POLICY = re.compile(r'"(read|write)";q=[1-9][0-9]*;w=60')
# Password hashes, and the keys of `tests/moto_stack.py`, which no response may contain.
SECRETS = (b"$argon2", b"s" * 64, b"w" * 64, b"o" * 64, b"f" * 64)
PROBLEM_FIELDS = {"type", "title", "status", "detail", "code", "request_id"}


def check(origin: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Check a response; `origin` is the Origin header of the request.

    `headers` must find names in lower case.
    """
    for name, value in FIXED_HEADERS.items():
        assert headers[name] == value, name
    assert headers["x-request-id"] and headers["cache-control"]
    assert LIMIT.fullmatch(headers["ratelimit"]) and POLICY.fullmatch(headers["ratelimit-policy"])
    assert "default-src 'none'" in headers["content-security-policy"]
    allowed_origin = origin if origin in settings.ALLOWED_ORIGINS else None
    assert headers.get("access-control-allow-origin") == allowed_origin
    assert not any(secret in body for secret in SECRETS)
    if status >= 400:
        _check_problem(status, headers, body)


def _check_problem(status: int, headers: Mapping[str, str], body: bytes) -> None:
    problem = json.loads(body)
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    assert problem.keys() >= PROBLEM_FIELDS
    assert (problem["status"], problem["request_id"]) == (status, headers["x-request-id"])
    assert status not in {429, 503} or int(headers["retry-after"]) > 0
