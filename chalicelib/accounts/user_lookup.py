"""User lookup by exact address or exact username. Users cannot list other users."""

from chalicelib.access.service import Access
from chalicelib.accounts import models
from chalicelib.accounts.models import User
from chalicelib.sessions.throttling import count_attempt


def find_user(access: Access, *, email: str | None, username: str | None) -> User | None:
    """Return the active user with this address or, without `email`, with this username.

    Raises `TooManyRequests` after too many lookups, so that nobody can test a list of addresses.
    """
    count_attempt("find", account=access.user_id, source=None, now=access.now)
    if email:
        user = find_verified_user_by_email(email)
    else:
        user = models.find_user_by_username(username or "")
    return user if user is not None and user.is_active else None


def find_verified_user_by_email(email: str) -> User | None:
    """Return the user who has verified this address.

    Anybody can register with an address, so an unverified account is found by its username only.
    """
    user = models.find_user_by_email(email)
    return user if user is not None and user.is_verified else None
