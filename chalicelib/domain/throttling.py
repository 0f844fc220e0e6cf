"""Guessing costs time: five tries are free, then each waits longer, up to fifteen minutes.

Never a hard lock, which would let anybody shut anybody out (OWASP ASVS 5.0, 6.1.1). Tries are
counted before they are judged, so that a thousand at once are no loophole. A subject may be an
account, existing or not, or a source address.
"""

import hashlib
from datetime import datetime, timedelta

from chalicelib.errors import TooManyRequests, Unavailable
from chalicelib.store import throttles
from chalicelib.store.times import moment, stamp
from chalicelib.store.users import folded

# Free tries of one account in an hour, then of one source address, which many people can share.
FREE_TRIES = {"find": 100, "order": 20}
FREE_TRIES_ELSE = 5
FREE_TRIES_OF_SOURCE = 50
# What one account may do in a day (UTC), and what may be done to one address.
A_DAY = {"invite": (50, 5)}
LONGEST = timedelta(minutes=15)
RIVALS = 20


def charge(deed: str, *, account: str | None = None, source: str | None, now: datetime) -> None:
    """Count one try of `deed`. Raises `TooManyRequests` with `Retry-After` while it is blocked."""
    if account is not None:
        _charge(_subject(deed, "account", account), FREE_TRIES.get(deed, FREE_TRIES_ELSE), now)
    if source:
        _charge(_subject(deed, "source", source), FREE_TRIES_OF_SOURCE, now)


def ration(deed: str, *, account: str, address: str, now: datetime) -> None:
    """Count one `deed` of the account to the address. Raises `TooManyRequests` with `Retry-After`
    when either has had its share of the day."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    most_of_account, most_to_address = A_DAY[deed]
    day = f"{now:%Y-%m-%d}"
    for subject, most in (
        (_subject(deed, "account", f"{day} {account}"), most_of_account),
        (_subject(deed, "address", f"{day} {folded(address)}"), most_to_address),
    ):
        if not throttles.count_within(subject, most, now):
            _refuse(tomorrow - now)


def forgive(deed: str, *, account: str, source: str | None = None, now: datetime) -> None:
    """The try was a right one: the account begins anew, and the source gets this one back."""
    throttles.forget(_subject(deed, "account", account), now)
    if source:
        throttles.give_back(_subject(deed, "source", source))


def _charge(subject: str, free: int, now: datetime) -> None:
    if throttles.count_free(subject, free, now):
        return
    for _ in range(RIVALS):
        seen = throttles.tries_of(subject, now)
        if seen is not None and stamp(now) < seen.blocked_until:
            _refuse(moment(seen.blocked_until) - now)
        beyond = int(seen.tries) - free if seen else 0
        if throttles.count_blocking(subject, seen, _wait(beyond), now):
            return
    raise Unavailable()


def _wait(beyond_free: int) -> timedelta:
    """How long to block behind a try, given how many there were before it beyond the free ones."""
    return min(timedelta(seconds=2 ** min(max(beyond_free, 0), 10)), LONGEST)


def _refuse(left: timedelta) -> None:
    seconds = max(1, round(left.total_seconds() + 0.5))
    raise TooManyRequests(
        f"Too many tries; try again in {seconds} seconds", headers={"Retry-After": str(seconds)}
    )


def _subject(deed: str, kind: str, who: str) -> str:
    """A digest: addresses, of mail or of machines, do not stand in the table in clear."""
    return hashlib.sha256(f"{deed}\n{kind}\n{who}".encode()).hexdigest()
