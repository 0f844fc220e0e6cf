"""Tasks: create, change, assign, delete, restore."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, cast

from chalicelib.domain import changes, notices, references, subtasks, task_fields
from chalicelib.domain.access import ProjectAccess, TaskAccess
from chalicelib.domain.due_dates import due_at, is_day
from chalicelib.domain.references import Reference
from chalicelib.errors import Conflict
from chalicelib.store import counters, edges, numbers, receipts, tasks, users
from chalicelib.store.ids import new_task_id
from chalicelib.store.table import Page
from chalicelib.store.tasks import Task, TrashedTask
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Write, transact

KEPT_IN_TRASH = timedelta(days=30)


class Author(NamedTuple):
    """Who changes a task, in which request, and when; nobody: the service itself."""

    user_id: str | None
    request_id: str | None
    now: datetime

    @property
    def marks(self) -> dict[str, str | None]:
        """What every change leaves on the task."""
        return {
            "updated_at": stamp(self.now),
            "changed_by": self.user_id,
            "request_id": self.request_id,
        }


@dataclass(frozen=True)
class Step:
    """A change that waits to be committed: the task as it will be, and what has to be written."""

    task: Task
    writes: tuple[Write, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def all_writes(self) -> tuple[Write, ...]:
        return (*self.writes, *(reference.write for reference in self.references))


def create(access: ProjectAccess, **fields: Any) -> Task:
    """Add a task to the project; whoever it is assigned to is told. Raises `Invalid` naming all
    fields that are wrong."""
    wanted = task_fields.read(access, fields)
    step = creation(access, wanted, number=numbers.draw(access.project.id))
    with references.held(step.references):
        return receipts.create(step.task, *step.all_writes, once=access.once, now=access.now)


def creation(access: ProjectAccess, fields: Mapping[str, Any], *, number: int) -> Step:
    """What adds a task of these fields and this number to the project."""
    author = author_of(access)
    task = _new(access, number)
    _give(task, {"status": "todo", **fields}, author)
    placing = subtasks.placed(task, None)
    writes = (
        tasks.created(task),
        numbers.given(task.project_id, number, task.id),
        counters.moved(None, task),
        *edges.moved(None, task),
        *notices.assigned(task, None, actor=author.user_id, now=author.now),
    )
    return Step(task, writes, (*references.of(task, None), *placing))


def change(access: TaskAccess, fields: Mapping[str, Any], *, version: int | None = None) -> Task:
    """Give the task `fields`; fields that do not differ are no change, and no change is no event.

    `version` is what the caller last read: `PreconditionFailed` if the task has moved on. Without
    it a rival's change is read and built upon, so that changes of different fields both survive.
    """
    store = partial(_store, author=author_of(access))
    wanted = task_fields.read(access, fields)
    return changes.apply(access.task, wanted, version=version, store=store)


def alteration(task: Task, wanted: Mapping[str, Any], author: Author) -> Step:
    """What gives the task the `wanted` values, and a new version."""
    after = deepcopy(task)
    fields = _give(after, wanted, author)
    placing = subtasks.placed(after, task)
    if placing:
        fields["depth"] = after.depth
    writes = (
        tasks.changed(after, fields),
        counters.moved(task, after),
        *edges.moved(task, after),
        *notices.assigned(after, task.assigned_to, actor=author.user_id, now=author.now),
    )
    after.version += 1
    return Step(after, writes, (*references.of(after, task), *placing))


def delete(access: TaskAccess, *, version: int | None = None) -> None:
    """Move the task to the trash: out of reach at once, for good after thirty days.

    Raises `Conflict` for a task that has sub-tasks.
    """
    author = author_of(access)
    commit = partial(_commit_removal, author=author)
    changes.attempt(access.task, version=version, commit=commit)


def removal(task: Task, author: Author) -> Step:
    """What moves the task to the trash."""
    subtasks.require_childless(task)
    at, until = stamp(author.now), stamp(author.now + KEPT_IN_TRASH)
    writes = (
        *tasks.trashed(task, until=until, deleted_at=at, **author.marks),
        counters.moved(task, None),
        *edges.moved(task, None),
        *subtasks.counted_out(task.parent),
    )
    return Step(task, writes)


def restore(access: TaskAccess) -> Task:
    """Take the task out of the trash, as it was, but for people, labels and a parent that are there
    no more. One that is not in the trash stays as it is."""
    task = access.task
    if not isinstance(task, TrashedTask):
        return task
    references.forget_missing(task)
    placing = subtasks.back_in_place(task)
    out, back = tasks.restored(task, **author_of(access).marks)
    restored = cast(Task, back.row)
    writes = (out, back, counters.moved(None, restored), *edges.moved(None, restored))
    step = Step(restored, writes, (*references.of(restored, None), *placing))
    try:
        with references.held(step.references):
            transact(*step.all_writes)
    except ConditionFailed as failed:
        raise Conflict("The task was changed at the same moment; try again") from failed
    return restored


def in_trash(access: ProjectAccess, *, limit: int, start: dict[str, Any] | None) -> Page[Task]:
    """A page of the project's deleted tasks."""
    page = tasks.in_trash(access.project.id, limit=limit, start=start)
    return Page(list(page.rows), page.last_key)


def amend(task: Task, fields: Mapping[str, Any], now: datetime) -> None:
    """Give the task `fields` on the service's own account."""
    store = partial(_store, author=Author(None, None, now))
    changes.apply(task, fields, version=None, store=store)


def redate(task: Task, now: datetime) -> None:
    """Work out anew when the task is due, for an assignee who lives elsewhere now."""

    def commit(task: Task) -> None:
        if task.due_at != due_at(task.due_date, _zone_of(task)):
            _store(task, {"due_date": task.due_date}, author=Author(None, None, now))

    changes.attempt(task, version=None, commit=commit)


def author_of(access: ProjectAccess) -> Author:
    return Author(access.user_id, access.request_id, access.now)


def _store(task: Task, wanted: Mapping[str, Any], *, author: Author) -> Task:
    step = alteration(task, wanted, author)
    with references.held(step.references):
        transact(*step.all_writes)
    return step.task


def _commit_removal(task: Task, *, author: Author) -> None:
    transact(*removal(task, author).all_writes)


def _new(access: ProjectAccess, number: int) -> Task:
    key = Task.key(new_task_id(access.project.id, access.now))
    at = stamp(access.now)
    return Task(
        key.pk, key.sk, number=number, created_by=access.user_id, created_at=at, updated_at=at
    )


def _give(task: Task, wanted: Mapping[str, Any], author: Author) -> dict[str, Any]:
    """Give `task` the `wanted` values and what follows from them; all that changed."""
    fields: dict[str, Any] = {**wanted, **author.marks}
    for name, value in fields.items():
        setattr(task, name, value)
    if "status" in wanted:
        fields["completed_at"] = None if task.is_open else stamp(author.now)
    if "due_date" in wanted or "assigned_to" in wanted:
        fields["due_at"] = due_at(task.due_date, _zone_of(task))
    for name in fields.keys() & {"completed_at", "due_at"}:
        setattr(task, name, fields[name])
    return fields


def _zone_of(task: Task) -> str | None:
    """The zone in which the task's day ends."""
    if task.assigned_to is None or task.due_date is None or not is_day(task.due_date):
        return None
    assignee = users.by_id(task.assigned_to)
    return assignee.time_zone if assignee else None
