"""Answering: JSON with the right headers, and what makes a read conditional."""

import hashlib
import re
from typing import Any

import msgspec
from chalice.app import Request, Response

from chalicelib.errors import BadRequest

JSON = "application/json"
_ETAG = re.compile(r'"(?P<version>[0-9]{1,15})-[0-9a-f]{16}"')

Headers = dict[str, str | list[str]]


def answer(body: Any, status: int = 200, headers: Headers | None = None) -> Response:
    """`body` as JSON."""
    text = msgspec.json.encode(body).decode()
    return Response(text, {"Content-Type": JSON, **(headers or {})}, status)


def created(body: Any, location: str) -> Response:
    """201 with the new object and where it stands."""
    headers: Headers = {"Location": location}
    if _version(body) is not None:
        headers["ETag"] = etag_of(body)
    return answer(body, 201, headers)


def changed(body: Any) -> Response:
    """200 with the object as it is now, and its validator."""
    return answer(body, 200, {"ETag": etag_of(body)})


def nothing() -> Response:
    """204. The body is an empty text: Chalice would send `null` for None."""
    return Response("", {}, 204)


def etag_of(body: Any) -> str:
    """The strong validator of what is shown: its version, which `If-Match` asks for, and a digest,
    because counts change without it."""
    digest = hashlib.sha256(msgspec.json.encode(body)).hexdigest()[:16]
    return f'"{_version(body)}-{digest}"'


def _version(body: Any) -> Any:
    return body.get("version") if isinstance(body, dict) else getattr(body, "version", None)


def conditional(body: Any, request: Request) -> Response:
    """The object, or 304 for a client that has it already."""
    etag, if_none_match = etag_of(body), request.headers.get("if-none-match")
    headers: Headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    known = {candidate.strip() for candidate in (if_none_match or "").split(",")}
    if etag in known or "*" in known:
        return Response("", headers, 304)
    return answer(body, 200, headers)


def expected_version(request: Request) -> int | None:
    """The version that the If-Match header names; None for none, or for `*`, any version."""
    if_match = request.headers.get("if-match", "*").strip()
    if if_match == "*":
        return None
    etag = _ETAG.fullmatch(if_match)
    if etag is None:
        raise BadRequest("If-Match must be an ETag that this API gave out", code="invalid_if_match")
    return int(etag["version"])
