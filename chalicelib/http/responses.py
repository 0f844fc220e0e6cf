"""JSON responses, ETags and conditional requests."""

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
    """Respond with `body` as JSON."""
    text = msgspec.json.encode(body).decode()
    return Response(text, {"Content-Type": JSON, **(headers or {})}, status)


def created_response(body: Any, location: str) -> Response:
    """Respond with 201, the new object, its path and, if it has a version, its ETag."""
    headers: Headers = {"Location": location}
    if _get_version(body) is not None:
        headers["ETag"] = compute_etag(body)
    return json_response(body, 201, headers)


def accepted_response(body: Any, location: str) -> Response:
    """Respond with 202, `body`, and the path where its state can be read."""
    return json_response(body, 202, {"Location": location})


def updated_response(body: Any) -> Response:
    """Respond with 200, the object as it is now, and its ETag."""
    return json_response(body, 200, {"ETag": compute_etag(body)})


def no_content_response() -> Response:
    """Respond with 204. The body is an empty text because Chalice sends `null` for None."""
    return Response("", {}, 204)


def conditional_response(body: Any, request: Request, version: int | None = None) -> Response:
    """Respond with the object and its ETag, or with 304 if the client already has it.

    `version` is that of the object which `body` is a part of, if `body` has none itself.
    """
    headers: Headers = {"ETag": compute_etag(body, version), "Cache-Control": "private, no-cache"}
    return apply_if_none_match(request, json_response(body, 200, headers))


def weakly_conditional_response(body: Any, known_by: Any, request: Request) -> Response:
    """Respond with the object and a weak ETag (RFC 9110, section 8.8.1), or with 304.

    For objects with parts that differ between responses without a meaning. The ETag is computed
    from `known_by`, which is `body` without these parts.
    """
    headers: Headers = {"ETag": f"W/{compute_etag(known_by)}", "Cache-Control": "private, no-cache"}
    return apply_if_none_match(request, json_response(body, 200, headers))


def apply_if_none_match(request: Request, response: Response) -> Response:
    """Return `response`, or a 304 with its headers if the client sends its ETag."""
    if_none_match = request.headers.get("if-none-match") or ""
    # A proxy that compresses a response makes its ETag weak.
    known = {etag.strip().removeprefix("W/") for etag in if_none_match.split(",")}
    if known & {"*", str(response.headers["ETag"]).removeprefix("W/")}:
        headers = {
            name: value for name, value in response.headers.items() if name != "Content-Type"
        }
        return Response("", headers, 304)
    return response


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


def compute_etag(body: Any, version: int | None = None) -> str:
    """Return the strong ETag of `body`: its version, if any, and a digest.

    `If-Match` compares the version. The digest is there because counts change without a new
    version. `version` replaces that of `body`.
    """
    digest = hashlib.sha256(msgspec.json.encode(body)).hexdigest()[:16]
    version = version or _get_version(body)
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


def _get_version(body: Any) -> Any:
    return body.get("version") if isinstance(body, dict) else getattr(body, "version", None)
