"""`/api/projects`: projects and their members."""

from typing import Annotated, Any

from chalice.app import Blueprint, Response
from msgspec import Meta, Struct

from chalicelib.api.answers import answer, created
from chalicelib.api.gate import route
from chalicelib.domain import projects
from chalicelib.domain.access import Access, Action, ProjectAccess, Role
from chalicelib.errors import FieldError, Invalid
from chalicelib.store.projects import Member, Overview, Project
from chalicelib.store.users import User

bp = Blueprint(__name__)


class NewProject(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    description: Annotated[str, Meta(max_length=20_000)] = ""


class NewMember(Struct, forbid_unknown_fields=True):
    user_id: str | None = None
    email: str | None = None
    role: Role = Role.MEMBER


@route(bp, "POST", "/api/projects", Action.CREATE_PROJECT, body=NewProject)
def create(access: Access, body: NewProject) -> Response:
    project = projects.create(access, name=body.name, description=body.description)
    return created(shown(project, Role.OWNER), f"/api/projects/{project.id}/")


@route(bp, "GET", "/api/projects", Action.READ_PROJECTS)
def mine(access: Access) -> Response:
    items = [overview(found, role) for found, role in projects.mine(access)]
    return answer({"items": items, "next_cursor": None})


@route(bp, "GET", "/api/projects/{project_id}", Action.READ_PROJECTS)
def read(access: ProjectAccess) -> Response:
    found = projects.overview(access)
    members = [
        member_shown(member, found.people[member.user_id])
        for member in found.members
        if member.user_id in found.people
    ]
    return answer(overview(found, access.role) | {"members": members})


@route(bp, "POST", "/api/projects/{project_id}/members", Action.MANAGE_MEMBERS, body=NewMember)
def add_member(access: ProjectAccess, body: NewMember) -> Response:
    if (body.user_id is None) == (body.email is None):
        raise Invalid(errors=(FieldError("user_id", "give either user_id or email"),))
    if body.role is Role.OWNER:
        raise Invalid(errors=(FieldError("role", "a project has one owner; choose another role"),))
    member, person = projects.add_member(
        access, user_id=body.user_id, email=body.email, role=body.role
    )
    location = f"/api/projects/{access.project.id}/members/{member.user_id}/"
    return created(member_shown(member, person), location)


def shown(project: Project, role: str) -> dict[str, Any]:
    """A project as a member of this role sees it."""
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "owner": project.owner_id,
        "my_role": role,
        "members_count": int(project.members_count),
        "created_at": project.created_at,
        "updated_at": project.updated_at,
    }


def overview(found: Overview, role: str) -> dict[str, Any]:
    """... with its task counts."""
    tasks_count = sum(found.tasks.values())
    return shown(found.project, role) | {
        "tasks_count": tasks_count,
        "tasks_by_status": found.tasks,
    }


def member_shown(member: Member, person: User) -> dict[str, Any]:
    return {
        "user_id": member.user_id,
        "username": person.username,
        "display_name": person.display_name,
        "role": member.role,
        "joined_at": member.joined_at,
    }
