"""Invitations: two rows written together, as those of a membership are.

`INVITE#` under the project says what is offered to whom; `PROJECT#` under the invited address, of
which only a digest stands there, which projects one is invited to. Both end with `valid_until`,
whenever time-to-live removes them.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.accounts.models import normalize_identifier
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, get_item, query_all, query_page
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import Delete, Put, Update, Write

VALID_FOR = timedelta(days=7)


class Invitation(Item):
    """The project's side. `sending` grows with each mail that is owed; `token` is the digest of the
    one in the last mail."""

    email = UnicodeAttribute()
    role = UnicodeAttribute()
    inviter = UnicodeAttribute()
    created_at = UnicodeAttribute()
    valid_until = UnicodeAttribute()
    sending = NumberAttribute(default=1)
    token = UnicodeAttribute(null=True)

    @staticmethod
    def key(project_id: str, invitation_id: str) -> "Key[Invitation]":
        return Key(Invitation, f"PROJECT#{project_id}", f"INVITE#{invitation_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("INVITE#")

    @property
    def project_id(self) -> str:
        return self.PK.removeprefix("PROJECT#")

    def is_open(self, now: datetime) -> bool:
        return self.valid_until > format_timestamp(now)


class InvitationLookup(Item):
    """The invited person's side."""

    invitation_id = UnicodeAttribute()
    valid_until = UnicodeAttribute()

    @staticmethod
    def key(email: str, project_id: str) -> "Key[InvitationLookup]":
        return Key(InvitationLookup, _partition(email), f"PROJECT#{project_id}")

    @property
    def project_id(self) -> str:
        return self.SK.removeprefix("PROJECT#")


def create_invitation_writes(invitation: Invitation, now: datetime) -> tuple[Put, Put]:
    """The writes of a new invitation; they hold while its address has none to the project."""
    key = InvitationLookup.key(invitation.email, invitation.project_id)
    invited = InvitationLookup(
        key.pk,
        key.sk,
        invitation_id=invitation.id,
        valid_until=invitation.valid_until,
        expires_at=invitation.expires_at,
    )
    none = InvitationLookup.PK.does_not_exist() | (
        InvitationLookup.valid_until <= format_timestamp(now)
    )
    return Put(invitation), Put(invited, none)


def resend_invitation_writes(
    invitation: Invitation, inviter: str, now: datetime
) -> tuple[Write, Write]:
    """The writes that begin its seven days anew, on behalf of `inviter`, and void the token that is
    out; `invitation` is as it stands afterwards. They hold unless it was sent again meanwhile."""
    last, until = Invitation.sending == invitation.sending, now + VALID_FOR
    invitation.inviter, invitation.valid_until = inviter, format_timestamp(until)
    invitation.sending += 1
    actions = (
        Invitation.inviter.set(inviter),
        Invitation.sending.set(invitation.sending),
        Invitation.valid_until.set(format_timestamp(until)),
        Invitation.expires_at.set(to_epoch_seconds(until)),
        Invitation.token.remove(),
    )
    longer = (
        InvitationLookup.valid_until.set(format_timestamp(until)),
        InvitationLookup.expires_at.set(to_epoch_seconds(until)),
    )
    edge = InvitationLookup.key(invitation.email, invitation.project_id)
    key = Invitation.key(invitation.project_id, invitation.id)
    return Update(key, actions, last), Update(edge, longer)


def set_invitation_token_write(invitation: Invitation, digest: str) -> Update:
    """The write that keeps the token of the mail in hand, unless a later mail is owed by now."""
    same = Invitation.PK.exists() & (Invitation.sending == invitation.sending)
    key = Invitation.key(invitation.project_id, invitation.id)
    return Update(key, (Invitation.token.set(digest),), same)


def end_invitation_writes(
    invitation: Invitation, now: datetime, token: str | None = None
) -> tuple[Delete, Delete]:
    """The writes that end it, once: they hold while it is open and, if its digest is given, while
    the token is in force."""
    there = Invitation.valid_until > format_timestamp(now)
    as_read = there if token is None else there & (Invitation.token == token)
    edge = InvitationLookup.key(invitation.email, invitation.project_id)
    return (
        Delete(Invitation.key(invitation.project_id, invitation.id), as_read),
        Delete(edge, _of(invitation)),
    )


def withdraw_invitation_writes(invited: InvitationLookup) -> tuple[Delete, Delete]:
    """The writes that end an invitation whose address needs none any more."""
    key = Key(InvitationLookup, invited.PK, invited.SK)
    return Delete(key), Delete(Invitation.key(invited.project_id, invited.invitation_id))


def get_invitation(project_id: str, invitation_id: str) -> Invitation | None:
    return get_item(Invitation.key(project_id, invitation_id))


def list_project_invitations(
    project_id: str, *, limit: int, start: dict[str, Any] | None
) -> Page[Invitation]:
    """A page of a project's invitations, newest first, those that are over too."""
    ours = Invitation.SK.startswith("INVITE#")
    return query_page(
        Invitation, f"PROJECT#{project_id}", ours, limit=limit, start=start, newest_first=True
    )


def list_invitations_to(email: str) -> Iterator[InvitationLookup]:
    """What an address is invited to, the newest project first."""
    return query_all(InvitationLookup, _partition(email), newest_first=True)


def find_invitation_to_project(email: str, project_id: str) -> InvitationLookup | None:
    return get_item(InvitationLookup.key(email, project_id))


def _of(invitation: Invitation) -> Condition:
    condition: Condition = InvitationLookup.PK.does_not_exist() | (
        InvitationLookup.invitation_id == invitation.id
    )
    return condition


def _partition(email: str) -> str:
    return f"INVITED#{hashlib.sha256(normalize_identifier(email).encode()).hexdigest()}"
