"""Finding each other: by exact address or exact username, never by listing."""

from chalicelib.access.service import Access
from chalicelib.accounts import models
from chalicelib.accounts.models import User
from chalicelib.sessions.throttling import count_attempt


def find_user(access: Access, *, email: str | None, username: str | None) -> User | None:
    """Who has this address, or this username; None for nobody. Asking is throttled, so that no
    list of addresses can be tried out."""
    count_attempt("find", account=access.user_id, source=None, now=access.now)
    user = (
        find_verified_user_by_email(email)
        if email
        else models.find_user_by_username(username or "")
    )
    return user if user is not None and user.is_active else None


def find_verified_user_by_email(email: str) -> User | None:
    """Who has shown that mail to the address reaches them. Anybody may register with an address, so
    without that an account is found by its username alone."""
    user = models.find_user_by_email(email)
    return user if user is not None and user.is_verified else None
