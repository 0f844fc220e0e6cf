"""Projects: start, see, change, archive, delete."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from chalicelib.access.permissions import Role
from chalicelib.access.service import Access, ProjectAccess
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.optimistic_locking import apply_changes, retry_on_conflict
from chalicelib.dynamodb.pages import Page, fill_page
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import transact
from chalicelib.errors import Forbidden
from chalicelib.members.models import (
    UserMembership,
    add_member_writes,
    list_memberships,
    list_memberships_page,
    new_member,
)
from chalicelib.projects import counter_models, keys, models
from chalicelib.projects.models import Project, ProjectOverview
from chalicelib.reports.models import schedule_owner_write

KEPT_IN_TRASH = timedelta(days=30)


class ProjectWithRole(NamedTuple):
    """A project of mine, and what I am in it."""

    overview: ProjectOverview
    role: str


def create_project(access: Access, *, name: str, description: str, prefix: str | None) -> Project:
    """Start a project; the caller owns it. Without a `prefix` for the keys of its tasks, its name
    gives one. An API token limited to some projects makes no more."""
    if access.token is not None and access.token.projects:
        raise Forbidden("This API token is limited to some projects", code="scope_missing")
    key = Project.key(new_id(access.now))
    project = Project(
        key.pk,
        key.sk,
        name=name,
        prefix=prefix or keys.derive_project_key(name),
        description=description,
        owner_id=access.user_id,
        created_at=format_timestamp(access.now),
        updated_at=format_timestamp(access.now),
    )
    owner = new_member(project.id, access.user_id, Role.OWNER, access.now)
    armed = schedule_owner_write(access.user_id, access.now)
    writes = (models.create_project_write(project), *add_member_writes(owner), armed)
    return create_once(project, *writes, idempotency_key=access.idempotency_key, now=access.now)


def list_projects(
    access: Access, *, limit: int, start: dict[str, Any] | None
) -> Page[ProjectWithRole]:
    """A page of the caller's projects, newest first; full unless it is the last."""

    def read(**which: Any) -> Page[ProjectWithRole]:
        page = list_memberships_page(access.user_id, **which)
        return Page(_list_visible(access, page.rows, trashed=False), page.last_key)

    return fill_page(read, limit=limit, start=start)


def list_trashed_projects(access: Access) -> Iterator[ProjectWithRole]:
    """The projects that the caller owns and has deleted, newest first."""
    edges = [e for e in list_memberships(access.user_id) if e.role == Role.OWNER]
    yield from _list_visible(access, edges, trashed=True)


def get_overview(access: ProjectAccess) -> ProjectOverview:
    """The project with its counts."""
    counts = counter_models.get_project_counts(access.project.id)
    return ProjectOverview(access.project, models.count_by_status(counts))


def update_project(
    access: ProjectAccess, fields: Mapping[str, Any], *, version: int | None = None
) -> Project:
    """Give the project `fields`; see `changes.apply`."""
    store = partial(_store, at=format_timestamp(access.now))
    return apply_changes(access.project, fields, version=version, store=store)


def archive_project(access: ProjectAccess) -> Project:
    """From now on the project can only be read; archiving it again changes nothing."""
    if access.project.archived_at is not None:
        return access.project
    return update_project(access, {"archived_at": format_timestamp(access.now)})


def unarchive_project(access: ProjectAccess) -> Project:
    """Let the project be changed again."""
    return update_project(access, {"archived_at": None})


def delete_project(access: ProjectAccess) -> None:
    """Move the project to the trash: out of reach at once, for good after thirty days."""
    if access.project.deleted_at is None:
        end = format_timestamp(access.now + KEPT_IN_TRASH)
        waking = time_index.build_keys("purge", end, access.project.id)
        _set_deleted(access, {"deleted_at": format_timestamp(access.now), **waking})


def restore_project(access: ProjectAccess) -> Project:
    """Take the project out of the trash, as it was."""
    if access.project.deleted_at is None:
        return access.project
    waking = models.month_keys(access.project)
    return _set_deleted(
        access, {"deleted_at": None, "restored_at": format_timestamp(access.now), **waking}
    )


def _set_deleted(access: ProjectAccess, fields: Mapping[str, Any]) -> Project:
    def commit(project: Project) -> Project:
        return _store(project, fields, at=format_timestamp(access.now))

    return retry_on_conflict(access.project, version=None, commit=commit)


def _store(project: Project, wanted: Mapping[str, Any], *, at: str) -> Project:
    after = deepcopy(project)
    fields = {**wanted, "updated_at": at}
    for name, value in fields.items():
        setattr(after, name, value)
    transact(models.update_project_write(project, fields))
    after.version += 1
    return after


def _list_visible(
    access: Access, edges: list[UserMembership], *, trashed: bool
) -> list[ProjectWithRole]:
    roles = {e.project_id: e.role for e in edges if access.can_access(e.project_id)}
    found = models.get_project_overviews(list(roles), trashed=trashed)
    return [ProjectWithRole(each, roles[each.project.id]) for each in found]
