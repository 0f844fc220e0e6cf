"""Which projects a caller may look into."""

from collections.abc import Iterable

from chalicelib.domain.access import Access, ProjectAccess
from chalicelib.errors import NotFound
from chalicelib.store import members, table
from chalicelib.store.members import Member
from chalicelib.store.projects import Project, by_ids


def projects(access: Access, project_ids: Iterable[str] | None) -> dict[str, Project]:
    """The projects that are named, or all of the caller's. Raises `NotFound`."""
    return all_projects(access) if project_ids is None else these_projects(access, project_ids)


def all_projects(access: Access) -> dict[str, Project]:
    """All that the caller belongs to, but for those in the trash."""
    mine = (edge.project_id for edge in members.of_user(access.user_id))
    return _live(by_ids(filter(access.reaches, mine)))


def these_projects(access: Access, project_ids: Iterable[str]) -> dict[str, Project]:
    """The ones that are named. Raises `NotFound` if the caller does not belong to one of them."""
    if isinstance(access, ProjectAccess):
        return {access.project.id: access.project}
    edges = {each: Member.key(each, access.user_id) for each in project_ids}
    metas = {each: Project.key(each) for each in edges}
    rows = table.read(*edges.values(), *metas.values())
    found = {each: project for each, key in metas.items() if (project := rows.get(key))}
    belongs = all(rows.get(edge) and access.reaches(each) for each, edge in edges.items())
    if not belongs or len(_live(found)) < len(edges):
        raise NotFound()
    return found


def _live(found: dict[str, Project]) -> dict[str, Project]:
    return {each: project for each, project in found.items() if project.deleted_at is None}
