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

from chalicelib.store import table
from chalicelib.store.table import Key, Page, Row
from chalicelib.store.times import epoch, stamp
from chalicelib.store.transaction import Delete, Put, Update, Write
from chalicelib.store.users import folded

VALID_FOR = timedelta(days=7)


class Invitation(Row):
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
        return self.valid_until > stamp(now)


class Invited(Row):
    """The invited person's side."""

    invitation_id = UnicodeAttribute()
    valid_until = UnicodeAttribute()

    @staticmethod
    def key(email: str, project_id: str) -> "Key[Invited]":
        return Key(Invited, _partition(email), f"PROJECT#{project_id}")

    @property
    def project_id(self) -> str:
        return self.SK.removeprefix("PROJECT#")


def made(invitation: Invitation, now: datetime) -> tuple[Put, Put]:
    """The writes of a new invitation; they hold while its address has none to the project."""
    key = Invited.key(invitation.email, invitation.project_id)
    invited = Invited(
        key.pk,
        key.sk,
        invitation_id=invitation.id,
        valid_until=invitation.valid_until,
        expires_at=invitation.expires_at,
    )
    none = Invited.PK.does_not_exist() | (Invited.valid_until <= stamp(now))
    return Put(invitation), Put(invited, none)


def sent_again(invitation: Invitation, inviter: str, now: datetime) -> tuple[Write, Write]:
    """The writes that begin its seven days anew, on behalf of `inviter`, and void the token that is
    out; `invitation` is as it stands afterwards. They hold unless it was sent again meanwhile."""
    last, until = Invitation.sending == invitation.sending, now + VALID_FOR
    invitation.inviter, invitation.valid_until = inviter, stamp(until)
    invitation.sending += 1
    actions = (
        Invitation.inviter.set(inviter),
        Invitation.sending.set(invitation.sending),
        Invitation.valid_until.set(stamp(until)),
        Invitation.expires_at.set(epoch(until)),
        Invitation.token.remove(),
    )
    longer = (Invited.valid_until.set(stamp(until)), Invited.expires_at.set(epoch(until)))
    edge = Invited.key(invitation.email, invitation.project_id)
    key = Invitation.key(invitation.project_id, invitation.id)
    return Update(key, actions, last), Update(edge, longer)


def with_token(invitation: Invitation, digest: str) -> Update:
    """The write that keeps the token of the mail in hand, unless a later mail is owed by now."""
    same = Invitation.PK.exists() & (Invitation.sending == invitation.sending)
    key = Invitation.key(invitation.project_id, invitation.id)
    return Update(key, (Invitation.token.set(digest),), same)


def ended(invitation: Invitation, now: datetime, token: str | None = None) -> tuple[Delete, Delete]:
    """The writes that end it, once: they hold while it is open and, if its digest is given, while
    the token is in force."""
    there = Invitation.valid_until > stamp(now)
    as_read = there if token is None else there & (Invitation.token == token)
    edge = Invited.key(invitation.email, invitation.project_id)
    return (
        Delete(Invitation.key(invitation.project_id, invitation.id), as_read),
        Delete(edge, _of(invitation)),
    )


def withdrawn(invited: Invited) -> tuple[Delete, Delete]:
    """The writes that end an invitation whose address needs none any more."""
    key = Key(Invited, invited.PK, invited.SK)
    return Delete(key), Delete(Invitation.key(invited.project_id, invited.invitation_id))


def by_id(project_id: str, invitation_id: str) -> Invitation | None:
    return table.get(Invitation.key(project_id, invitation_id))


def of_project(project_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[Invitation]:
    """A page of a project's invitations, newest first, those that are over too."""
    ours = Invitation.SK.startswith("INVITE#")
    return table.query(
        Invitation, f"PROJECT#{project_id}", ours, limit=limit, start=start, newest_first=True
    )


def of_address(email: str) -> Iterator[Invited]:
    """What an address is invited to, the newest project first."""
    return table.query_all(Invited, _partition(email), newest_first=True)


def to_project(email: str, project_id: str) -> Invited | None:
    return table.get(Invited.key(email, project_id))


def _of(invitation: Invitation) -> Condition:
    condition: Condition = Invited.PK.does_not_exist() | (Invited.invitation_id == invitation.id)
    return condition


def _partition(email: str) -> str:
    return f"INVITED#{hashlib.sha256(folded(email).encode()).hexdigest()}"
