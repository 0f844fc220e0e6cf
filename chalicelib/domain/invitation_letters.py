"""The mail that invites somebody without an account. Nothing that a person wrote stands outside its
body, and in the body only the project's name."""

import secrets
from datetime import datetime

from chalicelib import settings
from chalicelib.domain import invitations as rules
from chalicelib.domain.credentials import digest
from chalicelib.domain.one_time import SECRET_BYTES
from chalicelib.domain.stationery import Letter, filled, one_line
from chalicelib.store import ids, invitations
from chalicelib.store.invitations import Invitation
from chalicelib.store.outbox import Mail
from chalicelib.store.transaction import ConditionFailed, transact

SUBJECT = "You are invited to a project"


def invite(owed: Mail, now: datetime) -> Letter | None:
    """The mail with a fresh token; None when the invitation is over or a later mail is owed."""
    key = Invitation.key(ids.project_of(owed.recipient), owed.recipient[: ids.LENGTH])
    offer = next(iter(rules.offers([key], now)), None)
    if offer is None or offer.invitation.sending != owed.epoch:
        return None
    token = f"{owed.recipient}.{secrets.token_urlsafe(SECRET_BYTES)}"
    try:
        transact(invitations.with_token(offer.invitation, digest(token)))
    except ConditionFailed:
        return None
    return filled(
        "invitation",
        SUBJECT,
        to=offer.invitation.email,
        link=f"{settings.APP_URL}/invitation?token={token}",
        user=None,
        project=one_line(offer.project.name),
        role=offer.invitation.role,
    )
