"""The attributes of a profile that keep the digests of one-time tokens: at most one of a kind."""

from datetime import datetime, timedelta
from enum import Enum

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.store.table import as_read
from chalicelib.store.times import stamp
from chalicelib.store.users import User


class Purpose(Enum):
    """What a token is good for: where its digest and its end stand, and how long it is valid."""

    VERIFICATION = ("verification_token", "verification_until", timedelta(hours=24))
    RESET = ("reset_token", "reset_until", timedelta(minutes=10))
    NEW_EMAIL = ("new_email_token", "new_email_until", timedelta(hours=24))


def kept(purpose: Purpose, digest: str, now: datetime) -> tuple[Action, Action]:
    """The actions that keep a new token, in place of an older one."""
    token, until, valid_for = purpose.value
    return getattr(User, token).set(digest), getattr(User, until).set(stamp(now + valid_for))


def unchanged(user: User) -> Condition:
    """Holds while password and wished-for address are those that `user` was read with."""
    condition: Condition = (User.epoch == user.epoch) & as_read(user, "new_email")
    return condition


def valid(user: User, purpose: Purpose, now: datetime) -> str | None:
    """The digest of the token in force, or None."""
    token, until, _ = purpose.value
    digest: str | None = getattr(user, token)
    return digest if digest is not None and stamp(now) < getattr(user, until) else None


def unused(purpose: Purpose, digest: str) -> Condition:
    """Holds until the token is used, replaced or voided."""
    condition: Condition = getattr(User, purpose.value[0]) == digest
    return condition


def voided(*purposes: Purpose) -> tuple[Action, ...]:
    """The actions that take the tokens of these kinds away; of all kinds, if none is named."""
    names = (name for purpose in purposes or Purpose for name in purpose.value[:2])
    return tuple(getattr(User, name).remove() for name in names)
