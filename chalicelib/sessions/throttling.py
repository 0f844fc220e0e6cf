"""Guessing costs time: five tries are free, then each waits longer, up to fifteen minutes.

Never a hard lock, which would let anybody shut anybody out (OWASP ASVS 5.0, 6.1.1). Tries are
counted before they are judged, so that a thousand at once are no loophole. A subject may be an
account, existing or not, or a source address.
"""

import hashlib
from datetime import datetime, timedelta

from chalicelib.accounts.models import normalize_identifier
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.errors import TooManyRequests, Unavailable
from chalicelib.sessions import models

# Free tries of one account in an hour, then of one source address, which many people can share.
FREE_ATTEMPTS = {"find": 100, "order": 20}
DEFAULT_FREE_ATTEMPTS = 5
FREE_ATTEMPTS_OF_SOURCE = 50
# What one account may do in a day (UTC), and what may be done to one address.
DAILY_LIMITS = {"invite": (50, 5)}
MAX_WAIT = timedelta(minutes=15)
MAX_RETRIES = 20


def count_attempt(
    action: str, *, account: str | None = None, source: str | None, now: datetime
) -> None:
    """Count one try of `deed`. Raises `TooManyRequests` with `Retry-After` while it is blocked."""
    if account is not None:
        _count_attempt(
            _subject(action, "account", account),
            FREE_ATTEMPTS.get(action, DEFAULT_FREE_ATTEMPTS),
            now,
        )
    if source:
        _count_attempt(_subject(action, "source", source), FREE_ATTEMPTS_OF_SOURCE, now)


def count_daily_attempt(action: str, *, account: str, address: str, now: datetime) -> None:
    """Count one `deed` of the account to the address. Raises `TooManyRequests` with `Retry-After`
    when either has had its share of the day."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    most_of_account, most_to_address = DAILY_LIMITS[action]
    day = f"{now:%Y-%m-%d}"
    for subject, most in (
        (_subject(action, "account", f"{day} {account}"), most_of_account),
        (_subject(action, "address", f"{day} {normalize_identifier(address)}"), most_to_address),
    ):
        if not models.count_daily_attempt(subject, most, now):
            _refuse(tomorrow - now)


def clear_attempts(action: str, *, account: str, source: str | None = None, now: datetime) -> None:
    """The try was a right one: the account begins anew, and the source gets this one back."""
    models.reset_attempts(_subject(action, "account", account), now)
    if source:
        models.return_attempt(_subject(action, "source", source))


def _count_attempt(subject: str, free: int, now: datetime) -> None:
    if models.count_free_attempt(subject, free, now):
        return
    for _ in range(MAX_RETRIES):
        seen = models.get_recent_attempts(subject, now)
        if seen is not None and format_timestamp(now) < seen.blocked_until:
            _refuse(parse_timestamp(seen.blocked_until) - now)
        beyond = int(seen.tries) - free if seen else 0
        if models.count_blocking_attempt(subject, seen, _wait(beyond), now):
            return
    raise Unavailable()


def _wait(beyond_free: int) -> timedelta:
    """How long to block behind a try, given how many there were before it beyond the free ones."""
    return min(timedelta(seconds=2 ** min(max(beyond_free, 0), 10)), MAX_WAIT)


def _refuse(left: timedelta) -> None:
    seconds = max(1, round(left.total_seconds() + 0.5))
    raise TooManyRequests(
        f"Too many tries; try again in {seconds} seconds", headers={"Retry-After": str(seconds)}
    )


def _subject(action: str, kind: str, who: str) -> str:
    """A digest: addresses, of mail or of machines, do not stand in the table in clear."""
    return hashlib.sha256(f"{action}\n{kind}\n{who}".encode()).hexdigest()
