"""Accounts: register, verify and change the address, edit the profile, delete the account."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.access.permissions import Role
from chalicelib.access.service import Access
from chalicelib.accounts import (
    models,
    notification_preferences,
    one_time_tokens,
    passwords,
    token_models,
)
from chalicelib.accounts.models import User
from chalicelib.accounts.token_models import TokenPurpose
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_public_write, audit_write
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Write, transact
from chalicelib.email_addresses import canonical_address
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
from chalicelib.notifications.digests import reschedule_digest
from chalicelib.projects.models import get_project_overviews
from chalicelib.sessions.throttling import count_attempt
from chalicelib.tasks.jobs import change_time_zone_writes
from chalicelib.text import fold_name

GRACE_PERIOD = timedelta(days=7)
FOLDED_USERNAME_MAX = 254
SWITCHES = {notification_preferences.MAIL, notification_preferences.INBOX}


def register_account(
    *, username: str, email: str, password: str, source: str | None, now: datetime
) -> User:
    """Create an account and queue the email with the link that verifies its address.

    Raises `Conflict` naming the address or the username that is taken
    (docs/decisions/0009-registration-reports-taken-addresses.md), `Invalid` when the username is
    too long, and `TooManyRequests` after too many attempts from one source address.
    """
    _require_storable(username)
    count_attempt("register", source=source, now=now)
    if models.get_earlier_credentials(email) is not None:
        raise _taken_error("email")
    key = User.key(new_id(now))
    user = User(key.pk, key.sk, username=username, email=email, created_at=format_timestamp(now))
    writes = models.create_user_writes(user, passwords.hash_password(password))
    try:
        transact(
            *writes,
            queue_account_write(user, VERIFY, now),
            audit_public_write(AuditAction.ACCOUNT_REGISTERED, user.id, source=source, now=now),
        )
    except ConditionFailed as failed:
        raise _taken_error("email" if failed.write is writes[1] else "username") from failed
    return user


def resend_verification(*, email: str, source: str | None, now: datetime) -> None:
    """Send a new verification link, which replaces the older one.

    An unknown or verified address gets no email and no error. Raises `TooManyRequests` after too
    many attempts.
    """
    count_attempt("verify", account=canonical_address(email), source=source, now=now)
    user = models.find_user_by_email(email)
    if user is None or not user.is_active or user.is_verified:
        return
    void_older = token_models.void_token_actions(TokenPurpose.VERIFICATION)
    transact(models.update_user_write(user.id, *void_older), queue_account_write(user, VERIFY, now))


def verify_email(*, token: str, source: str | None, now: datetime) -> None:
    """Mark the address as verified. Raises `Invalid` when the token is not valid."""
    verified = one_time_tokens.verify_token(token, TokenPurpose.VERIFICATION, now)
    user = verified.user
    actions = (
        User.is_verified.set(True),
        *token_models.void_token_actions(TokenPurpose.VERIFICATION),
    )
    token_unused = token_models.is_token_unused(TokenPurpose.VERIFICATION, verified.digest)
    try:
        transact(
            models.update_user_write(user.id, *actions, condition=token_unused),
            lift_suppression_write(user.email, now),
            audit_public_write(AuditAction.EMAIL_VERIFIED, user.id, source=source, now=now),
        )
    except ConditionFailed as failed:
        raise one_time_tokens.invalid_token_error() from failed


def update_profile(access: Access, fields: Mapping[str, Any]) -> User:
    """Set the `fields` of the caller's profile that differ, and return the profile.

    A new username moves its claim; a new time zone reschedules the user's reminders, and like
    another `digest_hour` it reschedules the daily digest. The switches in `notifications` and
    `inbox` are changed kind by kind. Raises `Conflict` when the username is taken, and `Invalid`
    when it is too long.
    """
    user = access.user
    _require_storable(str(fields.get("username", user.username)))
    changes = {
        name: value
        for name, value in fields.items()
        if name not in SWITCHES and getattr(user, name) != value
    }
    if changes:
        actions = [set_or_remove(User, name, value) for name, value in changes.items()]
        same_username = User.username == user.username
        writes: list[Write] = [models.update_user_write(user.id, *actions, condition=same_username)]
        username = changes.get("username", user.username)
        if fold_name(username) != fold_name(user.username):
            writes.append(models.release_username_write(user.username, user.id))
            writes.append(models.claim_username_write(username, user.id))
        fields_changed = ", ".join(sorted(changes))
        writes.append(
            audit_write(access, AuditAction.ACCOUNT_UPDATED, user.id, fields=fields_changed)
        )
        if "time_zone" in changes:
            writes += change_time_zone_writes(user.id, access.now)
        try:
            transact(*writes)
        except ConditionFailed as failed:
            raise _taken_error("username") from failed
        for name, value in changes.items():
            setattr(user, name, value)
    if {"digest_hour", "time_zone"} & changes.keys():
        reschedule_digest(user, access.now)
    for channel in SWITCHES & fields.keys():
        user = notification_preferences.set_switches(user, channel, fields[channel])
    return user


def request_email_change(access: Access, *, email: str, password: str, source: str | None) -> None:
    """Send a link to the new address. The account keeps its address until the link is used.

    Raises `Invalid` when the password is wrong, and `TooManyRequests` after too many attempts.
    """
    passwords.require_current_password(access, password, source=source)
    count_attempt("new_email", account=access.user_id, source=source, now=access.now)
    user = access.user
    actions = (User.new_email.set(email), *token_models.void_token_actions(TokenPurpose.NEW_EMAIL))
    transact(
        models.update_user_write(user.id, *actions),
        queue_account_write(user, NEW_EMAIL, access.now),
        audit_write(access, AuditAction.EMAIL_CHANGE_REQUESTED, user.id),
    )


def confirm_email_change(*, token: str, source: str | None, now: datetime) -> None:
    """Give the account its new address, and queue an email to the old one.

    All one-time tokens of the account become invalid. Raises `Invalid` when the token is not valid,
    and `Conflict` when another account has claimed the address since.
    """
    verified = one_time_tokens.verify_token(token, TokenPurpose.NEW_EMAIL, now)
    user = verified.user
    credentials = models.get_credentials(user.email)
    if credentials is None or credentials.user_id != user.id:
        raise one_time_tokens.invalid_token_error()

    actions = (User.email.set(user.new_email), User.is_verified.set(True), User.new_email.remove())
    token_unused = token_models.is_token_unused(TokenPurpose.NEW_EMAIL, verified.digest)
    same_request = token_unused & (User.new_email == user.new_email)
    claim: tuple[Write, ...] = ()
    if canonical_address(user.new_email) != canonical_address(user.email):
        if models.get_earlier_credentials(user.new_email) is not None:
            raise _taken_error("email")
        claim = (
            models.release_email_write(user),
            models.claim_email_write(user.new_email, user.id, credentials.password_hash),
        )
    try:
        transact(
            models.update_user_write(
                user.id, *actions, *token_models.void_token_actions(), condition=same_request
            ),
            *claim,
            queue_account_write(user, EMAIL_CHANGED, now, address=user.email),
            lift_suppression_write(str(user.new_email), now),
            audit_public_write(AuditAction.EMAIL_CHANGED, user.id, source=source, now=now),
        )
    except ConditionFailed as failed:
        # A concurrent request with the same token fails at the release of the old address, a
        # delete. So a failed put can only be the claim on the new address.
        if isinstance(failed.write, Put):
            raise _taken_error("email") from failed
        raise one_time_tokens.invalid_token_error() from failed


def request_deletion(access: Access) -> None:
    """Schedule the deletion of the caller's account in seven days, and end all its sessions.

    A login during the grace period cancels the deletion. Raises `Conflict` naming the projects that
    the caller still owns, except those in the trash.
    """
    memberships = list_memberships(access.user_id)
    owned_ids = [each.project_id for each in memberships if each.role == Role.OWNER]
    errors = tuple(
        FieldError(f"projects.{overview.project.id}", "you own this project")
        for overview in get_project_overviews(owned_ids)
    )
    if errors:
        raise Conflict(
            "Transfer or delete your projects first", code="owns_projects", errors=errors
        )

    leaving_at = format_timestamp(access.now + GRACE_PERIOD)
    index_keys = time_index.build_keys("leaving", leaving_at, access.user_id)
    actions = (
        User.leaving_at.set(leaving_at),
        User.wake_key.set(str(index_keys["wake_key"])),
        User.wake_at.set(leaving_at),
        User.epoch.add(1),
        *token_models.void_token_actions(),
    )
    transact(
        models.update_user_write(access.user_id, *actions),
        queue_account_write(access.user, LEAVING, access.now),
        audit_write(access, AuditAction.DELETION_REQUESTED, access.user_id),
    )


def cancel_deletion(user: User, *, source: str | None, now: datetime) -> None:
    """Cancel a requested deletion of the account, if there is one; `source` is the address of the
    request.

    Raises `Unauthenticated` when the account is being deleted at the same time.
    """
    if user.leaving_at is None:
        return
    actions = (User.leaving_at.remove(), User.wake_key.remove(), User.wake_at.remove())
    try:
        transact(
            models.update_user_write(user.id, *actions),
            audit_public_write(AuditAction.DELETION_CANCELED, user.id, source=source, now=now),
        )
    except ConditionFailed as failed:
        raise Unauthenticated() from failed


def _require_storable(username: str) -> None:
    """Raise `Invalid` for a username that is too long for a key.

    The request body limits its length too, but folding can make a text longer.
    """
    if len(fold_name(username)) > FOLDED_USERNAME_MAX:
        raise Invalid(errors=(FieldError("username", "is too long"),))


def _taken_error(field: str) -> Conflict:
    error = FieldError(field, f"this {field} is taken; choose another")
    return Conflict(error.message, code=f"{field}_taken", errors=(error,))
