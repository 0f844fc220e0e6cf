"""Rules for every response, also after a failure."""

import json
from typing import Any

import pytest
from chalice.test import Client

from tests.support import Api, Person

ORIGIN = {"Origin": "https://app.example.com"}


def _answers(anonymous: Api, ann: Person) -> list[Any]:
    return [
        anonymous.get("/api/health", headers=ORIGIN),
        anonymous.get("/api/auth/profile", headers=ORIGIN),
        ann.get("/api/tasks/nothing", headers=ORIGIN),
        ann.call("PUT", "/api/auth/profile", headers=ORIGIN),
        ann.post("/api/projects", {}, headers=ORIGIN),
        ann.post("/api/projects", raw=b"{", headers=ORIGIN),
        ann.post("/api/projects", raw=b"a=b", headers=ORIGIN | {"Content-Type": "text/plain"}),
        ann.post("/api/projects", {"name": "x" * 300_000}, headers=ORIGIN),
    ]


def test_every_response_has_the_envelope_headers(anonymous: Api, ann: Person) -> None:
    answers = _answers(anonymous, ann)
    assert [a.status_code for a in answers] == [200, 401, 404, 405, 422, 400, 415, 413]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]
        assert answer.headers["x-request-id"]


def test_every_failure_is_problem_details_with_the_request_id(anonymous: Api, ann: Person) -> None:
    for answer in _answers(anonymous, ann)[1:]:
        assert answer.headers["content-type"] == "application/problem+json"
        body = json.loads(answer.body)
        assert {"type", "title", "status", "detail", "code", "request_id"} <= set(body)
        assert body["status"] == answer.status_code
        assert body["request_id"] == answer.headers["x-request-id"]


def test_other_origins_are_not_allowed(anonymous: Api) -> None:
    answer = anonymous.get("/api/health", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "Origin, Accept-Encoding"


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/tasks", "GET, HEAD, POST"),
        ("/api/tasks/x/status", "PATCH"),
        ("/api/auth/login", "POST"),
    ],
)
def test_a_preflight_lists_methods_and_headers(anonymous: Api, path: str, methods: str) -> None:
    answer = anonymous.call("OPTIONS", path, headers=ORIGIN)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-methods"] == methods
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]


GARBAGE: list[Any] = [{}, {"requestContext": None}, {"httpMethod": "GET"}, [], None, "x"]


@pytest.mark.parametrize("event", GARBAGE, ids=str)
def test_an_invalid_event_is_a_500_in_the_same_format(client: Client, event: Any) -> None:
    from app import app

    answer = app(event, client.lambda_context if hasattr(client, "lambda_context") else None)
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["code"] == "internal_server_error"
    assert {"x-request-id", "ratelimit", "ratelimit-policy"} <= answer["headers"].keys()


BROKEN = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b'{"name": NaN}',
    b'{"name": "a", "name": "b"}',
    b'{"name": "\xff"}',
    b"[" * 100_000,
    b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}",
    b'{"name": ' + b"9" * 5000 + b"}",
]


@pytest.mark.parametrize("raw", BROKEN, ids=lambda raw: str(raw[:20]))
def test_a_body_that_is_not_a_json_object_is_a_400(ann: Person, raw: bytes) -> None:
    answer = ann.post("/api/projects", raw=raw)
    assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("text", ["\\ud800", "\\u0000", "\\u001b[2J", "\\u009f"])
def test_characters_that_are_not_allowed_are_rejected_with_their_location(
    ann: Person, text: str
) -> None:
    answer = ann.post("/api/projects", raw=f'{{"name": "a{text}"}}'.encode())
    assert answer.status_code == 422
    assert answer.json_body["errors"][0]["location"] == "name"


def test_health_needs_no_token(anonymous: Api) -> None:
    assert anonymous.get("/api/health").json_body == {"status": "ok"}
