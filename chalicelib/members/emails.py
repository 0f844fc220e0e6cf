"""The invitation email to an address without an account.

It contains one text that a user wrote: the project's name, in its body. The headers contain none.
"""

import secrets
from datetime import datetime

from chalicelib import settings
from chalicelib.accounts.one_time_tokens import SECRET_BYTES
from chalicelib.accounts.user_lookup import find_verified_user_by_email
from chalicelib.dynamodb.ids import ID_LENGTH, project_id_of
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.mail.models import OutboxMail, accepts_invitations, hash_address
from chalicelib.mail.notifications import INVITATION
from chalicelib.mail.rendering import Email, render_email, to_single_line
from chalicelib.mail.unsubscribe import build_unsubscribe_link
from chalicelib.members import invitation_models, invitations
from chalicelib.members.invitation_models import Invitation
from chalicelib.sessions.credentials import hash_secret

SUBJECT = "You are invited to a project"


def build_invitation_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email, with a new token that replaces the older one.

    `mail.recipient` is the invitation's id followed by the project's id. Returns None when the
    invitation cannot be accepted any more, when a later email to its address is queued, when the
    address accepts no invitations, or when its account is being deleted.
    """
    key = Invitation.key(project_id_of(mail.recipient), mail.recipient[:ID_LENGTH])
    found = invitations.find_open_invitations([key], now)
    if not found:
        return None
    invitation, project = found[0].invitation, found[0].project
    if invitation.sending != mail.epoch or not accepts_invitations(invitation.email):
        return None
    account = find_verified_user_by_email(invitation.email)
    if account is not None and account.is_closing:
        return None

    token = f"{mail.recipient}.{secrets.token_urlsafe(SECRET_BYTES)}"
    try:
        transact(invitation_models.set_invitation_token_write(invitation, hash_secret(token)))
    except ConditionFailed:
        return None
    return render_email(
        "invitation",
        SUBJECT,
        to=invitation.email,
        link=f"{settings.APP_URL}/invitation?token={token}",
        unsubscribe=build_unsubscribe_link(hash_address(invitation.email), INVITATION),
        user=None,
        project=to_single_line(project.name),
        role=invitation.role,
    )
