"""Tasks: create, list, change, assign."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from chalicelib.domain import changes, notices
from chalicelib.domain.access import Access, ProjectAccess, TaskAccess
from chalicelib.domain.due_dates import due_at
from chalicelib.errors import Conflict, FieldError, Forbidden, Invalid
from chalicelib.store import members, projects, receipts, table, tasks
from chalicelib.store.ids import is_id, new_task_id
from chalicelib.store.members import Member
from chalicelib.store.projects import Project
from chalicelib.store.table import Page
from chalicelib.store.tasks import Author, Task, TrashedTask
from chalicelib.store.times import stamp
from chalicelib.store.transaction import Check, ConditionFailed, Write, transact

KEPT_IN_TRASH = timedelta(days=30)


def create(access: ProjectAccess, **fields: Any) -> Task:
    """Add a task to the project; whoever it is assigned to is told."""
    key = Task.key(new_task_id(access.project.id, access.now))
    task = Task(
        key.pk,
        key.sk,
        created_by=access.user_id,
        created_at=stamp(access.now),
        **_author(access)._asdict(),
        **_derived(fields, access.now),
    )
    writes = (
        tasks.created(task),
        projects.counted(task.project_id, task.id, **{task.status: 1}),
        *notices.assigned(task, None, actor=access.user_id, now=access.now),
        *_checked(task.project_id, task.assigned_to),
    )
    with _only_members():
        return receipts.create(task, *writes, once=access.once, now=access.now)


def in_project(
    access: ProjectAccess, *, status: str | None, limit: int, start: dict[str, Any] | None
) -> Page[Task]:
    """A page of the project's tasks, newest first."""
    return tasks.in_project(access.project.id, status=status, limit=limit, start=start)


def assigned_to_me(access: Access, *, limit: int, start: dict[str, Any] | None) -> Page[Task]:
    """A page of the tasks assigned to the caller, the earliest due first. An API token limited to
    some projects has to name one instead."""
    if access.token is not None and access.token.projects:
        raise Forbidden("This API token is limited to some projects", code="scope_missing")
    found: list[Task] = []
    while True:
        page = tasks.assigned_to(access.user_id, limit=limit - len(found), start=start)
        found += _within_reach(access, page.rows)
        start = page.last_key
        if start is None or len(found) == limit:
            return Page(found, start)


def change(access: TaskAccess, fields: Mapping[str, Any], *, version: int | None = None) -> Task:
    """Give the task `fields`; fields that do not differ are no change, and no change is no event.

    `version` is what the caller last read: `PreconditionFailed` if the task has moved on. Without
    it a rival's change is read and built upon, so that changes of different fields both survive.
    """
    author = _author(access)
    store = partial(_store, actor=access.user_id, author=author, now=access.now)
    return changes.apply(access.task, fields, version=version, store=store)


def delete(access: TaskAccess, *, version: int | None = None) -> None:
    """Move the task to the trash: out of reach at once, for good after thirty days."""
    at, until = stamp(access.now), stamp(access.now + KEPT_IN_TRASH)

    def commit(task: Task) -> None:
        gone = projects.counted(task.project_id, task.id, **{task.status: -1})
        transact(*tasks.trashed(task, _author(access), at=at, until=until), gone)

    changes.attempt(access.task, version=version, commit=commit)


def restore(access: TaskAccess) -> Task:
    """Take the task out of the trash, as it was; one that is not there stays as it is. Somebody
    who is no member any more is not assigned any more."""
    task = access.task
    if not isinstance(task, TrashedTask):
        return task
    if task.assigned_to and members.by_id(task.project_id, task.assigned_to) is None:
        task.assigned_to = None
    out, back = tasks.restored(task, _author(access), at=stamp(access.now))
    counting = projects.counted(task.project_id, task.id, **{task.status: 1})
    try:
        transact(out, back, counting, *_checked(task.project_id, task.assigned_to))
    except ConditionFailed as failed:
        raise Conflict("The task was changed at the same moment; try again") from failed
    return cast(Task, back.row)


def in_trash(access: ProjectAccess, *, limit: int, start: dict[str, Any] | None) -> Page[Task]:
    """A page of the project's deleted tasks."""
    page = tasks.in_trash(access.project.id, limit=limit, start=start)
    return Page(list(page.rows), page.last_key)


def unassign(task: Task, now: datetime) -> None:
    """Take the task from a person who goes; nobody is told."""
    hand_over(task, None, actor=str(task.assigned_to), now=now)


def hand_over(task: Task, user_id: str | None, *, actor: str, now: datetime) -> None:
    """Give the task to somebody else, or to nobody."""
    store = partial(_store, actor=actor, author=Author(None, None), now=now)
    changes.apply(task, {"assigned_to": user_id}, version=None, store=store)


def _store(
    task: Task, wanted: Mapping[str, Any], *, actor: str, author: Author, now: datetime
) -> Task:
    fields = _derived(wanted, now) | author._asdict()
    after = deepcopy(task)
    for name, value in fields.items():
        setattr(after, name, value)
    with _only_members():
        transact(
            tasks.changed(after, fields),
            *_recounted(task, after),
            *notices.assigned(after, task.assigned_to, actor=actor, now=now),
            *_checked(task.project_id, after.assigned_to, task.assigned_to),
        )
    after.version += 1
    return after


def _author(access: Access) -> Author:
    return Author(access.user_id, access.request_id)


def _derived(fields: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """`fields`, and those that follow from them."""
    derived = {**fields, "updated_at": stamp(now)}
    if "due_date" in fields:
        derived["due_at"] = due_at(fields["due_date"])
    if "status" in fields:
        derived["completed_at"] = stamp(now) if fields["status"] == "done" else None
    return derived


def _recounted(before: Task, after: Task) -> tuple[Write, ...]:
    if before.status == after.status:
        return ()
    moved = {before.status: -1, after.status: 1}
    return (projects.counted(after.project_id, after.id, **moved),)


def _within_reach(access: Access, cards: list[Task]) -> list[Task]:
    """The cards of live projects that the caller is a member of: the index lags behind both."""
    project_ids = {card.project_id for card in cards}
    mine = {project_id: Member.key(project_id, access.user_id) for project_id in project_ids}
    metas = {project_id: Project.key(project_id) for project_id in project_ids}
    rows = table.read(*mine.values(), *metas.values())
    live = {
        project_id
        for project_id in project_ids
        if rows.get(mine[project_id])
        and (project := rows.get(metas[project_id]))
        and project.deleted_at is None
    }
    return [card for card in cards if card.project_id in live]


def _checked(project_id: str, user_id: str | None, before: str | None = None) -> tuple[Write, ...]:
    """Nobody is assigned who is no member at that moment."""
    if user_id is not None and not is_id(user_id):
        raise _not_a_member()
    return () if user_id in (None, before) else (members.still(project_id, str(user_id)),)


@contextmanager
def _only_members() -> Iterator[None]:
    try:
        yield
    except ConditionFailed as failed:
        if isinstance(failed.write, Check):
            raise _not_a_member() from failed
        raise


def _not_a_member() -> Invalid:
    return Invalid(errors=(FieldError("assigned_to", "must be a member of the project"),))
