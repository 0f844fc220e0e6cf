"""The limit of requests in a minute, as callers see it: headers on every answer, and the 429.

The form is that of the IETF's draft (draft-ietf-httpapi-ratelimit-headers-10).
"""

import math
from datetime import datetime
from typing import Any

from chalice.app import Blueprint

from chalicelib.access.rate_limits import MINUTE, RequestKind, TokenBucket
from chalicelib.http.responses import Headers

READ_METHODS = {"GET", "HEAD", "OPTIONS"}


def rate_limit_headers(bucket: TokenBucket, now: datetime) -> Headers:
    """The headers that say what the limit is, and what is left of it."""
    window, full_in = MINUTE.total_seconds(), bucket.missing(now).total_seconds()
    return {
        "RateLimit-Policy": f'"{bucket.kind}";q={bucket.limit};w={window:.0f}',
        "RateLimit": f'"{bucket.kind}";r={bucket.left(now)};t={math.ceil(full_in)}',
    }


def get_request_kind(method: str | None) -> RequestKind:
    """Among which requests one with this method counts."""
    return "read" if method in READ_METHODS else "write"


def find_source_address(context: dict[str, Any]) -> str | None:
    """The address that a request came from as the gateway saw it; never a header, which anybody can
    write."""
    identity = context.get("identity") or {}
    return identity.get("sourceIp")


def get_source_address(bp: Blueprint) -> str | None:
    """The address of the request that a view of `bp` answers."""
    return find_source_address(bp.current_request.context)
