"""`/api/projects`: projects."""

from functools import partial
from typing import Annotated, Any

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from chalicelib.api.answers import (
    changed,
    conditional,
    created,
    expected_version,
    nothing,
)
from chalicelib.api.bodies import given
from chalicelib.api.fields import Id, Page, Time
from chalicelib.api.gate import route
from chalicelib.api.members import Member
from chalicelib.api.members import shown as member_shown
from chalicelib.api.pages import PageQuery, page
from chalicelib.domain import projects
from chalicelib.domain.access import Access, Action, ProjectAccess, Role
from chalicelib.store.projects import Overview
from chalicelib.store.projects import Project as ProjectRow

bp = Blueprint(__name__)

PROJECT = "/api/projects/{project_id}"

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=20_000)]
# The KEY of a task's KEY-12.
Key = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{1,9}\Z")]


class NewProject(Struct, forbid_unknown_fields=True):
    name: Name
    description: Description = ""
    key: Key | None = None


class WholeProject(Struct, forbid_unknown_fields=True):
    name: Name
    description: Description
    key: Key | UnsetType = UNSET  # it cannot be cleared


class ProjectPatch(Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    key: Key | UnsetType = UNSET
    description: Description | UnsetType = UNSET


class Project(Struct):
    """A project as a member of this role sees it."""

    id: Id
    name: str
    key: str
    description: str
    owner: Id
    my_role: Role
    members_count: int
    archived_at: Time | None
    deleted_at: Time | None
    created_at: Time
    updated_at: Time
    version: int


class CountedProject(Project):
    """A project with its task counts."""

    tasks_count: int
    tasks_by_status: dict[str, int]


class ProjectDetails(CountedProject):
    """A project with its task counts and its members."""

    members: list[Member]


@route(
    bp, "POST", "/api/projects", Action.CREATE_PROJECT, body=NewProject, gives=Project, status=201
)
def create(access: Access, body: NewProject) -> Response:
    project = projects.create(access, name=body.name, description=body.description, prefix=body.key)
    return created(shown(project, Role.OWNER), f"/api/projects/{project.id}/")


@route(
    bp, "GET", "/api/projects", Action.READ_PROJECTS, query=PageQuery, gives=Page[CountedProject]
)
def mine(access: Access, query: PageQuery) -> Response:
    find = partial(projects.mine, access)
    return page(access, query, "projects", find, lambda each: overview(*each))


@route(bp, "GET", PROJECT, Action.READ_PROJECTS, gives=ProjectDetails)
def read(access: ProjectAccess) -> Response:
    return conditional(_whole(access), bp.current_request)


@route(bp, "PUT", PROJECT, Action.EDIT_PROJECT, body=WholeProject, gives=Project)
def replace(access: ProjectAccess, body: WholeProject) -> Response:
    return _changed(access, given(body))


@route(bp, "PATCH", PROJECT, Action.EDIT_PROJECT, body=ProjectPatch, gives=Project)
def change(access: ProjectAccess, body: ProjectPatch) -> Response:
    return _changed(access, given(body))


@route(bp, "DELETE", PROJECT, Action.DELETE_PROJECT)
def delete(access: ProjectAccess) -> Response:
    projects.delete(access)
    return nothing()


@route(bp, "POST", PROJECT + "/restore", Action.RESTORE_PROJECT, gives=Project)
def restore(access: ProjectAccess) -> Response:
    return changed(shown(projects.restore(access), access.role))


@route(bp, "POST", PROJECT + "/archive", Action.ARCHIVE_PROJECT, gives=Project)
def archive(access: ProjectAccess) -> Response:
    return changed(shown(projects.archive(access), access.role))


@route(bp, "POST", PROJECT + "/unarchive", Action.ARCHIVE_PROJECT, gives=Project)
def unarchive(access: ProjectAccess) -> Response:
    return changed(shown(projects.unarchive(access), access.role))


def _changed(access: ProjectAccess, fields: dict[str, Any]) -> Response:
    if "key" in fields:
        fields["prefix"] = fields.pop("key")
    version = expected_version(bp.current_request)
    project = projects.change(access, fields, version=version)
    return changed(shown(project, access.role))


def _whole(access: ProjectAccess) -> ProjectDetails:
    counted = overview(projects.overview(access), access.role)
    members = [member_shown(each) for each in projects.people(access)]
    return ProjectDetails(**asdict(counted), members=members)


def shown(project: ProjectRow, role: str) -> Project:
    return Project(
        id=project.id,
        name=project.name,
        key=project.prefix,
        description=project.description,
        owner=project.owner_id,
        my_role=Role(role),
        members_count=int(project.members_count),
        archived_at=project.archived_at,
        deleted_at=project.deleted_at,
        created_at=project.created_at,
        updated_at=project.updated_at,
        version=int(project.version),
    )


def overview(found: Overview, role: str) -> CountedProject:
    return CountedProject(
        **asdict(shown(found.project, role)),
        tasks_count=sum(found.tasks.values()),
        tasks_by_status=found.tasks,
    )
