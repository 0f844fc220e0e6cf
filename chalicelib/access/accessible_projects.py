"""The projects that a caller can access, for routes that read several projects at once."""

from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.access.prefetch import NO_PREFETCH, Prefetch, prefetch_list
from chalicelib.access.service import Access, ProjectAccess, RequestContext
from chalicelib.dynamodb.table import Key
from chalicelib.errors import NotFound
from chalicelib.members.models import Member, list_memberships
from chalicelib.projects.models import Project, get_projects


def get_accessible_projects(
    access: Access, project_ids: Iterable[str] | None
) -> dict[str, Project]:
    """Return the named projects by id; without `project_ids`, all projects of the caller.

    Raises `NotFound` when the caller cannot access one of the named projects.
    """
    if project_ids is None:
        return list_accessible_projects(access)
    if isinstance(access, ProjectAccess):
        return {access.project.id: access.project}

    project_ids = list(project_ids)
    items = access.get_items(_list_keys(access.user_id, project_ids))
    projects: dict[str, Project] = {}
    for project_id in project_ids:
        member = items.get(Member.key(project_id, access.user_id))
        project: Any = items.get(Project.key(project_id))
        if member is None or not access.can_access(project_id):
            raise NotFound()
        if project is None or project.deleted_at is not None:
            raise NotFound()
        projects[project_id] = project
    return projects


def _list_keys(user_id: str, project_ids: Iterable[str]) -> tuple[Key[Any], ...]:
    return tuple(
        key for each in project_ids for key in (Member.key(each, user_id), Project.key(each))
    )


def prefetch_projects(context: RequestContext, project_ids: Sequence[str] | None) -> Prefetch:
    """Return what `get_accessible_projects` will read beside what the access check reads."""
    user_id = context.caller.user_id
    if project_ids is None:
        return prefetch_list(list_memberships, user_id)
    if len(project_ids) == 1:
        return NO_PREFETCH
    return Prefetch(_list_keys(user_id, project_ids))


def list_accessible_projects(access: Access) -> dict[str, Project]:
    """Return by id the projects that the caller is a member of, without those in the trash."""
    memberships = access.read_list(list_memberships, access.user_id)
    project_ids = (each.project_id for each in memberships if access.can_access(each.project_id))
    projects = get_projects(project_ids)
    return {
        project_id: project
        for project_id, project in projects.items()
        if project.deleted_at is None
    }
