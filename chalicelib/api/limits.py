"""The limit of requests in a minute, as callers see it: headers on every answer, and the 429.

The form is that of the IETF's draft (draft-ietf-httpapi-ratelimit-headers-10).
"""

import math
from datetime import datetime
from typing import Any

from chalice.app import Blueprint

from chalicelib.api.answers import Headers
from chalicelib.domain.rates import MINUTE, Bucket, Kind

READING = {"GET", "HEAD", "OPTIONS"}


def told(bucket: Bucket, now: datetime) -> Headers:
    """The headers that say what the limit is, and what is left of it."""
    window, full_in = MINUTE.total_seconds(), bucket.missing(now).total_seconds()
    return {
        "RateLimit-Policy": f'"{bucket.kind}";q={bucket.limit};w={window:.0f}',
        "RateLimit": f'"{bucket.kind}";r={bucket.left(now)};t={math.ceil(full_in)}',
    }


def kind_of(method: str | None) -> Kind:
    """Among which requests one with this method counts."""
    return "read" if method in READING else "write"


def source_in(context: dict[str, Any]) -> str | None:
    """The address that a request came from as the gateway saw it; never a header, which anybody can
    write."""
    identity = context.get("identity") or {}
    return identity.get("sourceIp")


def source_of(bp: Blueprint) -> str | None:
    """The address of the request that a view of `bp` answers."""
    return source_in(bp.current_request.context)
