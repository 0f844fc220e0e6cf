"""`/api/projects/{id}/members`: who belongs to a project."""

from typing import Literal

from chalice.app import Blueprint, Response
from msgspec import Struct

from chalicelib.api.answers import answer, created, nothing
from chalicelib.api.fields import Email, Id, Page, Time
from chalicelib.api.gate import route
from chalicelib.api.invitations import Invitation
from chalicelib.api.invitations import shown as invitation_shown
from chalicelib.domain import members, projects
from chalicelib.domain.access import Action, ProjectAccess, Role
from chalicelib.domain.projects import Membership
from chalicelib.errors import FieldError, Invalid

bp = Blueprint(__name__)

PROJECT = "/api/projects/{project_id}"
MEMBER = PROJECT + "/members/{user_id}"

# A project has one owner, who hands it over with `transfer`.
GivenRole = Literal["admin", "member", "viewer"]


class NewMember(Struct, forbid_unknown_fields=True):
    user_id: str | None = None
    email: Email | None = None
    role: GivenRole = "member"


class NewRole(Struct, forbid_unknown_fields=True):
    role: GivenRole


class NewOwner(Struct, forbid_unknown_fields=True):
    user_id: str


class RemovalQuery(Struct, forbid_unknown_fields=True):
    reassign_to: str | None = None


class Member(Struct, tag_field="kind", tag="member"):
    user_id: Id
    username: str
    display_name: str
    role: Role
    joined_at: Time


class Ownership(Struct):
    """Whose project it is now."""

    id: Id
    owner: Id


@route(bp, "GET", PROJECT + "/members", Action.READ_PROJECTS, gives=Page[Member])
def listed(access: ProjectAccess) -> Response:
    return answer(Page([shown(each) for each in projects.people(access)]))


@route(
    bp,
    "POST",
    PROJECT + "/members",
    Action.MANAGE_MEMBERS,
    body=NewMember,
    gives=Member | Invitation,
    status=201,
)
def add(access: ProjectAccess, body: NewMember) -> Response:
    if (body.user_id is None) == (body.email is None):
        raise Invalid(errors=(FieldError("user_id", "give either user_id or email"),))
    added = members.add(access, user_id=body.user_id, email=body.email, role=Role(body.role))
    project = f"/api/projects/{access.project.id}"
    if isinstance(added, Membership):
        return created(shown(added), f"{project}/members/{added.member.user_id}/")
    return created(invitation_shown(added), f"{project}/invitations/{added.id}/")


@route(bp, "PATCH", MEMBER, Action.MANAGE_MEMBERS, body=NewRole, gives=Member)
def change_role(access: ProjectAccess, body: NewRole, user_id: str) -> Response:
    return answer(shown(members.change_role(access, user_id, role=Role(body.role))))


@route(bp, "DELETE", MEMBER, Action.MANAGE_MEMBERS, query=RemovalQuery)
def remove(access: ProjectAccess, query: RemovalQuery, user_id: str) -> Response:
    members.remove(access, user_id, reassign_to=query.reassign_to)
    return nothing()


@route(bp, "POST", PROJECT + "/leave", Action.LEAVE_PROJECT)
def leave(access: ProjectAccess) -> Response:
    members.leave(access)
    return nothing()


@route(bp, "POST", PROJECT + "/transfer", Action.TRANSFER_PROJECT, body=NewOwner, gives=Ownership)
def transfer(access: ProjectAccess, body: NewOwner) -> Response:
    project = members.transfer(access, user_id=body.user_id)
    return answer(Ownership(project.id, project.owner_id))


def shown(membership: Membership) -> Member:
    member, person = membership
    return Member(
        user_id=member.user_id,
        username=person.username,
        display_name=person.display_name,
        role=Role(member.role),
        joined_at=member.joined_at,
    )
