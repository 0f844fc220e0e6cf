"""Failures: one response for each status, with the codes it can carry."""

from functools import cache
from http import HTTPStatus
from typing import Any

from chalicelib.api import problems
from chalicelib.errors import OTHERS, ApiError
from infra.openapi import prose
from infra.openapi.headers import LIMITS, reference

_PROBLEM: dict[str, Any] = {
    "description": "Problem details (RFC 9457). `code` is stable; the words may change.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "description": "Every field or parameter that is wrong.",
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"location": {"type": "string"}, "message": {"type": "string"}},
                "required": ["location", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "request_id"],
}
_HEAD = "| Status | `code` | When |\n| --- | --- | --- |\n"
# What the gateway alone answers: it tells its limit, and does not know what is left of ours.
_OF_THE_GATEWAY = {504}
_HEADERS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}


_KINDS = {kind.status: kind for kind in ApiError.__subclasses__()}


def name_of(status: int) -> str:
    """The error's name; those that only gateway or framework answer have HTTP's."""
    phrase = HTTPStatus(status).phrase.replace(" ", "")
    return _KINDS[status].__name__ if status in _KINDS else phrase


@cache
def codes() -> dict[int, dict[str, str]]:
    """status -> code -> when, of all failures there are."""
    found = {kind.status: kind.codes for kind in ApiError.__subclasses__()} | OTHERS
    return dict(sorted(found.items()))


def with_table(page: str) -> str:
    """`page`, the handbook, with the table of errors that the code has now."""
    rows = (
        f"| {status} | `{code}` | {when} |\n"
        for status, meanings in codes().items()
        for code, when in meanings.items()
    )
    before, head, after = page.partition(_HEAD)
    return before + head + "".join(rows) + after[after.index("\n\n") + 1 :]


def responses(statuses: set[int]) -> dict[str, dict[str, Any]]:
    """Those with one of `statuses`, by name."""
    return {name_of(status): _response(status, codes()[status]) for status in sorted(statuses)}


def schemas(statuses: set[int]) -> dict[str, dict[str, Any]]:
    """What each failure looks like: whole, because generators of clients cannot narrow a type."""
    return {_schema_of(status): _narrowed(status, codes()[status]) for status in sorted(statuses)}


def _schema_of(status: int) -> str:
    return f"{name_of(status)}Problem"


def _narrowed(status: int, meanings: dict[str, str]) -> dict[str, Any]:
    own = {"status": {"const": status}, "code": {"type": "string", "enum": list(meanings)}}
    title = {"title": _schema_of(status)}
    return {**title, **_PROBLEM, "properties": {**_PROBLEM["properties"], **own}}


def _response(status: int, meanings: dict[str, str]) -> dict[str, Any]:
    when = "\n".join(f"- `{code}`: {prose.plain(words)}" for code, words in meanings.items())
    headers = ["X-Request-Id", "Cache-Control", *_HEADERS.get(status, [])]
    headers += ["RateLimit-Policy"] if status in _OF_THE_GATEWAY else LIMITS
    return {
        "description": when,
        "headers": {name: reference("headers", name) for name in headers},
        "content": {
            problems.MEDIA_TYPE: {
                "schema": reference("schemas", _schema_of(status)),
                "example": _example(status, next(iter(meanings))),
            }
        },
    }


def _example(status: int, code: str) -> dict[str, Any]:
    title = _KINDS[status].title if status in _KINDS else code.replace("_", " ").capitalize()
    request_id = "6b679f09-cf23-4b11-b70f-04bc1bceb417"
    return problems.problem(status, code, title, title, request_id=request_id)
