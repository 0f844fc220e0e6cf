"""The limit of requests per minute as HTTP: headers on every response.

The format is that of the IETF draft draft-ietf-httpapi-ratelimit-headers-10.
"""

import math
from datetime import datetime
from typing import Any

from chalice.app import Blueprint

from chalicelib.access.rate_limits import MINUTE, RequestKind, TokenBucket
from chalicelib.http.responses import Headers

READ_METHODS = {"GET", "HEAD", "OPTIONS"}


def rate_limit_headers(bucket: TokenBucket, now: datetime) -> Headers:
    """Return the headers: the limit, the requests left and the seconds until all are back."""
    window, full_in = MINUTE.total_seconds(), bucket.time_until_full(now).total_seconds()
    return {
        "RateLimit-Policy": f'"{bucket.kind}";q={bucket.limit};w={window:.0f}',
        "RateLimit": f'"{bucket.kind}";r={bucket.remaining(now)};t={math.ceil(full_in)}',
    }


def get_request_kind(method: str | None) -> RequestKind:
    """Return the limit that requests with this method count against."""
    return "read" if method in READ_METHODS else "write"


def find_source_address(context: dict[str, Any]) -> str | None:
    """Return the source address in API Gateway's request context.

    Never a header: clients can write any value into it.
    """
    identity = context.get("identity") or {}
    return identity.get("sourceIp")


def get_source_address(bp: Blueprint) -> str | None:
    """Return the source address of the current request of a Blueprint."""
    return find_source_address(bp.current_request.context)
