"""The limit of requests in a minute, as callers see it: headers on every answer, and the 429.

The form is that of the IETF's draft (draft-ietf-httpapi-ratelimit-headers-10).
"""

import math
from datetime import datetime

from chalicelib.api.answers import Headers
from chalicelib.domain.rates import MINUTE, Bucket


def told(bucket: Bucket, now: datetime) -> Headers:
    """The headers that say what the limit is, and what is left of it."""
    window, full_in = MINUTE.total_seconds(), bucket.missing(now).total_seconds()
    return {
        "RateLimit-Policy": f'"{bucket.kind}";q={bucket.limit};w={window:.0f}',
        "RateLimit": f'"{bucket.kind}";r={bucket.left(now)};t={math.ceil(full_in)}',
    }
