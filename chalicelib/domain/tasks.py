"""Tasks: create, list, change, assign."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from chalicelib.domain import notices
from chalicelib.domain.access import Access, ProjectAccess, TaskAccess
from chalicelib.domain.due_dates import due_at
from chalicelib.errors import (
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    Unavailable,
)
from chalicelib.store import projects, receipts, table, tasks
from chalicelib.store.ids import new_task_id
from chalicelib.store.projects import Member
from chalicelib.store.table import Page
from chalicelib.store.tasks import Task
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Write, transact

RACES = 10


def create(access: ProjectAccess, **fields: Any) -> Task:
    """Add a task to the project; whoever it is assigned to is told."""
    _require_member(access.project.id, fields.get("assigned_to"))
    key = Task.key(new_task_id(access.project.id, access.now))
    task = Task(
        key.pk,
        key.sk,
        created_by=access.user_id,
        created_at=stamp(access.now),
        **_derived(fields, access.now),
    )
    writes = (
        tasks.created(task),
        projects.counted(task.project_id, task.id, **{task.status: 1}),
        *notices.assigned(task, None, actor=access.user_id, now=access.now),
    )
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
    return tasks.assigned_to(access.user_id, limit=limit, start=start)


def change(access: TaskAccess, fields: Mapping[str, Any], *, version: int | None = None) -> Task:
    """Give the task `fields`; fields that do not differ are no change, and no change is no event.

    `version` is what the caller last read: `PreconditionFailed` if the task has moved on. Without
    it a rival's change is read and built upon, so that changes of different fields both survive.
    """
    if "assigned_to" in fields:
        _require_member(access.project.id, fields["assigned_to"])
    return _change(access.task, fields, version, actor=access.user_id, now=access.now)


def unassign(task: Task, now: datetime) -> None:
    """Take the task from a person who goes; nobody is told."""
    _change(task, {"assigned_to": None}, None, actor=str(task.assigned_to), now=now)


def _change(
    task: Task, fields: Mapping[str, Any], version: int | None, *, actor: str, now: datetime
) -> Task:
    for _ in range(RACES):
        if version is not None and task.version != version:
            raise PreconditionFailed()
        wanted = {name: v for name, v in fields.items() if getattr(task, name) != v}
        if not wanted:
            return task
        try:
            return _store(task, wanted, actor, now)
        except ConditionFailed as failed:
            task = _as_it_stands(failed.row)
    raise Unavailable(headers={"Retry-After": "1"})


def _store(task: Task, wanted: Mapping[str, Any], actor: str, now: datetime) -> Task:
    fields = _derived(wanted, now)
    after = deepcopy(task)
    for name, value in fields.items():
        setattr(after, name, value)
    transact(
        tasks.changed(after, fields),
        *_recounted(task, after),
        *notices.assigned(after, task.assigned_to, actor=actor, now=now),
    )
    after.version += 1
    return after


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


def _as_it_stands(row: dict[str, Any] | None) -> Task:
    task = None if row is None else Task.from_raw_data(row)
    if task is None or task.deleted_at is not None:
        raise NotFound()
    return task


def _require_member(project_id: str, user_id: str | None) -> None:
    if user_id is not None and table.get(Member.key(project_id, user_id)) is None:
        raise Invalid(errors=(FieldError("assigned_to", "must be a member of the project"),))
