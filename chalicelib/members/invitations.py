"""Invitations of addresses that no account has verified: create, list, resend, revoke, accept,
decline.

An invitation ends after seven days, with its project, and when its inviter may no longer manage
members. A user can accept it with the token from its email, or with an account that has verified
the invited address (docs/decisions/0020-an-invitation-token-is-sufficient.md).
"""

import secrets
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.access.permissions import MANAGERS, Action, Role, is_allowed
from chalicelib.access.service import Access, ProjectAccess
from chalicelib.accounts.models import User
from chalicelib.accounts.one_time_tokens import invalid_token_error
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_write
from chalicelib.dynamodb.ids import ID_LENGTH, new_id
from chalicelib.dynamodb.pages import Page, fill_page
from chalicelib.dynamodb.table import Key, batch_get
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import Conflict, NotFound
from chalicelib.mail.ledger import mask_address
from chalicelib.mail.notifications import queue_invitation_write
from chalicelib.members import invitation_models, models
from chalicelib.members.invitation_models import VALID_FOR, Invitation, InvitationLookup
from chalicelib.members.models import Member
from chalicelib.projects.models import Project, update_live_project_write
from chalicelib.sessions.credentials import hash_secret
from chalicelib.sessions.throttling import count_daily_attempt


class OpenInvitation(NamedTuple):
    """An invitation that can be accepted, with its project and its inviter."""

    invitation: Invitation
    project: Project
    inviter: User


def create_invitation(access: ProjectAccess, *, email: str, role: Role) -> Invitation:
    """Invite an address and queue the email.

    Raises `Conflict` (`already_invited`) when the address has an invitation to the project, and
    `TooManyRequests` at the daily limit of the caller or the address.
    """
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
    try:
        transact(
            *invitation_models.create_invitation_writes(invitation, access.now),
            queue_invitation_write(invitation, access.now),
            audit_write(
                access,
                AuditAction.INVITATION_CREATED,
                access.project.id,
                target=invitation.id,
                role=invitation.role,
                address=mask_address(email),
            ),
        )
    except ConditionFailed as failed:
        detail = "This address is already invited; resend or revoke that invitation"
        raise Conflict(detail, code="already_invited") from failed
    return invitation


def list_invitations(
    access: ProjectAccess, *, limit: int, start: dict[str, Any] | None
) -> Page[Invitation]:
    """Return a page of the project's invitations that have not expired, newest first."""

    def read(**options: Any) -> Page[Invitation]:
        page = access.read(invitation_models.list_project_invitations, access.project.id, **options)
        not_expired = [invitation for invitation in page.items if invitation.is_open(access.now)]
        return Page(not_expired, page.last_key)

    return fill_page(read, limit=limit, start=start)


def resend_invitation(access: ProjectAccess, invitation_id: str) -> Invitation:
    """Queue a new email, with a link that is valid for seven days and replaces the older one.

    The caller becomes the inviter. Raises `NotFound` when the invitation does not exist or has
    expired, `Conflict` when a concurrent request changed it, and `TooManyRequests` at the daily
    limit of the caller or the address.
    """
    invitation = _get_project_invitation(access, invitation_id)
    count_daily_attempt("invite", account=access.user_id, address=invitation.email, now=access.now)
    try:
        transact(
            *invitation_models.resend_invitation_writes(invitation, access.user_id, access.now),
            queue_invitation_write(invitation, access.now),
            _entry(access, AuditAction.INVITATION_RESENT, invitation),
        )
    except ConditionFailed as failed:
        raise Conflict("The invitation was changed at the same moment") from failed
    return invitation


def revoke_invitation(access: ProjectAccess, invitation_id: str) -> None:
    """Delete an invitation. Raises `NotFound` when it does not exist or has expired."""
    invitation = _get_project_invitation(access, invitation_id)
    _delete(access, AuditAction.INVITATION_REVOKED, invitation)


def _get_project_invitation(access: ProjectAccess, invitation_id: str) -> Invitation:
    invitation = access.get_item(Invitation.key(access.project.id, invitation_id))
    if invitation is None or not invitation.is_open(access.now):
        raise NotFound()
    return invitation


def _entry(access: Access, action: AuditAction, invitation: Invitation) -> Write:
    return audit_write(access, action, invitation.project_id, target=invitation.id)


def _delete(access: Access, action: AuditAction, invitation: Invitation) -> None:
    writes = invitation_models.end_invitation_writes(invitation, access.now)
    try:
        transact(*writes, _entry(access, action, invitation))
    except ConditionFailed as failed:
        raise NotFound() from failed


def list_received_invitations(access: Access) -> list[OpenInvitation]:
    """Return the invitations to the caller's verified address that can be accepted."""
    lookups = _list_received(access)
    members = batch_get(*(Member.key(lookup.project_id, access.user_id) for lookup in lookups))
    keys = [Invitation.key(lookup.project_id, lookup.invitation_id) for lookup in lookups]
    return [
        found
        for found in find_open_invitations(keys, access.now)
        if members.get(Member.key(found.project.id, access.user_id)) is None
    ]


