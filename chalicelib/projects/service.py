"""Projects: create, list, get, update, archive, delete and restore."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from chalicelib.access.permissions import Role
from chalicelib.access.prefetch import Prefetch, RecentValues
from chalicelib.access.service import Access, ProjectAccess
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_write
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.optimistic_locking import apply_changes
from chalicelib.dynamodb.pages import Page, fill_page
from chalicelib.dynamodb.table import Key
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import Forbidden, Unavailable
from chalicelib.members.models import (
    UserMembership,
    add_member_writes,
    list_memberships,
    list_memberships_page,
    new_member,
)
from chalicelib.projects import counter_models, default_keys, models
from chalicelib.projects.models import Project, ProjectOverview, list_overview_keys
from chalicelib.reports.models import schedule_owner_write

KEPT_IN_TRASH = timedelta(days=30)
KEY_ATTEMPTS = 20
# The items of the projects on a user's first page of so many projects, as it was last read.
_last_keys: RecentValues[tuple[str, int], tuple[Key[Any], ...]] = RecentValues(1_000)


class ProjectWithRole(NamedTuple):
    """A project of the caller, and the caller's role in it."""

    overview: ProjectOverview
    role: str


def create_project(
    access: Access,
    *,
    name: str,
    description: str,
    prefix: str | None,
    is_template: bool = False,
    project_id: str | None = None,
    writes: Sequence[Write] = (),
) -> Project:
    """Create a project that the caller owns, together with `writes`.

    Without a `project_id` it gets a new id. `prefix` is the key of its tasks. Without one it is
    derived from the name and differs from the keys of the caller's other projects, also when the
    caller creates several at the same moment. Raises `Forbidden` (`scope_missing`) for an API token
    that is limited to some projects, and `ConditionFailed` when one of `writes` fails.
    """
    if access.token is not None and access.token.projects:
        raise Forbidden("This API token is limited to some projects", code="scope_missing")
    store = partial(
        _store_new_project,
        access,
        project_id or new_id(access.now),
        *writes,
        name=name,
        description=description,
        is_template=is_template or None,
    )
    if prefix is not None:
        return store(prefix=prefix)

    taken = _list_keys(access.user_id)
    for _ in range(KEY_ATTEMPTS):
        key = default_keys.derive_key(name, taken)
        claim = models.claim_key_write(access.user_id, key, access.now)
        try:
            return store(claim, prefix=key)
        except ConditionFailed as failed:
            if failed.write is not claim:
                raise
            taken.add(key)  # a concurrent request has claimed it
    raise Unavailable()


def _list_keys(user_id: str) -> set[str]:
    """Return the keys of all projects of a user, including those in the trash."""
    memberships = list_memberships(user_id)
    projects = models.get_projects(each.project_id for each in memberships)
    return {project.prefix for project in projects.values()}


def _store_new_project(
    access: Access, project_id: str, *writes: Write, **attributes: Any
) -> Project:
    """Store a new project of the caller together with `writes`."""
    key = Project.key(project_id)
    created_at = format_timestamp(access.now)
    project = Project(
        key.pk,
        key.sk,
        owner_id=access.user_id,
        created_at=created_at,
        updated_at=created_at,
        **attributes,
    )
    owner = new_member(project.id, access.user_id, Role.OWNER, access.now)
    return create_once(
        project,
        models.create_project_write(project),
        *add_member_writes(owner),
        schedule_owner_write(access.user_id, access.now),
        audit_write(access, AuditAction.PROJECT_CREATED, project.id),
        *writes,
        idempotency_key=access.idempotency_key,
        now=access.now,
    )


def list_projects(
    access: Access, *, template: bool | None, limit: int, start: dict[str, Any] | None
) -> Page[ProjectWithRole]:
    """Return a page of the caller's projects, newest first. It is full unless it is the last.

    With `template` True only those that are templates, with False only the others.
    """

    def read(**options: Any) -> Page[ProjectWithRole]:
        page = access.read(list_memberships_page, access.user_id, **options)
        projects = _list_accessible(access, page.items, trashed=False)
        if options["start"] is None:
            keys = list_overview_keys(each.project_id for each in page.items)
            _last_keys.put((access.user_id, options["limit"]), keys)
        if template is not None:
            projects = [
                each for each in projects if bool(each.overview.project.is_template) == template
            ]
        return Page(projects, page.last_key)

    return fill_page(read, limit=limit, start=start)


