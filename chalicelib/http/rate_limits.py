"""The limit of requests per minute as HTTP: headers on every response.

The format is that of the IETF draft draft-ietf-httpapi-ratelimit-headers-10.
"""

import math
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from chalice.app import Blueprint

from chalicelib.access.rate_limits import MINUTE, RequestKind, TokenBucket
from chalicelib.http.responses import Headers

READ_METHODS = {"GET", "HEAD", "OPTIONS"}


def rate_limit_headers(bucket: TokenBucket, now: datetime) -> Headers:
    """Return the headers: the limit, the requests left and the seconds until all are back."""
    full_in, window = bucket.time_until_full(now), f"{MINUTE.total_seconds():.0f}"
    remaining, seconds = bucket.count_remaining(full_in), math.ceil(full_in.total_seconds())
    return {
        "RateLimit-Policy": f'"{bucket.kind}";q={bucket.limit};w={window}',
        "RateLimit": f'"{bucket.kind}";r={remaining};t={seconds}',
    }


def get_request_kind(method: str | None) -> RequestKind:
    """Return the limit that requests with this method count against."""
    return "read" if method in READ_METHODS else "write"


def find_client_address(context: dict[str, Any]) -> str | None:
    """Return the whole source address in API Gateway's request context."""
    address: str | None = (context.get("identity") or {}).get("sourceIp")
    return address


def find_source_address(context: dict[str, Any]) -> str | None:
    """Return the source address in API Gateway's request context; of an IPv6 address its network.

    A client has a whole IPv6 network of 64 bits. Headers are not used, because clients can write
    any value into them; chalicelib/http/distribution.py says how that of CloudFront is proven.
    """
    address = find_client_address(context)
    if address and ":" in address:
        return str(ip_network(f"{address}/64", strict=False))
    return address


def get_source_address(bp: Blueprint) -> str | None:
    """Return the source address of the current request of a Blueprint."""
    return find_source_address(bp.current_request.context)
