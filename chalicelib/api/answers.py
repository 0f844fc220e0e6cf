"""Answering: JSON with the right headers, and what makes a read conditional."""

from typing import Any

import msgspec
from chalice.app import Response

from chalicelib.errors import BadRequest

JSON = "application/json"

Headers = dict[str, str | list[str]]


def answer(body: Any, status: int = 200, headers: Headers | None = None) -> Response:
    """`body` as JSON."""
    text = msgspec.json.encode(body).decode()
    return Response(text, {"Content-Type": JSON, **(headers or {})}, status)


def created(body: dict[str, Any], location: str, etag: str | None = None) -> Response:
    """201 with the new object and where it stands."""
    headers: Headers = {"Location": location}
    if etag:
        headers["ETag"] = etag
    return answer(body, 201, headers)


def nothing() -> Response:
    """204. The body is an empty text: Chalice would send `null` for None."""
    return Response("", {}, 204)


def etag_of(version: float) -> str:
    """The strong validator of a versioned object."""
    return f'"{int(version)}"'


def conditional(body: dict[str, Any], etag: str, if_none_match: str | None) -> Response:
    """The object, or 304 for a client that has this version already."""
    headers: Headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    known = {candidate.strip() for candidate in (if_none_match or "").split(",")}
    if etag in known or "*" in known:
        return Response("", headers, 304)
    return answer(body, 200, headers)


def version_in(if_match: str | None) -> int | None:
    """The version that an If-Match header names; None for none, or for `*`, any version."""
    if if_match is None or if_match.strip() == "*":
        return None
    digits = if_match.strip().removeprefix('"').removesuffix('"')
    if not (digits.isascii() and digits.isdigit()):
        raise BadRequest("If-Match must be an ETag that this API gave out", code="invalid_if_match")
    return int(digits)
