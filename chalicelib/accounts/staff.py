"""Account management by site staff: list accounts, disable them, appoint other staff."""

import secrets
from contextlib import suppress
from datetime import datetime
from typing import Any

from chalicelib.access.service import Access
from chalicelib.accounts import models, passwords
from chalicelib.accounts.models import User
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_service_write, audit_write
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Put, transact
from chalicelib.email_addresses import canonical_address
from chalicelib.errors import Conflict, NotFound, require_found


def list_accounts(*, prefix: str, limit: int, start: dict[str, Any] | None) -> Page[User]:
    """Return a page of the accounts whose address begins with `prefix`, ordered by address.

    An empty `prefix` lists all accounts. `start` is the `last_key` of the page before.
    """
    page = models.list_credentials(canonical_address(prefix), limit=limit, start=start)
    users = models.get_users(credentials.user_id for credentials in page.items)
    found = [users[each.user_id] for each in page.items if each.user_id in users]
    return Page(found, page.last_key)


def update_account(
    access: Access, user_id: str, *, disabled: bool | None, staff: bool | None
) -> User:
    """Disable or enable an account, and make it site staff or not; None leaves a setting as it is.

    The change takes effect with the account's next request. If the account is so already, nothing
    is written, also not to the audit log: the request may be a repetition. Raises `NotFound` when
    there is no such account, and `Conflict` for the caller's own account.
    """
    if user_id == access.user_id:
        raise Conflict("You cannot change your own account; ask another member of the site staff")
    if disabled is not None or staff is not None:
        at = format_timestamp(access.now)
        write = models.change_account_write(user_id, disabled=disabled, staff=staff, at=at)
        entry = audit_write(
            access,
            AuditAction.ACCOUNT_CHANGED_BY_STAFF,
            user_id,
            is_disabled=_name_flag(disabled),
            is_staff=_name_flag(staff),
        )
        # The condition fails also when there is no such account; the read below tells which.
        with suppress(ConditionFailed):
            transact(write, entry)
    user = require_found(models.get_user(user_id))
    if user.erased_at is not None:
        raise NotFound()
    return user


def _name_flag(value: bool | None) -> str | None:
    """Return a setting as the audit log has it; None if it does not change."""
    return None if value is None else str(value).lower()


def make_staff(*, email: str, now: datetime) -> str | None:
    """Make the account of `email` site staff.

    Create the account if there is none, and return its password.
    """
    user = models.find_user_by_email(email)
    if user is not None:
        transact(models.update_user_write(user.id, User.is_staff.set(True)), _promotion(user, now))
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
        created_at=format_timestamp(now),
    )
    writes = models.create_user_writes(user, passwords.hash_password(password))
    transact(*writes, _promotion(user, now))
    return password


def _promotion(user: User, now: datetime) -> Put:
    """Return the write of the entry in the audit log about `make superuser`."""
    action = AuditAction.ACCOUNT_CHANGED_BY_STAFF
    return audit_service_write(action, user.id, now=now, is_staff="true")
