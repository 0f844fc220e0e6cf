"""Routes of the members of a project, of its invitations and of the caller's invitations."""

from functools import partial

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action, Role
from chalicelib.access.service import Access, ProjectAccess
from chalicelib.errors import FieldError, Invalid
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import PageQuery, page_response
from chalicelib.http.responses import created_response, json_response, no_content_response
from chalicelib.members import invitations, schemas, service
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


@route(bp, "GET", PROJECT + "/members", Action.READ_PROJECTS, returns=Page[Member])
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


@route(bp, "PATCH", MEMBER, Action.MANAGE_MEMBERS, body=NewRole, returns=Member)
def update_member(access: ProjectAccess, body: NewRole, user_id: str) -> Response:
    """Change a member's role."""
    member = service.change_role(access, user_id, role=Role(body.role))
    return json_response(schemas.present_member(member))


@route(bp, "DELETE", MEMBER, Action.MANAGE_MEMBERS, query=RemovalQuery)
def remove_member(access: ProjectAccess, query: RemovalQuery, user_id: str) -> Response:
    """Remove a member."""
    service.remove_member(access, user_id, reassign_to=query.reassign_to)
    return no_content_response()


@route(bp, "POST", PROJECT + "/leave", Action.LEAVE_PROJECT)
def leave_project(access: ProjectAccess) -> Response:
    """Leave a project."""
    service.leave_project(access)
    return no_content_response()


@route(bp, "POST", PROJECT + "/transfer", Action.TRANSFER_PROJECT, body=NewOwner, returns=Ownership)
def transfer_project(access: ProjectAccess, body: NewOwner) -> Response:
    """Transfer a project to another member."""
    project = service.transfer_project(access, user_id=body.user_id)
    return json_response(Ownership(project.id, project.owner_id))


@route(bp, "GET", INVITATIONS, Action.READ_INVITATIONS, query=PageQuery, returns=Page[Invitation])
def list_project_invitations(access: ProjectAccess, query: PageQuery) -> Response:
    """List a project's invitations."""
    return page_response(
        access,
        query,
        f"invitations {access.project.id}",
        partial(invitations.list_invitations, access),
        schemas.present_invitation,
    )


@route(bp, "POST", INVITATION + "/resend", Action.MANAGE_MEMBERS, returns=Invitation)
def resend_invitation(access: ProjectAccess, invitation_id: str) -> Response:
    """Resend an invitation."""
    invitation = invitations.resend_invitation(access, invitation_id)
    return json_response(schemas.present_invitation(invitation))


@route(bp, "DELETE", INVITATION, Action.MANAGE_MEMBERS)
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
