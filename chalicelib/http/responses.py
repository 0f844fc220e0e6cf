"""JSON responses, ETags and conditional requests."""

import hashlib
import re
from datetime import datetime
from typing import Any

import msgspec
from chalice.app import Request, Response

from chalicelib.errors import BadRequest

JSON = "application/json"
HTML = "text/html; charset=utf-8"
_ETAG = re.compile(r'"(?P<version>[0-9]{1,15})-[0-9a-f]{16}"')

Headers = dict[str, str | list[str]]


def json_response(body: Any, status: int = 200, headers: Headers | None = None) -> Response:
    """Respond with `body` as JSON."""
    return _respond(msgspec.json.encode(body), status, headers or {})


def _respond(encoded: bytes, status: int, headers: Headers) -> Response:
    return Response(encoded.decode(), {"Content-Type": JSON, **headers}, status)


def created_response(body: Any, location: str) -> Response:
    """Respond with 201, the new object, its path and, if it has a version, its ETag."""
    encoded, version = msgspec.json.encode(body), _get_version(body)
    etag: Headers = {} if version is None else {"ETag": _format_etag(encoded, version)}
    return _respond(encoded, 201, {"Location": location, **etag})


def accepted_response(body: Any, location: str) -> Response:
    """Respond with 202, `body`, and the path where its state can be read."""
    return json_response(body, 202, {"Location": location})


def updated_response(body: Any) -> Response:
    """Respond with 200, the object as it is now, and its ETag."""
    encoded = msgspec.json.encode(body)
    return _respond(encoded, 200, {"ETag": _format_etag(encoded, _get_version(body))})


def no_content_response() -> Response:
    """Respond with 204. The body is an empty text because Chalice sends `null` for None."""
    return Response("", {}, 204)


def conditional_response(body: Any, request: Request, version: int | None = None) -> Response:
    """Respond with the object and its ETag, or with 304 if the client already has it.

    `version` is that of the object which `body` is a part of, if `body` has none itself.
    """
    encoded = msgspec.json.encode(body)
    etag = _format_etag(encoded, version or _get_version(body))
    response = _respond(encoded, 200, {"ETag": etag, "Cache-Control": "private, no-cache"})
    return apply_if_none_match(request, response)


def weakly_conditional_response(body: Any, known_by: Any, request: Request) -> Response:
    """Respond with the object and a weak ETag (RFC 9110, section 8.8.1), or with 304.

    For objects with parts that differ between responses without a meaning. The ETag is computed
    from `known_by`, which is `body` without these parts.
    """
    headers: Headers = {"ETag": f"W/{compute_etag(known_by)}", "Cache-Control": "private, no-cache"}
    return apply_if_none_match(request, json_response(body, 200, headers))


def apply_if_none_match(request: Request, response: Response) -> Response:
    """Return `response`, or a 304 with its headers if the client sends its ETag."""
    if not _is_known(request, str(response.headers["ETag"])):
        return response
    headers = {name: value for name, value in response.headers.items() if name != "Content-Type"}
    return Response("", headers, 304)


def is_modified(request: Request, etag: str, changed_at: datetime) -> bool:
    """Return whether the object has changed since the client read it; False means a 304.

    `etag` is the object's ETag now, and `changed_at` the time of its last change.

    `If-Modified-Since` counts only without `If-None-Match` (RFC 9110, section 13.1.3).
    """
    from email.utils import parsedate_to_datetime

    since = request.headers.get("if-modified-since")
    if since is None or "if-none-match" in request.headers:
        return not _is_known(request, etag)
    try:
        return changed_at.replace(microsecond=0) > parsedate_to_datetime(since)
    except (ValueError, TypeError):  # no date, or one without a time zone
        return True


def dated_headers(etag: str, changed_at: datetime) -> Headers:
    """Return the headers of a response with an ETag and the time of its last change."""
    from email.utils import format_datetime

    return {
        "ETag": etag,
        "Last-Modified": format_datetime(changed_at, usegmt=True),
        "Cache-Control": "private, no-cache",
    }


def _is_known(request: Request, etag: str) -> bool:
    """Return whether `If-None-Match` names the ETag."""
    if_none_match = request.headers.get("if-none-match") or ""
    # A proxy that compresses a response makes its ETag weak.
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return bool(known & {"*", etag.removeprefix("W/")})


def parse_if_match(request: Request) -> int | None:
    """Return the version in the If-Match header; None without the header or for `*`.

    Raises `BadRequest` when the header is not an ETag of this API.
    """
    if_match = request.headers.get("if-match", "*").strip()
    if if_match == "*":
        return None
    etag = _ETAG.fullmatch(if_match)
    if etag is None:
        raise BadRequest("If-Match must be an ETag from this API", code="invalid_if_match")
    return int(etag["version"])


def compute_etag(body: Any) -> str:
    """Return the strong ETag of `body`: its version, if any, and a digest.

    `If-Match` compares the version. The digest is there because counts change without a new
    version.
    """
    return _format_etag(msgspec.json.encode(body), _get_version(body))


def _format_etag(encoded: bytes, version: Any) -> str:
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


def _get_version(body: Any) -> Any:
    return body.get("version") if isinstance(body, dict) else getattr(body, "version", None)
