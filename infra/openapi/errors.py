"""Error responses: one for each status, with its error codes."""

from functools import cache
from http import HTTPStatus
from typing import Any

from chalicelib.errors import ApiError
from chalicelib.http.problems import MEDIA_TYPE, FieldProblem, build_problem
from infra.openapi.headers import RATE_LIMIT_HEADERS, build_reference
from infra.openapi.route_docs import remove_links

_PROBLEM: dict[str, Any] = {
    "description": "Problem details (RFC 9457). `code` is stable; the texts may change.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "description": "Every invalid field or parameter.",
            "type": "array",
            "items": build_reference("schemas", FieldProblem.__name__),
        },
    },
    "required": ["type", "title", "status", "detail", "code", "request_id"],
}
_TABLE_HEADER = "| Status | `code` | When |\n| --- | --- | --- |\n"
# Statuses that only API Gateway returns: it knows its own rate limit, but not the app's.
_GATEWAY_STATUSES = {504}
_HEADERS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}
# Codes of responses that come from the framework or the gateway, or from an unexpected failure.
_FRAMEWORK_CODES = {
    405: {
        "method_not_allowed": "the path exists, but not this method; `Allow` lists its methods",
    },
    500: {
        "internal_server_error": "a defect in the service; quote the `request_id`",
    },
    504: {
        "timeout": (
            "the gateway stopped waiting; the request may still have been applied: check, "
            "or send it again with its `Idempotency-Key`"
        ),
    },
}
# Members of the problem documents of one status (RFC 9457, section 3.2).
_EXTENSIONS = {
    401: {
        "ticket": {
            "description": "Of `second_factor_required`: the ticket for the second step.",
            "type": "string",
        },
        "factors": {
            "description": "Of `second_factor_required`: the kinds of second factors, beside "
            "recovery codes.",
            "type": "array",
            "items": {"type": "string", "enum": ["passkey", "totp"]},
        },
    }
}
_ERROR_CLASSES = {kind.status: kind for kind in ApiError.__subclasses__()}


def get_error_name(status: int) -> str:
    """Return the name of the error class, or HTTP's phrase for errors of gateway and framework."""
    if status in _ERROR_CLASSES:
        return _ERROR_CLASSES[status].__name__
    return HTTPStatus(status).phrase.replace(" ", "")


@cache
def list_codes() -> dict[int, dict[str, str]]:
    """Return the error codes of each status: status -> code -> meaning."""
    codes = {kind.status: kind.codes for kind in ApiError.__subclasses__()} | _FRAMEWORK_CODES
    return dict(sorted(codes.items()))


def insert_error_table(page: str) -> str:
    """Return `page` (the text of docs/api.md) with the present table of error codes."""
    rows = (
        f"| {status} | `{code}` | {meaning} |\n"
        for status, meanings in list_codes().items()
        for code, meaning in meanings.items()
    )
    before, header, after = page.partition(_TABLE_HEADER)
    return before + header + "".join(rows) + after[after.index("\n\n") + 1 :]


def build_responses(statuses: set[int]) -> dict[str, dict[str, Any]]:
    """Return a response component for each of `statuses`, by name."""
    codes = list_codes()
    return {
        get_error_name(status): _build_response(status, codes[status])
        for status in sorted(statuses)
    }


def build_schemas(statuses: set[int]) -> dict[str, dict[str, Any]]:
    """Return a schema for each of `statuses`, by name.

    Each schema is complete, because client generators can't narrow a shared base type.
    """
    codes = list_codes()
    return {
        _get_schema_name(status): _build_schema(status, codes[status])
        for status in sorted(statuses)
    }


def _get_schema_name(status: int) -> str:
    return f"{get_error_name(status)}Problem"


def _build_schema(status: int, meanings: dict[str, str]) -> dict[str, Any]:
    number = {"type": "integer", "const": status}
    narrowed = {"status": number, "code": {"type": "string", "enum": list(meanings)}}
    title = {"title": _get_schema_name(status)}
    properties = {**_PROBLEM["properties"], **narrowed, **_EXTENSIONS.get(status, {})}
    return {**title, **_PROBLEM, "properties": properties}


def _build_response(status: int, meanings: dict[str, str]) -> dict[str, Any]:
    headers = ["X-Request-Id", "Cache-Control", *_HEADERS.get(status, [])]
    headers += ["RateLimit-Policy"] if status in _GATEWAY_STATUSES else RATE_LIMIT_HEADERS
    return {
        "description": "\n".join(
            f"- `{code}`: {remove_links(text)}" for code, text in meanings.items()
        ),
        "headers": {name: build_reference("headers", name) for name in headers},
        "content": {
            MEDIA_TYPE: {
                "schema": build_reference("schemas", _get_schema_name(status)),
                "example": _build_example(status, next(iter(meanings))),
            }
        },
    }


def _build_example(status: int, code: str) -> dict[str, Any]:
    known = _ERROR_CLASSES.get(status)
    title = known.title if known else code.replace("_", " ").capitalize()
    request_id = "6b679f09-cf23-4b11-b70f-04bc1bceb417"
    return build_problem(status, code, title, title, request_id=request_id)
