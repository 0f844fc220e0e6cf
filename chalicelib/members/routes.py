"""Routes of the members of a project, of its invitations and of the caller's invitations."""

from functools import partial
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action, Role
from chalicelib.access.prefetch import NO_PREFETCH, Prefetch, prefetch_item
from chalicelib.access.service import Access, ProjectAccess, RequestContext
from chalicelib.accounts.models import User
from chalicelib.errors import FieldError, Invalid
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import PageQuery, page_response, prefetch_page
from chalicelib.http.responses import created_response, json_response, no_content_response
from chalicelib.members import invitation_models, invitations, models, schemas, service
from chalicelib.members.schemas import (
    Invitation,
    InvitationToken,
    Joined,
    Member,
    NewMember,
    NewOwner,
    NewRole,
    Ownership,
    ReceivedInvitation,
    RemovalQuery,
)
from chalicelib.members.service import MemberProfile

bp = Blueprint(__name__)

PROJECT = "/api/projects/{project_id}"
MEMBER = PROJECT + "/members/{user_id}"
INVITATIONS = PROJECT + "/invitations"
INVITATION = INVITATIONS + "/{invitation_id}"
RECEIVED = "/api/invitations"

_prefetch_invitation = prefetch_item(
    invitation_models.Invitation.key, "project_id", "invitation_id"
)


def _prefetch_members(_: RequestContext, project_id: str) -> Prefetch:
    return service.prefetch_members(project_id)


def _prefetch_user(_: RequestContext, body: NewMember, **__: str) -> Prefetch:
    return Prefetch((User.key(body.user_id),)) if body.user_id else NO_PREFETCH


def _prefetch_member(_: RequestContext, project_id: str, user_id: str, **__: Any) -> Prefetch:
    return Prefetch((models.Member.key(project_id, user_id), User.key(user_id)))


def _prefetch_removal(
    _: RequestContext, query: RemovalQuery, project_id: str, user_id: str
) -> Prefetch:
    heir = query.reassign_to
    keys = (models.Member.key(project_id, heir), User.key(heir)) if heir else ()
    return Prefetch((models.Member.key(project_id, user_id), *keys))


def _prefetch_new_owner(_: RequestContext, body: NewOwner, project_id: str) -> Prefetch:
    return Prefetch((models.Member.key(project_id, body.user_id),))


def _prefetch_invitations(context: RequestContext, query: PageQuery, project_id: str) -> Prefetch:
    read = invitation_models.list_project_invitations
    return prefetch_page(context, query, f"invitations {project_id}", read, project_id)


@route(
    bp,
    "GET",
    PROJECT + "/members",
    Action.READ_PROJECTS,
    returns=Page[Member],
    prefetch=_prefetch_members,
)
def list_members(access: ProjectAccess) -> Response:
    """List a project's members."""
    members = [schemas.present_member(member) for member in service.list_members(access)]
    return json_response(Page(members))


@route(
    bp,
    "POST",
    PROJECT + "/members",
    Action.MANAGE_MEMBERS,
    body=NewMember,
    returns=Member | Invitation,
    status=201,
    prefetch=_prefetch_user,
)
def add_member(access: ProjectAccess, body: NewMember) -> Response:
    """Add or invite a member."""
    if (body.user_id is None) == (body.email is None):
        raise Invalid(errors=(FieldError("user_id", "give either user_id or email"),))
    added = service.add_member(access, user_id=body.user_id, email=body.email, role=Role(body.role))
    project = f"/api/projects/{access.project.id}"
    if isinstance(added, MemberProfile):
        location = f"{project}/members/{added.member.user_id}/"
        return created_response(schemas.present_member(added), location)
    location = f"{project}/invitations/{added.id}/"
    return created_response(schemas.present_invitation(added), location)


@route(
    bp,
    "PATCH",
    MEMBER,
    Action.MANAGE_MEMBERS,
    body=NewRole,
    returns=Member,
    prefetch=_prefetch_member,
)
def update_member(access: ProjectAccess, body: NewRole, user_id: str) -> Response:
    """Change a member's role."""
    member = service.change_role(access, user_id, role=Role(body.role))
    return json_response(schemas.present_member(member))