def prefetch_overviews(user_id: str, limit: int) -> Prefetch:
    """Return the projects of the first page as this process last read it, with their counts."""
    return Prefetch(_last_keys.get((user_id, limit), ()))


def list_trashed_projects(access: Access) -> Iterator[ProjectWithRole]:
    """Yield the projects in the trash that the caller owns, newest first."""
    memberships = access.read_list(list_memberships, access.user_id)
    owned = [membership for membership in memberships if membership.role == Role.OWNER]
    yield from _list_accessible(access, owned, trashed=True)


def _list_accessible(
    access: Access, memberships: list[UserMembership], *, trashed: bool
) -> list[ProjectWithRole]:
    roles = {
        membership.project_id: membership.role
        for membership in memberships
        if access.can_access(membership.project_id)
    }
    items = access.get_items(list_overview_keys(roles))
    overviews = models.build_overviews(items, roles, trashed=trashed)
    return [ProjectWithRole(overview, roles[overview.project.id]) for overview in overviews]


def get_overview(access: ProjectAccess) -> ProjectOverview:
    """Return the project with its counts."""
    counts = access.read(counter_models.get_project_counts, access.project.id)
    return ProjectOverview(access.project, models.count_by_status(counts.counts))


def update_project(
    access: ProjectAccess,
    fields: Mapping[str, Any],
    *,
    version: int | None = None,
    action: AuditAction = AuditAction.PROJECT_UPDATED,
) -> Project:
    """Store the `fields` that differ. Without a difference nothing is written.

    The audit log records it as `action`, an update with the names of the fields.

    Raises `PreconditionFailed` when `version` is given and is not the stored one.
    """

    def store(project: Project, changes: Mapping[str, Any]) -> Project:
        updated = deepcopy(project)
        attributes = {**changes, "updated_at": format_timestamp(access.now)}
        for name, value in attributes.items():
            setattr(updated, name, value)
        names = sorted("key" if name == "prefix" else name for name in changes)
        is_update = action is AuditAction.PROJECT_UPDATED
        entry = audit_write(
            access, action, project.id, fields=", ".join(names) if is_update else None
        )
        transact(models.update_project_write(project, attributes), entry)
        updated.version += 1
        return updated

    return apply_changes(access.project, fields, version=version, store=store)


def archive_project(access: ProjectAccess) -> Project:
    """Make the project read-only. Idempotent."""
    if access.project.archived_at is not None:
        return access.project
    fields = {"archived_at": format_timestamp(access.now)}
    return update_project(access, fields, action=AuditAction.PROJECT_ARCHIVED)


def unarchive_project(access: ProjectAccess) -> Project:
    """Make an archived project writable again. Idempotent."""
    return update_project(access, {"archived_at": None}, action=AuditAction.PROJECT_UNARCHIVED)


def delete_project(access: ProjectAccess) -> None:
    """Move the project to the trash, where it is inaccessible; it is purged after thirty days."""
    if access.project.deleted_at is None:
        purge_at = format_timestamp(access.now + KEPT_IN_TRASH)
        purge_keys = time_index.build_keys("purge", purge_at, access.project.id)
        fields = {"deleted_at": format_timestamp(access.now), **purge_keys}
        update_project(access, fields, action=AuditAction.PROJECT_TRASHED)


def restore_project(access: ProjectAccess) -> Project:
    """Take the project out of the trash, unchanged. Idempotent."""
    if access.project.deleted_at is None:
        return access.project
    restored_at = format_timestamp(access.now)
    index_keys = models.month_keys(access.project)
    fields = {"deleted_at": None, "restored_at": restored_at, **index_keys}
    return update_project(access, fields, action=AuditAction.PROJECT_RESTORED)
