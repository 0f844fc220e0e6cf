"""Invitations of addresses that no account has verified: made, sent again, revoked, accepted,
declined.

An invitation is over after seven days, with its project, and when its inviter may not let people in
any more. Whoever holds the token of its mail may accept it, and whoever is signed in with its
address, verified (see docs/decisions/0020-an-invitation-token-is-sufficient.md).
"""

import secrets
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.access.permissions import MANAGERS, Action, Role, is_allowed
from chalicelib.access.service import Access, ProjectAccess
from chalicelib.accounts.models import User
from chalicelib.accounts.one_time_tokens import invalid_token_error
from chalicelib.dynamodb.ids import ID_LENGTH, new_id
from chalicelib.dynamodb.pages import Page, fill_page
from chalicelib.dynamodb.table import BatchResult, Key, batch_get
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import Conflict, NotFound
from chalicelib.mail.notifications import queue_invitation_write
from chalicelib.members import invitation_models, models
from chalicelib.members.invitation_models import VALID_FOR, Invitation, InvitationLookup
from chalicelib.members.models import Member
from chalicelib.projects.models import Project, update_live_project_write
from chalicelib.sessions.credentials import hash_secret
from chalicelib.sessions.throttling import count_daily_attempt


class OpenInvitation(NamedTuple):
    """An invitation that can be accepted: to what, and from whom."""

    invitation: Invitation
    project: Project
    inviter: User


def create_invitation(access: ProjectAccess, *, email: str, role: Role) -> Invitation:
    """Invite an address; a mail goes out. Raises `Conflict` while it has an
    invitation to the project, `TooManyRequests` beyond a day's share of caller or address."""
    count_daily_attempt("invite", account=access.user_id, address=email, now=access.now)
    until = access.now + VALID_FOR
    key = Invitation.key(access.project.id, new_id(access.now))
    invitation = Invitation(
        key.pk,
        key.sk,
        email=email,
        role=str(role),
        inviter=access.user_id,
        created_at=format_timestamp(access.now),
        valid_until=format_timestamp(until),
        expires_at=to_epoch_seconds(until),
    )
    letter = queue_invitation_write(invitation, access.now)
    try:
        transact(*invitation_models.create_invitation_writes(invitation, access.now), letter)
    except ConditionFailed as failed:
        detail = "This address is invited already; resend or revoke that invitation"
        raise Conflict(detail, code="already_invited") from failed
    return invitation


def list_invitations(
    access: ProjectAccess, *, limit: int, start: dict[str, Any] | None
) -> Page[Invitation]:
    """A page of the project's invitations that are not over."""

    def read(**which: Any) -> Page[Invitation]:
        page = invitation_models.list_project_invitations(access.project.id, **which)
        return Page([each for each in page.rows if each.is_open(access.now)], page.last_key)

    return fill_page(read, limit=limit, start=start)


def resend_invitation(access: ProjectAccess, invitation_id: str) -> Invitation:
    """Send a new link, good for seven days, which voids the older; from now on the caller is who
    invites. Raises `NotFound`."""
    invitation = _one(access, invitation_id)
    count_daily_attempt("invite", account=access.user_id, address=invitation.email, now=access.now)
    again = invitation_models.resend_invitation_writes(invitation, access.user_id, access.now)
    try:
        transact(*again, queue_invitation_write(invitation, access.now))
    except ConditionFailed as failed:
        raise Conflict("The invitation was changed at the same moment") from failed
    return invitation


def revoke_invitation(access: ProjectAccess, invitation_id: str) -> None:
    """Take an invitation back. Raises `NotFound`."""
    _end(_one(access, invitation_id), access)


def list_received_invitations(access: Access) -> list[OpenInvitation]:
    """What the caller's address is invited to, once it is verified."""
    edges = _edges(access)
    in_already = batch_get(*(Member.key(edge.project_id, access.user_id) for edge in edges))
    return [
        offer
        for offer in find_open_invitations(
            [Invitation.key(e.project_id, e.invitation_id) for e in edges], access.now
        )
        if in_already.get(Member.key(offer.project.id, access.user_id)) is None
    ]


def accept_invitation(access: Access, invitation_id: str) -> OpenInvitation:
    """Become a member by an invitation of one's own verified address. Raises `NotFound`,
    `Conflict` for who is a member and for a project that is archived."""
    offer = _of_mine(access, invitation_id)
    return _join(
        access, offer, invitation_models.end_invitation_writes(offer.invitation, access.now)
    )


