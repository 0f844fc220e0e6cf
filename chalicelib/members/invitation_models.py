"""Invitations. Each is two items that are written together, like a membership.

`INVITE#` under the project says which address has which role offered; `PROJECT#` under a digest of
the address says which projects invite it. Both are invalid after `valid_until`, although DynamoDB's
time to live may delete them later.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, get_item, query_all, query_page
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import Delete, Put, UnconditionalPut, Update, Write
from chalicelib.email_addresses import canonical_address

VALID_FOR = timedelta(days=7)


class Invitation(Item):
    """The item of an invitation in the project's partition.

    `sending` increases with each queued email. `token` is the digest of the token in the last one.
    """

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
        """Return whether the invitation has not expired."""
        return self.valid_until > format_timestamp(now)


class InvitationLookup(Item):
    """The item of an invitation in the partition of the invited address."""

    invitation_id = UnicodeAttribute()
    valid_until = UnicodeAttribute()

    @staticmethod
    def key(email: str, project_id: str) -> "Key[InvitationLookup]":
        return Key(InvitationLookup, _address_partition(email), f"PROJECT#{project_id}")

    @property
    def project_id(self) -> str:
        return self.SK.removeprefix("PROJECT#")


def _address_partition(email: str) -> str:
    return f"INVITED#{hashlib.sha256(canonical_address(email).encode()).hexdigest()}"


def create_invitation_writes(invitation: Invitation, now: datetime) -> tuple[Put, Put]:
    """Return the writes of a new invitation. The second fails when the address has an invitation to
    the project that has not expired."""
    key = InvitationLookup.key(invitation.email, invitation.project_id)
    lookup = InvitationLookup(
        key.pk,
        key.sk,
        invitation_id=invitation.id,
        valid_until=invitation.valid_until,
        expires_at=invitation.expires_at,
    )
    is_free = InvitationLookup.PK.does_not_exist() | (
        InvitationLookup.valid_until <= format_timestamp(now)
    )
    return Put(invitation), Put(lookup, is_free)


def resend_invitation_writes(
    invitation: Invitation, inviter: str, now: datetime
) -> tuple[Write, Write]:
    """Return the writes that make an invitation valid for seven days again and revoke its token.

    The new inviter is the user with the id `inviter`. Changes `invitation` accordingly. The first
    write fails when the invitation was sent again since it was read.
    """
    is_unchanged = Invitation.sending == invitation.sending
    until = now + VALID_FOR
    valid_until, expires_at = format_timestamp(until), to_epoch_seconds(until)
    invitation.inviter, invitation.valid_until = inviter, valid_until
    invitation.sending += 1

    update_invitation = Update(
        Invitation.key(invitation.project_id, invitation.id),
        (
            Invitation.inviter.set(inviter),
            Invitation.sending.set(invitation.sending),
            Invitation.valid_until.set(valid_until),
            Invitation.expires_at.set(expires_at),
            Invitation.token.remove(),
        ),
        is_unchanged,
    )
    # The whole item, because an earlier version may have stored it under another spelling.
    lookup_key = InvitationLookup.key(invitation.email, invitation.project_id)
    lookup = InvitationLookup(
        lookup_key.pk,
        lookup_key.sk,
        invitation_id=invitation.id,
        valid_until=valid_until,
        expires_at=expires_at,
    )
    return update_invitation, UnconditionalPut(lookup)


def set_invitation_token_write(invitation: Invitation, digest: str) -> Update:
    """Return the write that stores the digest of the token in the email to be sent.

    It fails when a later email was queued, or when the invitation has ended.
    """
    is_latest = Invitation.PK.exists() & (Invitation.sending == invitation.sending)
    key = Invitation.key(invitation.project_id, invitation.id)
    return Update(key, (Invitation.token.set(digest),), is_latest)


def end_invitation_writes(
    invitation: Invitation, now: datetime, token: str | None = None
) -> tuple[Delete, Delete]:
    """Return the writes that delete an invitation.

    They fail when the invitation has expired or does not exist, and, if `token` (the digest of a
    token) is given, when it is not the current one.
    """
    is_open = Invitation.valid_until > format_timestamp(now)
    if token is not None:
        is_open &= Invitation.token == token
    # The lookup item of an expired invitation may have been replaced by that of a later one.
    is_own_lookup = InvitationLookup.PK.does_not_exist() | (
        InvitationLookup.invitation_id == invitation.id
    )
    lookup_key = InvitationLookup.key(invitation.email, invitation.project_id)
    return (
        Delete(Invitation.key(invitation.project_id, invitation.id), is_open),
        Delete(lookup_key, is_own_lookup),
    )


def withdraw_invitation_writes(lookup: InvitationLookup) -> tuple[Delete, Delete]:
    """Return the writes that delete an invitation because its address needs it no longer."""
    return (
        Delete(Key(InvitationLookup, lookup.PK, lookup.SK)),
        Delete(Invitation.key(lookup.project_id, lookup.invitation_id)),
    )


def list_project_invitations(
    project_id: str, *, limit: int, start: dict[str, Any] | None
) -> Page[Invitation]:
    """Return a page of the project's invitations, newest first, including expired ones."""
    return query_page(
        Invitation,
        f"PROJECT#{project_id}",
        Invitation.SK.startswith("INVITE#"),
        limit=limit,
        start=start,
        newest_first=True,
    )


def list_invitations_to(email: str) -> Iterator[InvitationLookup]:
    """Yield the invitations to an address, newest project first, including expired ones."""
    return query_all(InvitationLookup, _address_partition(email), newest_first=True)


def find_invitation_to_project(email: str, project_id: str) -> InvitationLookup | None:
    """Return the invitation of the address to the project, or None."""
    return get_item(InvitationLookup.key(email, project_id))
