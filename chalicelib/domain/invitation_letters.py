"""The mail that invites somebody without an account. Nothing that a person wrote stands outside its
body, and in the body only the project's name."""

import secrets
from datetime import datetime

from chalicelib import settings
from chalicelib.domain import invitations as rules
from chalicelib.domain import notices, unsubscribing
from chalicelib.domain.credentials import digest
from chalicelib.domain.one_time import SECRET_BYTES
from chalicelib.domain.stationery import Letter, filled, one_line
from chalicelib.store import ids, invitations, suppressions
from chalicelib.store.invitations import Invitation
from chalicelib.store.outbox import Mail
from chalicelib.store.transaction import ConditionFailed, transact

SUBJECT = "You are invited to a project"


def invite(owed: Mail, now: datetime) -> Letter | None:
    """The mail with a fresh token; None when the invitation is over, a later mail is owed, or its
    address wants no invitations."""
    key = Invitation.key(ids.project_of(owed.recipient), owed.recipient[: ids.LENGTH])
    offer = next(iter(rules.offers([key], now)), None)
    if offer is None or offer.invitation.sending != owed.epoch:
        return None
    email = offer.invitation.email
    if not suppressions.wants_invitations(email):
        return None
    token = f"{owed.recipient}.{secrets.token_urlsafe(SECRET_BYTES)}"
    try:
        transact(invitations.with_token(offer.invitation, digest(token)))
    except ConditionFailed:
        return None
    return filled(
        "invitation",
        SUBJECT,
        to=email,
        link=f"{settings.APP_URL}/invitation?token={token}",
        unsubscribe=unsubscribing.link(suppressions.digest(email), notices.INVITATION),
        user=None,
        project=one_line(offer.project.name),
        role=offer.invitation.role,
    )
