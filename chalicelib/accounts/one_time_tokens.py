"""One-time tokens, sent by email: to verify an address, reset a password or change the address.

A token is created when its email is built, so it exists only in the email; the table stores a
digest. A user has at most one token of each purpose: a new one replaces the old one.
"""

import secrets
from datetime import datetime

from msgspec import Struct

from chalicelib.accounts import models, token_models
from chalicelib.accounts.models import User
from chalicelib.accounts.token_models import TokenPurpose
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.errors import FieldError, Invalid
from chalicelib.sessions.credentials import hash_secret

SECRET_BYTES = 32


class VerifiedToken(Struct, frozen=True):
    """The user of a valid token, and the token's digest.

    The transaction that uses the token checks that the digest is still stored.
    """

    user: User
    digest: str


def issue_token(user: User, purpose: TokenPurpose, now: datetime) -> str | None:
    """Store a new token for `user` and return it.

    Return None when the account is deleted, or its password or requested new address has changed
    since `user` was read.
    """
    token = f"{user.id}.{secrets.token_urlsafe(SECRET_BYTES)}"
    actions = token_models.store_token_actions(purpose, hash_secret(token), now)
    unchanged = models.is_account_unchanged(user)
    try:
        transact(models.update_user_write(user.id, *actions, condition=unchanged))
    except ConditionFailed:
        return None
    return token


def verify_token(token: str, purpose: TokenPurpose, now: datetime) -> VerifiedToken:
    """Return the user and digest of `token`.

    Raises `Invalid` when the token is wrong, used, replaced or expired. The digests are compared in
    constant time.
    """
    user = models.get_user(token.partition(".")[0])
    expected = token_models.get_valid_token(user, purpose, now) if user and user.is_active else None
    if user is None or expected is None or not secrets.compare_digest(expected, hash_secret(token)):
        raise invalid_token_error()
    return VerifiedToken(user, expected)


def invalid_token_error() -> Invalid:
    """Return the error for every token that cannot be used."""
    message = "is wrong, used or expired; request a new one"
    return Invalid(code="invalid_token", errors=(FieldError("token", message),))
