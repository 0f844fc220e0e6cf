"""How many requests a caller may make: a token bucket for each caller and kind of request, and for
each source address of those who are not known.

A bucket holds what a minute allows and fills evenly. Each process has one in memory, exact for what
it let through itself. All processes share one in the table, on the row that every request reads
anyway, so that looking at it costs nothing. Of so many requests a process notes one there, for all
of them; with which it begins is drawn by lot, so that the notes of any number of processes come to
what they let through together.
"""

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

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
# So many notes empty the shared bucket.
SHARES_PER_LIMIT = 20
CACHED_CALLERS = 10_000


@dataclass
class TokenBucket:
    """What this process knows of one caller's requests of one kind. When a bucket will be full
    says what is in it now."""

    kind: RequestKind
    limit: int
    full_at: datetime = LONG_AGO
    shared_full_at: datetime = LONG_AGO
    unnoted: int = field(init=False)

    def __post_init__(self) -> None:
        self.unnoted = random.randrange(self.share)

    @property
    def share(self) -> int:
        """How many requests one note stands for."""
        return max(self.limit // SHARES_PER_LIMIT, 1)

    @property
    def interval(self) -> timedelta:
        """In what time one request comes back; no longer than exactly, so that `limit` fit in."""
        return timedelta(microseconds=MINUTE // timedelta(microseconds=1) // self.limit)

    def left(self, now: datetime) -> int:
        """How many requests may come at once, as far as this process knows."""
        return max((MINUTE - self.missing(now)) // self.interval, 0)

    def missing(self, now: datetime) -> timedelta:
        """In what time it will be full."""
        return max(self.full_at, self.shared_full_at, now) - now

    def take(self, now: datetime, count: int = 1) -> None:
        """Let one request through, or one that counts as so many. Raises `TooManyRequests` if there
        is not enough here, or was nothing in the table when last seen."""
        time = min(count, self.limit) * self.interval
        if self.full_at > now + MINUTE:  # the clock was set back: it never is emptier than empty
            self.full_at = now
        self._require_open(max(self.full_at + time, self.shared_full_at) - MINUTE, now)
        self.full_at = max(self.full_at, now) + time
        self.unnoted += count

    def meet(self, row: User | ApiToken, now: datetime) -> None:
        """Learn from the caller's row what all processes have noted, and note a share that is due.
        Raises `TooManyRequests` if together they let too many through."""
        noted = getattr(row, models.usage_attribute(self.kind))
        self.shared_full_at = parse_timestamp(noted) if noted else LONG_AGO
        try:
            self._require_open(self.shared_full_at - MINUTE, now)
        except TooManyRequests:
            self.unnoted -= 1  # it is not let through after all
            raise
        shares = self.unnoted // self.share
        if shares:
            self._note(row, shares, now)

    def _note(self, row: User | ApiToken, shares: int, now: datetime) -> None:
        """A rival's note, or an outage, leaves it to the next request."""
        full_at = max(self.shared_full_at, now) + shares * MINUTE / SHARES_PER_LIMIT
        if models.record_usage(row, self.kind, full_at):
            self.shared_full_at = full_at
            self.unnoted -= shares * self.share

    def _require_open(self, at: datetime, now: datetime) -> None:
        if now < at:
            raise TooManyRequests(
                f"More than {self.limit} {self.kind} requests in a minute",
                code="rate_limited",
                headers={"Retry-After": str(math.ceil((at - now).total_seconds()))},
            )


@lru_cache(CACHED_CALLERS)
def get_caller_bucket(principal: str, kind: RequestKind) -> TokenBucket:
    """The bucket in this process; whoever was away for long gets a new one, which is full."""
    return TokenBucket(kind, LIMITS[kind])


@lru_cache(CACHED_CALLERS)
def get_source_bucket(address: str | None, kind: RequestKind) -> TokenBucket:
    """That of whoever comes from `address` and is not known, in this process alone. Kept apart, so
    that a flood from many addresses makes it forget no caller."""
    return TokenBucket(kind, LIMITS[kind])
