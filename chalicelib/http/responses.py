"""Answering: JSON with the right headers, and what makes a read conditional."""

import hashlib
import re
from typing import Any

import msgspec
from chalice.app import Request, Response

from chalicelib.errors import BadRequest

JSON = "application/json"
HTML = "text/html; charset=utf-8"
_ETAG = re.compile(r'"(?P<version>[0-9]{1,15})-[0-9a-f]{16}"')

Headers = dict[str, str | list[str]]


def json_response(body: Any, status: int = 200, headers: Headers | None = None) -> Response:
    """`body` as JSON."""
    text = msgspec.json.encode(body).decode()
    return Response(text, {"Content-Type": JSON, **(headers or {})}, status)


def created_response(body: Any, location: str) -> Response:
    """201 with the new object and where it stands."""
    headers: Headers = {"Location": location}
    if _version(body) is not None:
        headers["ETag"] = compute_etag(body)
    return json_response(body, 201, headers)


def accepted_response(body: Any, location: str) -> Response:
    """Return a 202 with `body` and the path where its state can be read."""
    return json_response(body, 202, {"Location": location})


def updated_response(body: Any) -> Response:
    """200 with the object as it is now, and its validator."""
    return json_response(body, 200, {"ETag": compute_etag(body)})


def no_content_response() -> Response:
    """204. The body is an empty text: Chalice would send `null` for None."""
    return Response("", {}, 204)


def compute_etag(body: Any, version: int | None = None) -> str:
    """The strong validator of what is shown: its version if it has one, or that of what it is part
    of, which `If-Match` asks for, and a digest, because counts change without it."""
    digest = hashlib.sha256(msgspec.json.encode(body)).hexdigest()[:16]
    version = version or _version(body)
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


def _version(body: Any) -> Any:
    return body.get("version") if isinstance(body, dict) else getattr(body, "version", None)


def conditional_response(body: Any, request: Request, version: int | None = None) -> Response:
    """The object, or 304 for a client that has it already."""
    headers: Headers = {"ETag": compute_etag(body, version), "Cache-Control": "private, no-cache"}
    return not_modified_or(request, json_response(body, 200, headers))


def weakly_conditional_response(body: Any, known_by: Any, request: Request) -> Response:
    """As `conditional`, for what differs from answer to answer where it makes no difference:
    `known_by` is `body` without that, and the ETag says that it is weak (RFC 9110, 8.8.1)."""
    headers: Headers = {"ETag": f"W/{compute_etag(known_by)}", "Cache-Control": "private, no-cache"}
    return not_modified_or(request, json_response(body, 200, headers))


def not_modified_or(request: Request, full: Response) -> Response:
    """`full`, or a 304 with its headers if the client names its ETag."""
    if_none_match = request.headers.get("if-none-match") or ""
    # Somebody on the way may have compressed the answer and weakened its ETag.
    known = {candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")}
    if known & {"*", str(full.headers["ETag"]).removeprefix("W/")}:
        headers = {name: value for name, value in full.headers.items() if name != "Content-Type"}
        return Response("", headers, 304)
    return full


def parse_if_match(request: Request) -> int | None:
    """The version that the If-Match header names; None for none, or for `*`, any version."""
    if_match = request.headers.get("if-match", "*").strip()
    if if_match == "*":
        return None
    etag = _ETAG.fullmatch(if_match)
    if etag is None:
        raise BadRequest("If-Match must be an ETag that this API gave out", code="invalid_if_match")
    return int(etag["version"])
