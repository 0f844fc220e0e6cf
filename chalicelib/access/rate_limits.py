"""Rate limits: a token bucket for each caller and kind of request, and one for each source address
of unauthenticated requests.

A bucket holds the requests of one minute and refills evenly. Each process has its own buckets in
memory, which count exactly the requests that this process accepted. All processes also share one
bucket per caller. Its state is on an item that every request reads anyway, so reading it costs
nothing. A process writes to the shared bucket once for a batch of requests. The number of requests
before its first write is random, so the writes of any number of processes add up to the requests
that they accepted (docs/decisions/0029-rate-limits-are-sampled-token-buckets.md).
"""

import math
import random
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from chalicelib import settings
from chalicelib.access import models
from chalicelib.accounts.models import User
from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.errors import TooManyRequests
from chalicelib.sessions.models import ApiToken

RequestKind = Literal["read", "write"]

LIMITS: dict[RequestKind, int] = {
    "read": settings.READS_PER_MINUTE,
    "write": settings.WRITES_PER_MINUTE,
}
MINUTE = timedelta(minutes=1)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# This many writes empty the shared bucket.
SHARES_PER_LIMIT = 20
CACHED_CALLERS = 10_000


class TokenBucket(Struct):
    """One caller's requests of one kind, as far as this process knows them.

    The time when a bucket will be full again says how many requests are left: `full_at` for the
    bucket of this process, `shared_full_at` for the shared bucket as last read. `share` is the
    number of requests that one write to the shared bucket stands for, `interval` the time in which
    one request refills, and `unrecorded` the number of requests not yet in the shared bucket.
    """

    kind: RequestKind
    limit: int
    full_at: datetime = LONG_AGO
    shared_full_at: datetime = LONG_AGO
    share: int = 1
    interval: timedelta = MINUTE
    unrecorded: int = 0

    def __post_init__(self) -> None:
        self.share = max(self.limit // SHARES_PER_LIMIT, 1)
        # Rounded down to microseconds, so that `limit` requests fit into the minute.
        self.interval = timedelta(microseconds=MINUTE // timedelta(microseconds=1) // self.limit)
        self.unrecorded = random.randrange(self.share)

    def count_remaining(self, time_until_full: timedelta) -> int:
        """Return how many requests this process would accept at once."""
        return max((MINUTE - time_until_full) // self.interval, 0)

    def time_until_full(self, now: datetime) -> timedelta:
        """Return the time until the bucket is full."""
        return max(self.full_at, self.shared_full_at, now) - now

    def take(self, now: datetime, count: int = 1) -> None:
        """Take `count` requests from the bucket of this process.

        Raises `TooManyRequests` when it holds fewer, or when the shared bucket was empty when last
        read.
        """
        time = min(count, self.limit) * self.interval
        # A bucket can be this empty only if the clock was set back; then it starts full.
        if self.full_at > now + MINUTE:
            self.full_at = now
        self._require_open(max(self.full_at + time, self.shared_full_at) - MINUTE, now)
        self.full_at = max(self.full_at, now) + time
        self.unrecorded += count

    def sync_with_table(self, item: User | ApiToken, now: datetime) -> None:
        """Read the shared bucket from the caller's `item`, and record full shares in it.

        Raises `TooManyRequests` when all processes together accepted too many requests.
        """
        recorded = getattr(item, models.get_usage_attribute(self.kind))
        self.shared_full_at = parse_timestamp(recorded) if recorded else LONG_AGO
        try:
            self._require_open(self.shared_full_at - MINUTE, now)
        except TooManyRequests:
            self.unrecorded -= 1  # `take` counted this request, which is now refused
            raise

        shares = self.unrecorded // self.share
        if shares == 0:
            return
        full_at = max(self.shared_full_at, now) + shares * MINUTE / SHARES_PER_LIMIT
        # After a failure, the next request records these shares.
        if models.record_usage(item, self.kind, full_at):
            self.shared_full_at = full_at
            self.unrecorded -= shares * self.share

    def _require_open(self, opens_at: datetime, now: datetime) -> None:
        if now < opens_at:
            raise TooManyRequests(
                f"More than {self.limit} {self.kind} requests in a minute",
                code="rate_limited",
                headers={"Retry-After": str(math.ceil((opens_at - now).total_seconds()))},
            )


@lru_cache(CACHED_CALLERS)
def get_caller_bucket(principal: str, kind: RequestKind) -> TokenBucket:
    """Return this process's bucket of a caller; a caller that is not cached gets a full one."""
    return TokenBucket(kind, LIMITS[kind])


@lru_cache(CACHED_CALLERS)
def get_source_bucket(address: str | None, kind: RequestKind) -> TokenBucket:
    """Return this process's bucket for the unauthenticated requests from `address`.

    The cache is separate, so that requests from many addresses evict no caller's bucket.
    """
    return TokenBucket(kind, LIMITS[kind])
