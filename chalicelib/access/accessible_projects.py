"""Which projects a caller may look into."""

from collections.abc import Iterable

from chalicelib.access.service import Access, ProjectAccess
from chalicelib.dynamodb.table import batch_get
from chalicelib.errors import NotFound
from chalicelib.members.models import Member, list_memberships
from chalicelib.projects.models import Project, get_projects


def get_accessible_projects(
    access: Access, project_ids: Iterable[str] | None
) -> dict[str, Project]:
    """The projects that are named, or all of the caller's. Raises `NotFound`."""
    return (
        list_accessible_projects(access)
        if project_ids is None
        else require_accessible_projects(access, project_ids)
    )


def list_accessible_projects(access: Access) -> dict[str, Project]:
    """All that the caller belongs to, but for those in the trash."""
    mine = (edge.project_id for edge in list_memberships(access.user_id))
    return _live(get_projects(filter(access.can_access, mine)))


def require_accessible_projects(access: Access, project_ids: Iterable[str]) -> dict[str, Project]:
    """The ones that are named. Raises `NotFound` if the caller does not belong to one of them."""
    if isinstance(access, ProjectAccess):
        return {access.project.id: access.project}
    edges = {each: Member.key(each, access.user_id) for each in project_ids}
    metas = {each: Project.key(each) for each in edges}
    rows = batch_get(*edges.values(), *metas.values())
    found = {each: project for each, key in metas.items() if (project := rows.get(key))}
    belongs = all(rows.get(edge) and access.can_access(each) for each, edge in edges.items())
    if not belongs or len(_live(found)) < len(edges):
        raise NotFound()
    return found


def _live(found: dict[str, Project]) -> dict[str, Project]:
    return {each: project for each, project in found.items() if project.deleted_at is None}
