"""Finding each other: by exact address or exact username, never by listing."""

from chalicelib.domain import throttling
from chalicelib.domain.access import Access
from chalicelib.store import users
from chalicelib.store.users import User


def find(access: Access, *, email: str | None, username: str | None) -> User | None:
    """Who has this address, or this username; None for nobody. Asking is throttled, so that no
    list of addresses can be tried out."""
    throttling.charge("find", account=access.user_id, source=None, now=access.now)
    user = of_address(email) if email else users.by_username(username or "")
    return user if user is not None and user.may_enter else None


def of_address(email: str) -> User | None:
    """Who has shown that mail to the address reaches them. Anybody may register with an address, so
    without that an account is found by its username alone."""
    user = users.by_email(email)
    return user if user is not None and user.is_verified else None
