"""Requests through the stack's CloudFront distribution.

API Gateway reports CloudFront as their source, its own host name, and a path below its own stage.
"""

from ipaddress import ip_address
from typing import Any

from chalicelib import settings
from chalicelib.aws.secrets import is_origin_key

_KEY = "x-origin-key"
_FORWARDED_FOR = "x-forwarded-for"
_VIEWER_HOST = "x-viewer-host"


def find_api_url(request: dict[str, Any]) -> str:
    """Return the address before `/api` at which the client of a request reaches the API.

    `request` is the event's request context.
    """
    if settings.API_URL:
        return settings.API_URL
    # On API Gateway's own address the path begins with the name of the stage.
    stage = str(request["path"]).partition("/api")[0]
    return f"https://{request.get('viewerHost') or request['domainName']}{stage}"


def find_app_url(request: dict[str, Any]) -> str:
    """Return the address of the web client; empty if the request does not tell it.

    `request` is the event's request context.
    """
    host = request.get("viewerHost")
    return settings.APP_URL or (f"https://{host}" if host else "")


def restore_viewer_request(event: dict[str, Any]) -> dict[str, Any]:
    """Put the viewer's address and path, and the host that the viewer used as `viewerHost`, into
    the event of a request that the distribution sent.

    The distribution adds a key that only it and this app know. An event without the key does not
    change: anybody can send a request to API Gateway, with any `X-Forwarded-For`.

    Returns the event's request context.
    """
    request: dict[str, Any] = event["requestContext"]
    if not settings.ORIGIN_KEY_ID:
        return request
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    sent = headers.get(_KEY, "")
    if not (sent and is_origin_key(sent)):
        return request
    identity = request.get("identity") or {}
    viewer = _find_viewer(headers.get(_FORWARDED_FOR, ""), identity.get("sourceIp", ""))
    path = event.get("path", request["path"])  # without API Gateway's stage; not in local events
    restored = {
        "path": path,
        "identity": {**identity, "sourceIp": viewer},
        "viewerHost": headers.get(_VIEWER_HOST, ""),
    }
    event["requestContext"] = request | restored
    return request | restored


def _find_viewer(forwarded_for: str, peer: str) -> str:
    """Return the address that CloudFront saw; `peer` is CloudFront's own address.

    CloudFront appends the viewer's address to the header, whatever the viewer sent, and API Gateway
    appends `peer`. Everything before may be forged.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html#RequestCustomIPAddresses
    """
    addresses = [address.strip() for address in forwarded_for.split(",")]
    if addresses[-1] == peer:
        addresses.pop()
    try:
        return str(ip_address(addresses[-1]))
    except (IndexError, ValueError):
        return peer
