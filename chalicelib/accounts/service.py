"""Accounts: open one, verify its address, change it, leave."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.access.permissions import Role
from chalicelib.access.service import Access
from chalicelib.accounts import models, one_time_tokens, passwords
from chalicelib.accounts.models import TokenPurpose, User
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.optimistic_locking import retry_on_conflict
from chalicelib.dynamodb.table import is_unchanged
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Write, transact
from chalicelib.errors import Conflict, FieldError, Invalid, Unauthenticated
from chalicelib.mail.models import lift_suppression_write
from chalicelib.mail.notifications import (
    EMAIL_CHANGED,
    LEAVING,
    NEW_EMAIL,
    VERIFY,
    queue_account_write,
)
from chalicelib.members.models import list_memberships
from chalicelib.projects.models import get_project_overviews
from chalicelib.sessions.throttling import count_attempt
from chalicelib.tasks.jobs import change_time_zone_writes

GRACE_PERIOD = timedelta(days=7)
IDENTIFIER_MAX = 254


def register_account(
    *, username: str, email: str, password: str, source: str | None, now: datetime
) -> User:
    """Open an account; a link to verify its address goes out by mail.

    Raises `Conflict` naming the address or the username that is taken (see
    docs/decisions/0009-registration-reports-taken-addresses.md).
    """
    _require_claimable(email=email, username=username)
    count_attempt("register", source=source, now=now)
    key = User.key(new_id(now))
    user = User(key.pk, key.sk, username=username, email=email, created_at=format_timestamp(now))
    writes = models.create_user_writes(user, passwords.hash_password(password))
    letter = queue_account_write(user, VERIFY, now)
    try:
        transact(*writes, letter)
    except ConditionFailed as failed:
        raise _taken("email" if failed.write is writes[1] else "username") from failed
    return user


def resend_verification(*, email: str, source: str | None, now: datetime) -> None:
    """Send a new link, which voids the older; an unknown or verified address gets nothing, and
    nobody hears of it."""
    count_attempt("verify", account=models.normalize_identifier(email), source=source, now=now)
    user = models.find_user_by_email(email)
    if user is not None and user.is_active and not user.is_verified:
        voiding = models.update_user_write(
            user.id, *models.void_token_actions(TokenPurpose.VERIFICATION)
        )
        transact(voiding, queue_account_write(user, VERIFY, now))


def verify_email(*, token: str, now: datetime) -> None:
    """Use a token of verification. Raises `Invalid`."""
    presented = one_time_tokens.verify_token(token, TokenPurpose.VERIFICATION, now)
    condition = models.is_token_unused(TokenPurpose.VERIFICATION, presented.digest)
    user = presented.user
    actions = (User.is_verified.set(True), *models.void_token_actions(TokenPurpose.VERIFICATION))
    try:
        verifying = models.update_user_write(user.id, *actions, condition=condition)
        transact(verifying, lift_suppression_write(user.email, now))
    except ConditionFailed as failed:
        raise one_time_tokens.invalid_token_error() from failed


def update_profile(access: Access, fields: Mapping[str, Any]) -> User:
    """Give the caller's profile `fields`. Raises `Conflict` for a username that is taken."""
    user = access.user
    _require_claimable(username=str(fields.get("username", user.username)))
    switches = fields.get("notifications", {})
    others = {name: value for name, value in fields.items() if name != "notifications"}
    wanted = {name: value for name, value in others.items() if getattr(user, name) != value}
    if not wanted:
        return set_notification_preferences(user, switches)
    actions = (getattr(User, name).set(value) for name, value in wanted.items())
    same_name = User.username == user.username
    renaming = _renaming(user, wanted.get("username", user.username))
    moving = change_time_zone_writes(user.id, access.now) if "time_zone" in wanted else ()
    try:
        transact(
            models.update_user_write(user.id, *actions, condition=same_name), *renaming, *moving
        )
    except ConditionFailed as failed:
        raise _taken("username") from failed
    for name, value in wanted.items():
        setattr(user, name, value)
    return set_notification_preferences(user, switches)


def set_notification_preferences(user: User, switches: Mapping[str, bool]) -> User:
    """Switch kinds of mail on or off; the others stay, whoever switches them at the same moment."""

    def commit(user: User) -> User:
        before = user.notifications or {}
        after = {**before, **switches}
        if after != before:
            switching = User.notifications.set(after)
            transact(
                models.update_user_write(
                    user.id, switching, condition=is_unchanged(user, "notifications")
                )
            )
            user.notifications = after
        return user

    return retry_on_conflict(user, version=None, commit=commit)


