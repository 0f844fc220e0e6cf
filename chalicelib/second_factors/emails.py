"""Emails that tell a user of changes of their second factors."""

from datetime import datetime
from typing import Any

from chalicelib import settings
from chalicelib.accounts.models import get_user
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.rendering import Email, render_email
from chalicelib.second_factors.models import get_second_factor
from chalicelib.second_factors.service import count_recovery_codes


def build_factor_added_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email that tells of a new second factor."""
    return _build_email(mail, "factor_added", "A second factor was added to your account")


def build_factor_removed_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email that tells of a removed second factor."""
    return _build_email(mail, "factor_removed", "A second factor was removed from your account")


def build_factors_reset_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email that tells that site staff removed all second factors."""
    return _build_email(mail, "factors_reset", "The second factors of your account were removed")


def build_recovery_code_used_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email that tells of a used recovery code, and how many are left."""
    left = count_recovery_codes(get_second_factor(str(mail.recipient)))
    return _build_email(mail, "recovery_code_used", "A recovery code was used", left=left)


def _build_email(mail: OutboxMail, template: str, subject: str, **context: Any) -> Email | None:
    user = get_user(str(mail.recipient))
    if user is None or not user.is_active:
        return None
    link = f"{settings.APP_URL}/account/security"
    return render_email(template, subject, to=user.email, link=link, user=user, **context)
