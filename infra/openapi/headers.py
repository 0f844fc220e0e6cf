"""The headers of requests and answers, described once."""

from typing import Any


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", **more}}


RESPONSE_HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {**_text("Names the request in our log; quote it."), "required": True},
    "Cache-Control": {**_text("Whether the answer may be kept."), "required": True},
    "ETag": {
        **_text("The validator of what is shown, for `If-None-Match` and `If-Match`."),
        "required": True,
    },
    "Location": {**_text("Where the new object stands."), "required": True},
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "integer", "minimum": 1},
        "required": True,
    },
    "RateLimit": {
        **_text("`r` requests may come at once; in `t` seconds all of them may (IETF draft 10)."),
        "example": '"read";r=599;t=42',
    },
    "RateLimit-Policy": {
        **_text(
            "The limit of a caller, of an address, or of all together at the gateway: `q` requests "
            "in `w` seconds (IETF draft 10)."
        ),
        "example": '"read";q=600;w=60',
    },
    "WWW-Authenticate": {**_text("How to authenticate."), "required": True},
}
# On every answer of the app.
LIMITS = ("RateLimit", "RateLimit-Policy")
# None has an example: Swagger UI would send it with whatever one tries out.
PARAMETERS: dict[str, dict[str, Any]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "Makes the request safe to send again: the first answer comes back. One of your own "
            "for each thing to be made, such as a UUID."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": (
            "Only if this is still the object's version: an `ETag` with its quotation marks, "
            'such as `"1-5f0c3a9be1d2c4f7"`, or `*`.'
        ),
        # The text first: Swagger UI asks for what the first of several is.
        "schema": {
            "anyOf": [
                {"type": "string", "pattern": '^"[0-9]{1,15}-[0-9a-f]{16}"$'},
                {"enum": ["*"]},
            ]
        },
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "304 if what is shown still has this `ETag`, or one of several with commas.",
        "schema": {"type": "string"},
    },
}


def reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