def request_email_change(access: Access, *, email: str, password: str, source: str | None) -> None:
    """Send a link to the new address; the old one holds until the link is used."""
    _require_claimable(email=email)
    passwords.require_current_password(access, password, source=source)
    count_attempt("new_email", account=access.user_id, source=source, now=access.now)
    user = access.user
    asking = models.update_user_write(
        user.id, User.new_email.set(email), *models.void_token_actions(TokenPurpose.NEW_EMAIL)
    )
    transact(asking, queue_account_write(user, NEW_EMAIL, access.now))


def confirm_email_change(*, token: str, now: datetime) -> None:
    """Move the account to its new address and tell the old one. Raises `Invalid` for a bad token,
    `Conflict` if somebody took the address meanwhile."""
    presented = one_time_tokens.verify_token(token, TokenPurpose.NEW_EMAIL, now)
    user = presented.user
    actions = (User.email.set(user.new_email), User.is_verified.set(True), User.new_email.remove())
    condition = models.is_token_unused(TokenPurpose.NEW_EMAIL, presented.digest) & (
        User.new_email == user.new_email
    )
    moving = models.update_user_write(
        user.id, *actions, *models.void_token_actions(), condition=condition
    )
    telling = queue_account_write(user, EMAIL_CHANGED, now, address=user.email)
    try:
        lifting = lift_suppression_write(str(user.new_email), now)
        transact(moving, *_moved_claim(user), telling, lifting)
    except ConditionFailed as failed:
        # Of rivals with the same token the loser misses the old claim before it meets the new one.
        taken = isinstance(failed.write, Put)
        raise (_taken("email") if taken else one_time_tokens.invalid_token_error()) from failed


def request_deletion(access: Access) -> None:
    """Begin the end of the account: everybody is signed out, and after seven days it is erased.
    Logging in before calls it off. Raises `Conflict` naming the projects the caller still owns."""
    owner_of = [e.project_id for e in list_memberships(access.user_id) if e.role == Role.OWNER]
    owned = [found.project.id for found in get_project_overviews(owner_of)]
    if owned:
        named = tuple(FieldError(f"projects.{project_id}", "is yours") for project_id in owned)
        raise Conflict("Transfer or delete your projects first", code="owns_projects", errors=named)
    end = format_timestamp(access.now + GRACE_PERIOD)
    waking = time_index.build_keys("leaving", end, access.user_id)
    actions = (
        User.leaving_at.set(end),
        User.wake_key.set(str(waking["wake_key"])),
        User.wake_at.set(end),
        User.epoch.add(1),
        *models.void_token_actions(),
    )
    letter = queue_account_write(access.user, LEAVING, access.now)
    transact(models.update_user_write(access.user_id, *actions), letter)


def cancel_deletion(user: User) -> None:
    """Call the end off."""
    if user.leaving_at is not None:
        actions = (User.leaving_at.remove(), User.wake_key.remove(), User.wake_at.remove())
        try:
            transact(models.update_user_write(user.id, *actions))
        except ConditionFailed as failed:  # erased at this very moment
            raise Unauthenticated() from failed


def _renaming(user: User, username: str) -> tuple[Write, ...]:
    if models.normalize_identifier(username) == models.normalize_identifier(user.username):
        return ()
    return models.release_username_write(user.username, user.id), models.claim_username_write(
        username, user.id
    )


def _moved_claim(user: User) -> tuple[Write, ...]:
    credentials = models.get_credentials(user.email)
    if credentials is None or credentials.user_id != user.id:
        raise one_time_tokens.invalid_token_error()
    if models.normalize_identifier(user.email) == models.normalize_identifier(user.new_email):
        return ()
    return (
        models.release_email_write(user.email, user.id),
        models.claim_email_write(user.new_email, user.id, credentials.password_hash),
    )


def _require_claimable(**claims: str) -> None:
    """Some characters grow when they are folded."""
    long = [
        name
        for name, text in claims.items()
        if len(models.normalize_identifier(text)) > IDENTIFIER_MAX
    ]
    if long:
        raise Invalid(errors=tuple(FieldError(name, "is too long") for name in long))


def _taken(field: str) -> Conflict:
    taken = FieldError(field, f"this {field} is taken; choose another")
    return Conflict(taken.message, code=f"{field}_taken", errors=(taken,))
