"""The projects that a caller can access, for routes that read several projects at once."""

from collections.abc import Iterable

from chalicelib.access.service import Access, ProjectAccess
from chalicelib.dynamodb.table import batch_get
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

    member_keys = {each: Member.key(each, access.user_id) for each in project_ids}
    project_keys = {each: Project.key(each) for each in member_keys}
    items = batch_get(*member_keys.values(), *project_keys.values())

    projects: dict[str, Project] = {}
    for project_id, project_key in project_keys.items():
        member, project = items.get(member_keys[project_id]), items.get(project_key)
        if member is None or not access.can_access(project_id):
            raise NotFound()
        if project is None or project.deleted_at is not None:
            raise NotFound()
        projects[project_id] = project
    return projects


def list_accessible_projects(access: Access) -> dict[str, Project]:
    """Return by id the projects that the caller is a member of, without those in the trash."""
    memberships = list_memberships(access.user_id)
    project_ids = (each.project_id for each in memberships if access.can_access(each.project_id))
    projects = get_projects(project_ids)
    return {
        project_id: project
        for project_id, project in projects.items()
        if project.deleted_at is None
    }