@route(
    bp,
    "DELETE",
    MEMBER,
    Action.MANAGE_MEMBERS,
    query=RemovalQuery,
    prefetch=_prefetch_removal,
)
def remove_member(access: ProjectAccess, query: RemovalQuery, user_id: str) -> Response:
    """Remove a member."""
    service.remove_member(access, user_id, reassign_to=query.reassign_to)
    return no_content_response()


@route(bp, "POST", PROJECT + "/leave", Action.LEAVE_PROJECT)
def leave_project(access: ProjectAccess) -> Response:
    """Leave a project."""
    service.leave_project(access)
    return no_content_response()


@route(
    bp,
    "POST",
    PROJECT + "/transfer",
    Action.TRANSFER_PROJECT,
    body=NewOwner,
    returns=Ownership,
    prefetch=_prefetch_new_owner,
)
def transfer_project(access: ProjectAccess, body: NewOwner) -> Response:
    """Transfer a project to another member."""
    project = service.transfer_project(access, user_id=body.user_id)
    return json_response(Ownership(project.id, project.owner_id))


@route(
    bp,
    "GET",
    INVITATIONS,
    Action.READ_INVITATIONS,
    query=PageQuery,
    returns=Page[Invitation],
    prefetch=_prefetch_invitations,
)
def list_project_invitations(access: ProjectAccess, query: PageQuery) -> Response:
    """List a project's invitations."""
    return page_response(
        access,
        query,
        f"invitations {access.project.id}",
        partial(invitations.list_invitations, access),
        schemas.present_invitation,
    )


@route(
    bp,
    "POST",
    INVITATION + "/resend",
    Action.MANAGE_MEMBERS,
    returns=Invitation,
    prefetch=_prefetch_invitation,
)
def resend_invitation(access: ProjectAccess, invitation_id: str) -> Response:
    """Resend an invitation."""
    invitation = invitations.resend_invitation(access, invitation_id)
    return json_response(schemas.present_invitation(invitation))


@route(
    bp,
    "DELETE",
    INVITATION,
    Action.MANAGE_MEMBERS,
    prefetch=_prefetch_invitation,
)
def revoke_invitation(access: ProjectAccess, invitation_id: str) -> Response:
    """Revoke an invitation."""
    invitations.revoke_invitation(access, invitation_id)
    return no_content_response()


@route(bp, "GET", RECEIVED, Action.USE_ACCOUNT, returns=Page[ReceivedInvitation])
def list_invitations(access: Access) -> Response:
    """List your invitations."""
    found = invitations.list_received_invitations(access)
    return json_response(Page([schemas.present_received_invitation(each) for each in found]))


@route(
    bp,
    "POST",
    RECEIVED + "/accept",
    Action.USE_ACCOUNT,
    body=InvitationToken,
    returns=Joined,
    status=201,
)
def accept_invitation_token(access: Access, body: InvitationToken) -> Response:
    """Accept an invitation by its token."""
    found = invitations.accept_invitation_token(access, body.token)
    project = schemas.present_joined_project(found)
    return created_response(project, f"/api/projects/{project.project}/")


@route(
    bp, "POST", RECEIVED + "/{invitation_id}/accept", Action.USE_ACCOUNT, returns=Joined, status=201
)
def accept_invitation(access: Access, invitation_id: str) -> Response:
    """Accept an invitation."""
    found = invitations.accept_invitation(access, invitation_id)
    project = schemas.present_joined_project(found)
    return created_response(project, f"/api/projects/{project.project}/")


@route(bp, "POST", RECEIVED + "/{invitation_id}/decline", Action.USE_ACCOUNT)
def decline_invitation(access: Access, invitation_id: str) -> Response:
    """Decline an invitation."""
    invitations.decline_invitation(access, invitation_id)
    return no_content_response()
