"""What site staff may do: see who has an account, disable it, make others staff."""

import secrets
from datetime import datetime
from typing import Any

from chalicelib.domain import passwords
from chalicelib.domain.access import Access
from chalicelib.errors import Conflict, NotFound, there
from chalicelib.store import users
from chalicelib.store.ids import new_id
from chalicelib.store.table import Page
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, transact
from chalicelib.store.users import User, folded


def people(*, prefix: str, limit: int, start: dict[str, Any] | None) -> Page[User]:
    """A page of accounts by address, all or those whose address begins with `prefix`."""
    page = users.in_directory(folded(prefix), limit=limit, start=start)
    found = users.by_ids(row.user_id for row in page.rows)
    return Page([found[row.user_id] for row in page.rows if row.user_id in found], page.last_key)


def change(access: Access, user_id: str, *, disabled: bool | None, staff: bool | None) -> User:
    """Disable, enable, make or unmake staff; in force at the next request of every credential.

    Raises `NotFound`, and `Conflict` for what would lock the caller out.
    """
    if user_id == access.user_id:
        raise Conflict("Let somebody else of the staff do this to you")
    actions = []
    if disabled is not None:
        at = User.disabled_at
        actions.append(at.set(stamp(access.now)) if disabled else at.remove())
    if staff is not None:
        actions.append(User.is_staff.set(staff))
    try:
        if actions:
            transact(users.change(user_id, *actions))
    except ConditionFailed as failed:
        raise NotFound() from failed
    return there(users.by_id(user_id))


def appoint(*, email: str, now: datetime) -> str | None:
    """Make the account of `email` staff; open one if there is none, and return its password."""
    user = users.by_email(email)
    if user is not None:
        transact(users.change(user.id, User.is_staff.set(True)))
        return None
    password = secrets.token_urlsafe(16)
    key = User.key(new_id(now))
    user = User(
        key.pk,
        key.sk,
        username=f"staff-{key.pk[-8:]}",
        email=email,
        is_staff=True,
        is_verified=True,
        created_at=stamp(now),
    )
    transact(*users.registration(user, passwords.hashed(password)))
    return password
