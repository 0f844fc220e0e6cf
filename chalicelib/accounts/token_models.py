"""The digests of one-time tokens, which are attributes of the user's profile."""

from datetime import datetime, timedelta
from enum import Enum

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.accounts.models import User
from chalicelib.dynamodb.timestamps import format_timestamp


class TokenPurpose(Enum):
    """The purpose of a one-time token: attributes of digest and expiry, and lifetime."""

    VERIFICATION = ("verification_token", "verification_until", timedelta(hours=24))
    RESET = ("reset_token", "reset_until", timedelta(minutes=10))
    NEW_EMAIL = ("new_email_token", "new_email_until", timedelta(hours=24))


def store_token_actions(purpose: TokenPurpose, digest: str, now: datetime) -> tuple[Action, Action]:
    """Return the actions that store a new token in place of an older one."""
    token, until, lifetime = purpose.value
    expiry = format_timestamp(now + lifetime)
    return getattr(User, token).set(digest), getattr(User, until).set(expiry)


def get_valid_token(user: User, purpose: TokenPurpose, now: datetime) -> str | None:
    """Return the digest of the user's token for `purpose`; None if there is none or it expired."""
    token, until, _ = purpose.value
    digest: str | None = getattr(user, token)
    if digest is None or format_timestamp(now) >= getattr(user, until):
        return None
    return digest


def is_token_unused(purpose: TokenPurpose, digest: str) -> Condition:
    """Return the condition that the token has not been used, replaced or removed."""
    condition: Condition = getattr(User, purpose.value[0]) == digest
    return condition


def void_token_actions(*purposes: TokenPurpose) -> tuple[Action, ...]:
    """Return the actions that remove the tokens of these purposes; without purposes, all tokens."""
    names = (name for purpose in purposes or TokenPurpose for name in purpose.value[:2])
    return tuple(getattr(User, name).remove() for name in names)
