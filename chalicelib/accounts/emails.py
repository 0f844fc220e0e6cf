"""Mails about the account itself: what each says. None when the reason has gone."""

from datetime import datetime

from chalicelib import settings
from chalicelib.accounts import models, one_time_tokens
from chalicelib.accounts.models import TokenPurpose, User
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.rendering import Email, render_email


def build_verification_email(owed: OutboxMail, now: datetime) -> Email | None:
    user = _get_recipient_with_same_password(owed)
    if user is None or user.is_verified:
        return None
    return _build_email_with_token(
        "verify", "Confirm your address", user, TokenPurpose.VERIFICATION, now
    )


def build_password_reset_email(owed: OutboxMail, now: datetime) -> Email | None:
    user = _get_recipient_with_same_password(owed)
    if user is None:
        return None
    return _build_email_with_token("reset", "Choose a new password", user, TokenPurpose.RESET, now)


def build_email_change_email(owed: OutboxMail, now: datetime) -> Email | None:
    user = _get_recipient_with_same_password(owed)
    if user is None or user.new_email is None:
        return None
    subject, to = "Confirm your new address", user.new_email
    return _build_email_with_token("new_email", subject, user, TokenPurpose.NEW_EMAIL, now, to=to)


def build_password_changed_email(owed: OutboxMail, now: datetime) -> Email | None:
    user = _get_recipient(owed)
    if user is None:
        return None
    subject, link = "Your password was changed", f"{settings.APP_URL}/forgot-password"
    return render_email("password_changed", subject, to=user.email, link=link, user=user)


def build_email_changed_email(owed: OutboxMail, now: datetime) -> Email | None:
    user = _get_recipient(owed)
    if user is None:
        return None
    subject, link = "The address of your account was changed", settings.APP_URL
    return render_email("email_changed", subject, to=owed.address, link=link, user=user)


def build_deletion_email(owed: OutboxMail, now: datetime) -> Email | None:
    user = _get_recipient(owed)
    if user is None or user.leaving_at is None:
        return None
    subject = "Your account will be deleted"
    link = f"{settings.APP_URL}/login"
    return render_email(
        "leaving", subject, to=user.email, link=link, user=user, day=user.leaving_at[:10]
    )


def _get_recipient(owed: OutboxMail) -> User | None:
    user = models.get_user(owed.recipient)
    return user if user is not None and user.is_active else None


def _get_recipient_with_same_password(owed: OutboxMail) -> User | None:
    """The account, unless its password was changed since: that voids what was asked for before."""
    user = _get_recipient(owed)
    return user if user is not None and user.epoch == owed.epoch else None


def _build_email_with_token(
    template: str, subject: str, user: User, purpose: TokenPurpose, now: datetime, to: str = ""
) -> Email | None:
    token = one_time_tokens.issue_token(user, purpose, now)
    if token is None:
        return None
    link = f"{settings.APP_URL}/{template.replace('_', '-')}?token={token}"
    return render_email(template, subject, to=to or user.email, link=link, user=user)
