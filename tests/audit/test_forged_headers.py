"""Headers of a request choose nothing in the audit log but the name of the device."""

from typing import Any

import pytest

from tests.support import PASSWORD, Api, Person

FORGED = "198.51.100.7"
NAMES = ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CloudFront-Viewer-Address"]


def log_in(anonymous: Api, ann: Person, headers: dict[str, str]) -> tuple[Any, Any]:
    """Log in with these headers; return the response and the entry of the new session."""
    body = {"email": ann.email, "password": PASSWORD}
    answer = anonymous.post("/api/auth/login", body, headers=headers)
    assert answer.status_code == 200, answer.json_body
    entries = ann.get("/api/auth/audit?action=session.started").json_body["items"]
    return answer, entries[0]


@pytest.mark.parametrize("name", NAMES)
def test_no_header_forges_the_source(anonymous: Api, ann: Person, name: str) -> None:
    value = f"for={FORGED}" if name == "Forwarded" else FORGED
    _, entry = log_in(anonymous, ann, {name: value})
    assert entry["source"] == "127.0.0.0/24"


@pytest.mark.parametrize("name", ["X-Request-Id", "X-Amzn-RequestId", "X-Correlation-Id"])
def test_no_header_forges_the_request_id(anonymous: Api, ann: Person, name: str) -> None:
    answer, entry = log_in(anonymous, ann, {name: "forged"})
    assert entry["request_id"] == answer.headers["x-request-id"] != "forged"


def test_a_huge_user_agent_is_cut(anonymous: Api, ann: Person) -> None:
    _, entry = log_in(anonymous, ann, {"User-Agent": '=cmd|" /C calc"!A0 ' + "x" * 9_000})
    assert entry["details"]["device"].startswith('=cmd|" /C calc"!A0 xxx')
    assert len(entry["details"]["device"]) == 200
    (newest, *_) = ann.get("/api/auth/sessions").json_body["items"]
    assert newest["device"] == entry["details"]["device"]
