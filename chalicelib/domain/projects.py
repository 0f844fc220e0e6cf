"""Projects: start, see, change, archive, delete."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from chalicelib.domain import changes, keys
from chalicelib.domain.access import Access, ProjectAccess, Role
from chalicelib.domain.full_pages import full_page
from chalicelib.errors import Forbidden
from chalicelib.store import counters, members, projects, receipts, users, wake, weekly
from chalicelib.store.ids import new_id
from chalicelib.store.members import Belonging, Member
from chalicelib.store.projects import Overview, Project
from chalicelib.store.table import Page
from chalicelib.store.times import stamp
from chalicelib.store.transaction import transact
from chalicelib.store.users import User

KEPT_IN_TRASH = timedelta(days=30)


class Belongs(NamedTuple):
    """A project of mine, and what I am in it."""

    overview: Overview
    role: str


class Membership(NamedTuple):
    member: Member
    person: User


def create(access: Access, *, name: str, description: str, prefix: str | None) -> Project:
    """Start a project; the caller owns it. Without a `prefix` for the keys of its tasks, its name
    gives one. An API token limited to some projects makes no more."""
    if access.token is not None and access.token.projects:
        raise Forbidden("This API token is limited to some projects", code="scope_missing")
    key = Project.key(new_id(access.now))
    project = Project(
        key.pk,
        key.sk,
        name=name,
        prefix=prefix or keys.derived(name),
        description=description,
        owner_id=access.user_id,
        created_at=stamp(access.now),
        updated_at=stamp(access.now),
    )
    owner = members.new(project.id, access.user_id, Role.OWNER, access.now)
    armed = weekly.owns(access.user_id, access.now)
    writes = (projects.created(project), *members.joining(owner), armed)
    return receipts.create(project, *writes, once=access.once, now=access.now)


def mine(access: Access, *, limit: int, start: dict[str, Any] | None) -> Page[Belongs]:
    """A page of the caller's projects, newest first; full unless it is the last."""

    def read(**which: Any) -> Page[Belongs]:
        page = members.page_of_user(access.user_id, **which)
        return Page(_seen(access, page.rows, trashed=False), page.last_key)

    return full_page(read, limit=limit, start=start)


def in_trash(access: Access) -> Iterator[Belongs]:
    """The projects that the caller owns and has deleted, newest first."""
    edges = [e for e in members.of_user(access.user_id) if e.role == Role.OWNER]
    yield from _seen(access, edges, trashed=True)


def overview(access: ProjectAccess) -> Overview:
    """The project with its counts."""
    counts = counters.of_project(access.project.id)
    return Overview(access.project, projects.by_status(counts))


def people(access: ProjectAccess) -> list[Membership]:
    """The project's members."""
    found = list(members.of_project(access.project.id))
    known = users.by_ids(member.user_id for member in found)
    return [Membership(m, known[m.user_id]) for m in found if m.user_id in known]


def change(
    access: ProjectAccess, fields: Mapping[str, Any], *, version: int | None = None
) -> Project:
    """Give the project `fields`; see `changes.apply`."""
    store = partial(_store, at=stamp(access.now))
    return changes.apply(access.project, fields, version=version, store=store)


def archive(access: ProjectAccess) -> Project:
    """From now on the project can only be read; archiving it again changes nothing."""
    if access.project.archived_at is not None:
        return access.project
    return change(access, {"archived_at": stamp(access.now)})


def unarchive(access: ProjectAccess) -> Project:
    """Let the project be changed again."""
    return change(access, {"archived_at": None})


def delete(access: ProjectAccess) -> None:
    """Move the project to the trash: out of reach at once, for good after thirty days."""
    if access.project.deleted_at is None:
        end = stamp(access.now + KEPT_IN_TRASH)
        waking = wake.keys("purge", end, access.project.id)
        _set_aside(access, {"deleted_at": stamp(access.now), **waking})


def restore(access: ProjectAccess) -> Project:
    """Take the project out of the trash, as it was."""
    if access.project.deleted_at is None:
        return access.project
    waking = projects.listing(access.project)
    return _set_aside(access, {"deleted_at": None, "restored_at": stamp(access.now), **waking})


def _set_aside(access: ProjectAccess, fields: Mapping[str, Any]) -> Project:
    def commit(project: Project) -> Project:
        return _store(project, fields, at=stamp(access.now))

    return changes.attempt(access.project, version=None, commit=commit)


def _store(project: Project, wanted: Mapping[str, Any], *, at: str) -> Project:
    after = deepcopy(project)
    fields = {**wanted, "updated_at": at}
    for name, value in fields.items():
        setattr(after, name, value)
    transact(projects.changed(project, fields))
    after.version += 1
    return after


def _seen(access: Access, edges: list[Belonging], *, trashed: bool) -> list[Belongs]:
    roles = {e.project_id: e.role for e in edges if access.reaches(e.project_id)}
    found = projects.overviews(list(roles), trashed=trashed)
    return [Belongs(each, roles[each.project.id]) for each in found]
