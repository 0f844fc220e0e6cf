"""One-time tokens, sent by mail: to verify an address, to reset a password, to change the address.

A token is made when its mail is written, so it stands nowhere but in the mail; the table has a
digest. A person has at most one of a kind: a newer one voids the older.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from chalicelib.accounts import models
from chalicelib.accounts.models import TokenPurpose, User
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.errors import FieldError, Invalid
from chalicelib.sessions.credentials import hash_secret

SECRET_BYTES = 32


@dataclass(frozen=True)
class VerifiedToken:
    """A token that was found good: whose it is, and what to look for when it is used."""

    user: User
    digest: str


def issue_token(user: User, purpose: TokenPurpose, now: datetime) -> str | None:
    """A fresh token for `user` as it was read; None when password or new address have changed
    since, or the account is gone."""
    token = f"{user.id}.{secrets.token_urlsafe(SECRET_BYTES)}"
    keeping = models.store_token_actions(purpose, hash_secret(token), now)
    try:
        transact(
            models.update_user_write(user.id, *keeping, condition=models.is_account_unchanged(user))
        )
    except ConditionFailed:
        return None
    return token


def verify_token(token: str, purpose: TokenPurpose, now: datetime) -> VerifiedToken:
    """Whose token it is. Raises `Invalid` when it is wrong, used, replaced or run out."""
    user = models.get_user(token.partition(".")[0])
    expected = models.get_valid_token(user, purpose, now) if user and user.is_active else None
    if user is None or expected is None or not secrets.compare_digest(expected, hash_secret(token)):
        raise invalid_token_error()
    return VerifiedToken(user, expected)


def invalid_token_error() -> Invalid:
    message = "is wrong, used or run out; ask for a new one"
    return Invalid(code="invalid_token", errors=(FieldError("token", message),))