def accept_invitation_token(access: Access, token: str) -> OpenInvitation:
    """Become a member by the link of a mail, whatever address the caller's account has: who holds
    the token has read that mail. Raises `Invalid` for a token that is wrong, used, replaced or
    over, else as `accept`."""
    invitation_id, project_id = (token[:ID_LENGTH], token[ID_LENGTH : 2 * ID_LENGTH])
    found = find_open_invitations([Invitation.key(project_id, invitation_id)], access.now)
    expected = found[0].invitation.token if found else None
    if expected is None or not secrets.compare_digest(expected, hash_secret(token)):
        raise invalid_token_error()
    try:
        return _join(
            access,
            found[0],
            invitation_models.end_invitation_writes(found[0].invitation, access.now, expected),
        )
    except NotFound as error:
        raise invalid_token_error() from error


def decline_invitation(access: Access, invitation_id: str) -> None:
    """Refuse an invitation of one's own verified address. Raises `NotFound`."""
    _end(_of_mine(access, invitation_id).invitation, access)


def find_open_invitations(keys: list[Key[Invitation]], now: datetime) -> list[OpenInvitation]:
    """Those invitations that can be accepted: they are not over, the project is there, and who
    invited may still let people in."""
    rows = batch_get(*keys)
    found = [each for key in keys if (each := rows.get(key)) and each.is_open(now)]
    around = batch_get(*(key for each in found for key in _around(each)))
    return [offer for each in found if (offer := _standing(each, around))]


def _around(invitation: Invitation) -> tuple[Key[Project], Key[Member], Key[User]]:
    project_id, inviter = invitation.project_id, invitation.inviter
    return Project.key(project_id), Member.key(project_id, inviter), User.key(inviter)


def _standing(invitation: Invitation, rows: BatchResult) -> OpenInvitation | None:
    project_key, member_key, inviter_key = _around(invitation)
    project, member, inviter = rows.get(project_key), rows.get(member_key), rows.get(inviter_key)
    if project is None or project.deleted_at is not None or inviter is None:
        return None
    holds = (
        member is not None and is_allowed(member.role, Action.MANAGE_MEMBERS) and inviter.is_active
    )
    return OpenInvitation(invitation, project, inviter) if holds else None


def _join(access: Access, offer: OpenInvitation, ending: tuple[Write, ...]) -> OpenInvitation:
    invitation, project_id = offer.invitation, offer.project.id
    if offer.project.archived_at is not None:
        raise Conflict("The project is archived; unarchive it first", code="archived")
    if models.get_member(project_id, access.user_id) is not None:
        raise already_member_error()
    joining = models.add_member_writes(
        models.new_member(project_id, access.user_id, invitation.role, access.now)
    )
    counting = update_live_project_write(project_id, Project.members_count.add(1))
    entitled = models.member_check(project_id, invitation.inviter, MANAGERS)
    try:
        transact(*ending, *joining, counting, entitled)
    except ConditionFailed as failed:
        if failed.write in joining:
            raise already_member_error() from failed
        raise NotFound() from failed
    return offer


def already_member_error() -> Conflict:
    return Conflict("This person is a member already", code="already_member")


def _end(invitation: Invitation, access: Access) -> None:
    try:
        transact(*invitation_models.end_invitation_writes(invitation, access.now))
    except ConditionFailed as failed:
        raise NotFound() from failed


def _one(access: ProjectAccess, invitation_id: str) -> Invitation:
    invitation = invitation_models.get_invitation(access.project.id, invitation_id)
    if invitation is None or not invitation.is_open(access.now):
        raise NotFound()
    return invitation


def _edges(access: Access) -> list[InvitationLookup]:
    """What the caller's address is invited to. One that is not verified may be anybody's."""
    return (
        list(invitation_models.list_invitations_to(access.user.email))
        if access.user.is_verified
        else []
    )


def _of_mine(access: Access, invitation_id: str) -> OpenInvitation:
    keys = [
        Invitation.key(edge.project_id, edge.invitation_id)
        for edge in _edges(access)
        if edge.invitation_id == invitation_id
    ]
    found = find_open_invitations(keys, access.now)
    if not found:
        raise NotFound()
    return found[0]
