"""Throttling of attempts, such as password guesses.

The first attempts of an hour are free. After each further attempt the subject is blocked: for a
second, then twice as long each time, up to fifteen minutes. Nobody is blocked permanently, because
anybody could then lock other people out (OWASP ASVS 5.0, 6.1.1). Attempts are counted before they
are checked, so that many concurrent attempts cannot avoid the limit. A subject is an account,
whether it exists or not, or a source address.
"""

import hashlib
import math
from datetime import datetime, timedelta

from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.email_addresses import canonical_address
from chalicelib.errors import TooManyRequests, Unavailable
from chalicelib.sessions import models

# Free attempts of an account in an hour, by action.
FREE_ATTEMPTS = {"find": 100, "order": 20}
DEFAULT_FREE_ATTEMPTS = 5
# Many people can share a source address.
FREE_ATTEMPTS_OF_SOURCE = 50
# Attempts in a day (UTC), by action: of one account, and towards one email address.
DAILY_LIMITS = {"invite": (50, 5)}
MAX_WAIT = timedelta(minutes=15)
MAX_RETRIES = 20


def count_attempt(
    action: str, *, account: str | None = None, source: str | None, now: datetime
) -> None:
    """Count an attempt of `action` for the account and the source address.

    Raises `TooManyRequests` with `Retry-After` while one of them is blocked.
    """
    if account is not None:
        free = FREE_ATTEMPTS.get(action, DEFAULT_FREE_ATTEMPTS)
        _count_attempt(_subject(action, "account", account), free, now)
    if source:
        _count_attempt(_subject(action, "source", source), FREE_ATTEMPTS_OF_SOURCE, now)


def _count_attempt(subject: str, free: int, now: datetime) -> None:
    if models.count_free_attempt(subject, free, now):
        return
    for _ in range(MAX_RETRIES):
        seen = models.get_recent_attempts(subject, now)
        if seen is not None and format_timestamp(now) < seen.blocked_until:
            raise _too_many_attempts(parse_timestamp(seen.blocked_until) - now)
        beyond_free = int(seen.tries) - free if seen else 0
        wait = min(timedelta(seconds=2 ** min(beyond_free, 10)), MAX_WAIT)
        if models.count_blocking_attempt(subject, seen, wait, now):
            return
    raise Unavailable()


def count_daily_attempt(action: str, *, account: str, address: str, now: datetime) -> None:
    """Count an attempt of `action` by the account towards the email address.

    Raises `TooManyRequests` with `Retry-After` when either has reached its limit of the day.
    """
    day = f"{now:%Y-%m-%d}"
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    account_limit, address_limit = DAILY_LIMITS[action]
    for subject, limit in (
        (_subject(action, "account", f"{day} {account}"), account_limit),
        (_subject(action, "address", f"{day} {canonical_address(address)}"), address_limit),
    ):
        if not models.count_daily_attempt(subject, limit, now):
            raise _too_many_attempts(midnight - now)


def clear_attempts(action: str, *, account: str, source: str | None = None, now: datetime) -> None:
    """Reset the account's count after a successful attempt, and give this attempt back to the
    source address."""
    models.reset_attempts(_subject(action, "account", account), now)
    if source:
        models.return_attempt(_subject(action, "source", source))


def _too_many_attempts(wait: timedelta) -> TooManyRequests:
    seconds = math.ceil(wait.total_seconds())
    return TooManyRequests(
        f"Too many attempts; try again in {seconds} seconds",
        headers={"Retry-After": str(seconds)},
    )


def _subject(action: str, kind: str, name: str) -> str:
    """Return the id of a counter: a digest, so that the table contains no plain addresses."""
    return hashlib.sha256(f"{action}\n{kind}\n{name}".encode()).hexdigest()
