"""Request and response headers."""

from typing import Any


def _describe(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


RESPONSE_HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {
        **_describe("The id of the request in our log; include it in error reports."),
        "required": True,
    },
    "Cache-Control": {**_describe("Whether the response may be cached."), "required": True},
    "ETag": {
        **_describe("The validator of the response, for `If-None-Match` and `If-Match`."),
        "required": True,
    },
    "Last-Modified": {
        **_describe("When the response last changed, for `If-Modified-Since`."),
        "required": True,
    },
    "Location": {**_describe("The URL of the new object."), "required": True},
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "integer", "minimum": 1},
        "required": True,
    },
    "RateLimit": {
        **_describe("`r` requests remain; the full quota returns in `t` seconds (IETF draft 10)."),
        "example": '"read";r=599;t=42',
    },
    "RateLimit-Policy": {
        **_describe(
            "The limit of a caller, of a source address, or of all callers at the gateway: `q` "
            "requests in `w` seconds (IETF draft 10)."
        ),
        "example": '"read";q=600;w=60',
    },
    "WWW-Authenticate": {**_describe("How to authenticate."), "required": True},
}
# On every response of the app.
RATE_LIMIT_HEADERS = ("RateLimit", "RateLimit-Policy")
# Without examples, because Swagger UI would send them with every request that a user tries.
PARAMETERS: dict[str, dict[str, Any]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "Makes the request safe to retry: a repeated request returns the first response. Use a "
            "unique key, such as a UUID, for each object to create."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": (
            "Makes the change only if this is still the object's version: an `ETag` with its "
            'quotation marks, such as `"1-5f0c3a9be1d2c4f7"`, or `*`.'
        ),
        # The pattern comes first, because Swagger UI offers an input for the first alternative.
        "schema": {
            "anyOf": [
                {"type": "string", "pattern": '^"[0-9]{1,15}-[0-9a-f]{16}"$'},
                {"type": "string", "enum": ["*"]},
            ]
        },
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": (
            "Returns 304 if the object still has this `ETag`, or one of several, separated by "
            "commas."
        ),
        "schema": {"type": "string"},
    },
    "IfModifiedSince": {
        "name": "If-Modified-Since",
        "in": "header",
        "description": (
            "Returns 304 if the object has not changed since this time, such as `Sun, 29 Nov 2026 "
            "21:11:31 GMT`. Ignored beside `If-None-Match`."
        ),
        "schema": {"type": "string"},
    },
}


def build_reference(kind: str, name: str) -> dict[str, str]:
    """Return a reference to a component, such as `build_reference("headers", "ETag")`."""
    return {"$ref": f"#/components/{kind}/{name}"}
