"""Emails that tell a user that an identity was linked to their account, or unlinked from it.

They contain the id of the provider. The function that sends emails has no list of providers, so it
does not know the name.
"""

from datetime import datetime

from chalicelib import settings
from chalicelib.accounts.models import get_user
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import identity_provider_id
from chalicelib.mail.rendering import Email, render_email


def build_identity_linked_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email that tells of a linked identity."""
    return _build_email(mail, "identity_linked", "A sign-in was linked to your account")


def build_identity_unlinked_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email that tells of an unlinked identity."""
    return _build_email(mail, "identity_unlinked", "A sign-in was unlinked from your account")


def _build_email(mail: OutboxMail, template: str, subject: str) -> Email | None:
    user = get_user(str(mail.recipient))
    if user is None or not user.is_active:
        return None
    return render_email(
        template,
        subject,
        to=user.email,
        link=f"{settings.APP_URL}/account/security",
        user=user,
        provider=identity_provider_id(mail),
    )
