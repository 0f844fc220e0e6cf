"""Routes of `/api/projects`."""

from functools import partial
from typing import Any

from chalice.app import Blueprint, Response
from msgspec.structs import asdict

from chalicelib.access.permissions import Action, Role
from chalicelib.access.prefetch import Prefetch, Read
from chalicelib.access.service import Access, ProjectAccess, RequestContext
from chalicelib.accounts.schemas import present_person
from chalicelib.http.bodies import sent_fields
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response, prefetch_page
from chalicelib.http.responses import (
    conditional_response,
    created_response,
    no_content_response,
    parse_if_match,
    updated_response,
)
from chalicelib.members.models import list_memberships_page
from chalicelib.members.schemas import present_member
from chalicelib.members.service import find_owner, list_members, prefetch_members
from chalicelib.projects import schemas, service
from chalicelib.projects.counter_models import get_project_counts
from chalicelib.projects.schemas import (
    CountedProject,
    NewProject,
    Project,
    ProjectDetails,
    ProjectPatch,
    ProjectQuery,
    ProjectsQuery,
    WholeProject,
)

bp = Blueprint(__name__)

PROJECT = "/api/projects/{project_id}"


def _prefetch_projects(context: RequestContext, query: ProjectsQuery) -> Prefetch:
    user_id = context.caller.user_id
    memberships = prefetch_page(context, query, _name_list(query), list_memberships_page, user_id)
    if query.cursor is not None:
        return memberships
    return memberships.plus(service.prefetch_overviews(user_id, query.limit))


def _prefetch_project(_: RequestContext, project_id: str, **__: Any) -> Prefetch:
    counts = Prefetch(reads=(Read(get_project_counts, (project_id,)),))
    return counts.plus(prefetch_members(project_id))


def _name_list(query: ProjectsQuery) -> str:
    # Cursors without the parameter are older than it.
    return "projects" if query.template is None else f"projects {query.template}"


@route(
    bp, "POST", "/api/projects", Action.CREATE_PROJECT, body=NewProject, returns=Project, status=201
)
def create_project(access: Access, body: NewProject) -> Response:
    """Create a project."""
    project = service.create_project(
        access,
        name=body.name,
        description=body.description,
        prefix=body.key,
        is_template=body.is_template,
    )
    return created_response(
        schemas.present_project(project, Role.OWNER), f"/api/projects/{project.id}/"
    )


@route(
    bp,
    "GET",
    "/api/projects",
    Action.READ_PROJECTS,
    query=ProjectsQuery,
    returns=Page[CountedProject],
    prefetch=_prefetch_projects,
)
def list_projects(access: Access, query: ProjectsQuery) -> Response:
    """List your projects."""
    return page_response(
        access,
        query,
        _name_list(query),
        partial(service.list_projects, access, template=query.template),
        lambda project: schemas.present_overview(*project),
    )


@route(
    bp,
    "GET",
    PROJECT,
    Action.READ_PROJECTS,
    query=ProjectQuery,
    returns=ProjectDetails,
    prefetch=_prefetch_project,
)
def get_project(access: ProjectAccess, query: ProjectQuery) -> Response:
    """Get a project."""
    overview = schemas.present_overview(service.get_overview(access), access.role)
    members = list_members(access)
    details = ProjectDetails(**asdict(overview), members=[present_member(each) for each in members])
    if "owner" in query.include:
        details.owner = present_person(find_owner(access, members))
    return conditional_response(details, bp.current_request)


@route(bp, "PUT", PROJECT, Action.EDIT_PROJECT, body=WholeProject, returns=Project)
def replace_project(access: ProjectAccess, body: WholeProject) -> Response:
    """Replace a project's fields."""
    return _update_and_present(access, sent_fields(body))


@route(bp, "PATCH", PROJECT, Action.EDIT_PROJECT, body=ProjectPatch, returns=Project)
def update_project(access: ProjectAccess, body: ProjectPatch) -> Response:
    """Update a project."""
    return _update_and_present(access, sent_fields(body))


def _update_and_present(access: ProjectAccess, fields: dict[str, Any]) -> Response:
    if "key" in fields:
        fields["prefix"] = fields.pop("key")
    if "is_template" in fields:  # stored only where it is true
        fields["is_template"] = fields["is_template"] or None
    version = parse_if_match(bp.current_request)
    project = service.update_project(access, fields, version=version)
    return updated_response(schemas.present_project(project, access.role))


@route(bp, "DELETE", PROJECT, Action.DELETE_PROJECT)
def delete_project(access: ProjectAccess) -> Response:
    """Move a project to the trash."""
    service.delete_project(access)
    return no_content_response()


@route(bp, "POST", PROJECT + "/restore", Action.RESTORE_PROJECT, returns=Project)
def restore_project(access: ProjectAccess) -> Response:
    """Restore a project from the trash."""
    project = service.restore_project(access)
    return updated_response(schemas.present_project(project, access.role))


@route(bp, "POST", PROJECT + "/archive", Action.ARCHIVE_PROJECT, returns=Project)
def archive_project(access: ProjectAccess) -> Response:
    """Archive a project."""
    project = service.archive_project(access)
    return updated_response(schemas.present_project(project, access.role))


@route(bp, "POST", PROJECT + "/unarchive", Action.ARCHIVE_PROJECT, returns=Project)
def unarchive_project(access: ProjectAccess) -> Response:
    """Unarchive a project."""
    project = service.unarchive_project(access)
    return updated_response(schemas.present_project(project, access.role))