def accept_invitation(access: Access, invitation_id: str) -> OpenInvitation:
    """Make the caller a member by an invitation to the caller's verified address.

    Raises `NotFound` when there is no such invitation, and `Conflict` when the caller is already a
    member (`already_member`) or the project is archived (`archived`).
    """
    return _join(access, _get_received_invitation(access, invitation_id))


def accept_invitation_token(access: Access, token: str) -> OpenInvitation:
    """Make the caller a member by the token from an email, whatever address the caller has.

    The token begins with the ids of the invitation and of the project. Raises `Invalid`
    (`invalid_token`) when the token is wrong, used, replaced or expired, and `Conflict` when the
    caller is already a member (`already_member`) or the project is archived (`archived`).
    """
    invitation_id, project_id = token[:ID_LENGTH], token[ID_LENGTH : 2 * ID_LENGTH]
    found = find_open_invitations([Invitation.key(project_id, invitation_id)], access.now)
    digest = found[0].invitation.token if found else None
    if digest is None or not secrets.compare_digest(digest, hash_secret(token)):
        raise invalid_token_error()
    try:
        return _join(access, found[0], digest)
    except NotFound as error:
        raise invalid_token_error() from error


def _join(access: Access, found: OpenInvitation, token: str | None = None) -> OpenInvitation:
    """Add the caller to the project and delete the invitation, in one transaction.

    It fails when the inviter may no longer manage members or, if given, the digest `token` is no
    longer the current one.
    """
    invitation, project = found.invitation, found.project
    if project.archived_at is not None:
        raise Conflict("The project is archived; unarchive it first", code="archived")
    if models.get_member(project.id, access.user_id) is not None:
        raise already_member_error()
    member = models.new_member(project.id, access.user_id, invitation.role, access.now)
    add_member = models.add_member_writes(member)
    try:
        transact(
            *invitation_models.end_invitation_writes(invitation, access.now, token),
            *add_member,
            update_live_project_write(project.id, Project.members_count.add(1)),
            models.member_check(project.id, invitation.inviter, MANAGERS),
            audit_write(
                access,
                AuditAction.MEMBER_JOINED,
                project.id,
                target=access.user_id,
                role=invitation.role,
                invitation=invitation.id,
            ),
        )
    except ConditionFailed as failed:
        if failed.write in add_member:
            raise already_member_error() from failed
        raise NotFound() from failed
    return found


def already_member_error() -> Conflict:
    """Return the error for a user who is already a member of the project."""
    return Conflict("This user is already a member", code="already_member")


def decline_invitation(access: Access, invitation_id: str) -> None:
    """Delete an invitation to the caller's verified address. Raises `NotFound` when there is no
    such invitation."""
    invitation = _get_received_invitation(access, invitation_id).invitation
    _delete(access, AuditAction.INVITATION_DECLINED, invitation)


def _get_received_invitation(access: Access, invitation_id: str) -> OpenInvitation:
    keys = [
        Invitation.key(lookup.project_id, invitation_id)
        for lookup in _list_received(access)
        if lookup.invitation_id == invitation_id
    ]
    found = find_open_invitations(keys, access.now)
    if not found:
        raise NotFound()
    return found[0]


def _list_received(access: Access) -> list[InvitationLookup]:
    # An address that is not verified may belong to another person.
    if not access.user.is_verified:
        return []
    return list(invitation_models.list_invitations_to(access.user.email))


def find_open_invitations(keys: list[Key[Invitation]], now: datetime) -> list[OpenInvitation]:
    """Return the invitations that can be accepted, in the order of `keys`.

    They have not expired, their project exists and is not in the trash, and their inviter may still
    manage its members.
    """
    items = batch_get(*keys)
    stored = [invitation for key in keys if (invitation := items.get(key))]
    invitations = [invitation for invitation in stored if invitation.is_open(now)]
    related_keys: list[Key[Any]] = []
    for invitation in invitations:
        project_id, inviter_id = invitation.project_id, invitation.inviter
        related_keys += (
            Project.key(project_id),
            Member.key(project_id, inviter_id),
            User.key(inviter_id),
        )
    related = batch_get(*related_keys)

    found: list[OpenInvitation] = []
    for invitation in invitations:
        project_id, inviter_id = invitation.project_id, invitation.inviter
        project = related.get(Project.key(project_id))
        member = related.get(Member.key(project_id, inviter_id))
        inviter = related.get(User.key(inviter_id))
        if project is None or project.deleted_at is not None or member is None or inviter is None:
            continue
        if is_allowed(member.role, Action.MANAGE_MEMBERS) and inviter.is_active:
            found.append(OpenInvitation(invitation, project, inviter))
    return found
