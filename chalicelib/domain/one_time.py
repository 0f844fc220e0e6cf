"""One-time tokens, sent by mail: to verify an address, to reset a password, to change the address.

A token is made when its mail is written, so it stands nowhere but in the mail; the table has a
digest. A person has at most one of a kind: a newer one voids the older.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.credentials import digest
from chalicelib.errors import FieldError, Invalid
from chalicelib.store import one_time, users
from chalicelib.store.one_time import Purpose
from chalicelib.store.transaction import ConditionFailed, transact
from chalicelib.store.users import User

SECRET_BYTES = 32


@dataclass(frozen=True)
class Presented:
    """A token that was found good: whose it is, and what to look for when it is used."""

    user: User
    digest: str


def issue(user: User, purpose: Purpose, now: datetime) -> str | None:
    """A fresh token for `user` as it was read; None when password or new address have changed
    since, or the account is gone."""
    token = f"{user.id}.{secrets.token_urlsafe(SECRET_BYTES)}"
    keeping = one_time.kept(purpose, digest(token), now)
    try:
        transact(users.change(user.id, *keeping, condition=one_time.unchanged(user)))
    except ConditionFailed:
        return None
    return token


def present(token: str, purpose: Purpose, now: datetime) -> Presented:
    """Whose token it is. Raises `Invalid` when it is wrong, used, replaced or run out."""
    user = users.by_id(token.partition(".")[0])
    expected = one_time.valid(user, purpose, now) if user and user.may_enter else None
    if user is None or expected is None or not secrets.compare_digest(expected, digest(token)):
        raise refused()
    return Presented(user, expected)


def refused() -> Invalid:
    message = "is wrong, used or run out; ask for a new one"
    return Invalid(code="invalid_token", errors=(FieldError("token", message),))
