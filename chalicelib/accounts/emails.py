"""Emails about the account itself.

Each builder returns None when the reason for its email no longer applies.
"""

from datetime import datetime

from chalicelib import settings
from chalicelib.accounts import models, one_time_tokens
from chalicelib.accounts.models import User
from chalicelib.accounts.token_models import TokenPurpose
from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.rendering import Email, render_email
from chalicelib.tasks.due_dates import describe_day, local_date


def build_verification_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email with the link that verifies the account's address."""
    user = _get_recipient(mail, same_password=True)
    if user is None or user.is_verified:
        return None
    subject = "Confirm your address"
    return _build_link_email("verify", subject, user, TokenPurpose.VERIFICATION, now, user.email)


def build_password_reset_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email with the link to choose a new password."""
    user = _get_recipient(mail, same_password=True)
    if user is None:
        return None
    subject = "Choose a new password"
    return _build_link_email("reset", subject, user, TokenPurpose.RESET, now, user.email)


def build_email_change_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email to the requested new address, with the link that confirms it."""
    user = _get_recipient(mail, same_password=True)
    if user is None or user.new_email is None:
        return None
    subject = "Confirm your new address"
    return _build_link_email(
        "new_email", subject, user, TokenPurpose.NEW_EMAIL, now, user.new_email
    )


def build_password_changed_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email that tells a user that their password was changed."""
    user = _get_recipient(mail)
    if user is None:
        return None
    subject, link = "Your password was changed", f"{settings.APP_URL}/forgot-password"
    return render_email("password_changed", subject, to=user.email, link=link, user=user)


def build_email_changed_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email that tells the old address that the account has a new one."""
    user = _get_recipient(mail)
    if user is None:
        return None
    subject, link = "The address of your account was changed", settings.APP_URL
    return render_email("email_changed", subject, to=mail.address, link=link, user=user)


def build_deletion_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email that announces the deletion of the account and its day."""
    user = _get_recipient(mail)
    if user is None or user.leaving_at is None:
        return None
    subject, link = "Your account will be deleted", f"{settings.APP_URL}/login"
    day = describe_day(local_date(parse_timestamp(user.leaving_at), user.time_zone))
    return render_email("leaving", subject, to=user.email, link=link, user=user, day=day)


def _get_recipient(mail: OutboxMail, *, same_password: bool = False) -> User | None:
    """Return the recipient if their account is active.

    With `same_password`, return None when the password has changed since the mail was queued: the
    change cancels the links that were requested before it.
    """
    user = models.get_user(mail.recipient)
    if user is None or not user.is_active:
        return None
    if same_password and user.epoch != mail.epoch:
        return None
    return user


def _build_link_email(
    template: str, subject: str, user: User, purpose: TokenPurpose, now: datetime, to: str
) -> Email | None:
    """Issue a one-time token and return the email whose link contains it."""
    token = one_time_tokens.issue_token(user, purpose, now)
    if token is None:
        return None
    link = f"{settings.APP_URL}/{template.replace('_', '-')}?token={token}"
    return render_email(template, subject, to=to, link=link, user=user)
