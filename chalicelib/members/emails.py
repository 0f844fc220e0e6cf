"""The mail that invites somebody without an account. Nothing that a person wrote stands outside its
body, and in the body only the project's name."""

import secrets
from datetime import datetime

from chalicelib import settings
from chalicelib.accounts.one_time_tokens import SECRET_BYTES
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


def build_invitation_email(owed: OutboxMail, now: datetime) -> Email | None:
    """The mail with a fresh token; None when the invitation is over, a later mail is owed, or its
    address wants no invitations."""
    key = Invitation.key(project_id_of(owed.recipient), owed.recipient[:ID_LENGTH])
    offer = next(iter(invitations.find_open_invitations([key], now)), None)
    if offer is None or offer.invitation.sending != owed.epoch:
        return None
    email = offer.invitation.email
    if not accepts_invitations(email):
        return None
    token = f"{owed.recipient}.{secrets.token_urlsafe(SECRET_BYTES)}"
    try:
        transact(invitation_models.set_invitation_token_write(offer.invitation, hash_secret(token)))
    except ConditionFailed:
        return None
    return render_email(
        "invitation",
        SUBJECT,
        to=email,
        link=f"{settings.APP_URL}/invitation?token={token}",
        unsubscribe=build_unsubscribe_link(hash_address(email), INVITATION),
        user=None,
        project=to_single_line(offer.project.name),
        role=offer.invitation.role,
    )
