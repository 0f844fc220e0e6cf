"""What clients may write into a task, beyond the types of the fields."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, cast

from chalicelib.access.service import ProjectAccess, TaskAccess
from chalicelib.accounts.models import get_user
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.ids import new_task_id
from chalicelib.dynamodb.optimistic_locking import apply_changes, retry_on_conflict
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import Conflict, FieldError, Invalid
from chalicelib.mail.notifications import queue_assignment_writes
from chalicelib.projects.counter_models import move_counts_write
from chalicelib.task_lists.models import move_filter_entries_writes
from chalicelib.tasks import due_dates, keys, models, number_models, references, subtasks
from chalicelib.tasks.models import Task, TrashedTask
from chalicelib.tasks.references import Reference

DESCRIPTION_MAX_BYTES = 20_000


def normalize_fields(access: ProjectAccess, fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` as they are stored: each label once, the parent by its id. Raises `Invalid` naming
    all that cannot be stored."""
    errors = tuple(_find_field_errors(fields))
    if errors:
        raise Invalid(errors=errors)
    wanted = dict(fields)
    if "labels" in wanted:
        wanted["labels"] = list(dict.fromkeys(wanted["labels"] or ())) or None
    if "parent" in wanted:
        wanted["parent"] = keys.resolve_reference(access, wanted["parent"])
    return wanted


def _find_field_errors(fields: Mapping[str, Any]) -> Iterator[FieldError]:
    try:
        due_dates.compute_due_at(fields.get("due_date"), None)
    except ValueError as error:
        yield FieldError("due_date", str(error))
    if len(fields.get("description", "").encode()) > DESCRIPTION_MAX_BYTES:
        message = f"has at most {DESCRIPTION_MAX_BYTES} bytes in UTF-8"
        yield FieldError("description", message)


KEPT_IN_TRASH = timedelta(days=30)


class ChangeAuthor(NamedTuple):
    """Who changes a task, in which request, and when; nobody: the service itself."""

    user_id: str | None
    request_id: str | None
    now: datetime

    @property
    def marks(self) -> dict[str, str | None]:
        """What every change leaves on the task."""
        return {
            "updated_at": format_timestamp(self.now),
            "changed_by": self.user_id,
            "request_id": self.request_id,
        }


@dataclass(frozen=True)
class PlannedChange:
    """A change that waits to be committed: the task as it will be, and what has to be written."""

    task: Task
    writes: tuple[Write, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def all_writes(self) -> tuple[Write, ...]:
        return (*self.writes, *(reference.write for reference in self.references))


def create_task(access: ProjectAccess, **fields: Any) -> Task:
    """Add a task to the project; whoever it is assigned to is told. Raises `Invalid` naming all
    fields that are wrong."""
    wanted = normalize_fields(access, fields)
    step = plan_creation(access, wanted, number=number_models.draw_task_numbers(access.project.id))
    with references.translate_reference_failures(step.references):
        return create_once(
            step.task, *step.all_writes, idempotency_key=access.idempotency_key, now=access.now
        )


def plan_creation(
    access: ProjectAccess, fields: Mapping[str, Any], *, number: int
) -> PlannedChange:
    """What adds a task of these fields and this number to the project."""
    author = get_author(access)
    task = _new(access, number)
    _set_fields(task, {"status": "todo", **fields}, author)
    placing = subtasks.place_task(task, None)
    writes = (
        models.create_task_write(task),
        number_models.assign_number_write(task.project_id, number, task.id),
        move_counts_write(None, task),
        *move_filter_entries_writes(None, task),
        *queue_assignment_writes(task, None, actor=author.user_id, now=author.now),
    )
    return PlannedChange(task, writes, (*references.build_references(task, None), *placing))


def update_task(
    access: TaskAccess, fields: Mapping[str, Any], *, version: int | None = None
) -> Task:
    """Give the task `fields`; fields that do not differ are no change, and no change is no event.

    `version` is what the caller last read: `PreconditionFailed` if the task has moved on. Without
    it a rival's change is read and built upon, so that changes of different fields both survive.
    """
    store = partial(_store, author=get_author(access))
    wanted = normalize_fields(access, fields)
    return apply_changes(access.task, wanted, version=version, store=store)


def plan_update(task: Task, wanted: Mapping[str, Any], author: ChangeAuthor) -> PlannedChange:
    """What gives the task the `wanted` values, and a new version."""
    after = deepcopy(task)
    fields = _set_fields(after, wanted, author)
    placing = subtasks.place_task(after, task)
    if placing:
        fields["depth"] = after.depth
    writes = (
        models.update_task_write(after, fields),
        move_counts_write(task, after),
        *move_filter_entries_writes(task, after),
        *queue_assignment_writes(after, task.assigned_to, actor=author.user_id, now=author.now),
    )
    after.version += 1
    return PlannedChange(after, writes, (*references.build_references(after, task), *placing))


def delete_task(access: TaskAccess, *, version: int | None = None) -> None:
    """Move the task to the trash: out of reach at once, for good after thirty days.

    Raises `Conflict` for a task that has sub-tasks.
    """
    author = get_author(access)
    commit = partial(_commit_removal, author=author)
    retry_on_conflict(access.task, version=version, commit=commit)


def plan_deletion(task: Task, author: ChangeAuthor) -> PlannedChange:
    """What moves the task to the trash."""
    subtasks.require_no_subtasks(task)
    at, until = format_timestamp(author.now), format_timestamp(author.now + KEPT_IN_TRASH)
    writes = (
        *models.trash_task_writes(task, until=until, deleted_at=at, **author.marks),
        move_counts_write(task, None),
        *move_filter_entries_writes(task, None),
        *subtasks.remove_subtask_writes(task.parent),
    )
    return PlannedChange(task, writes)


def restore_task(access: TaskAccess) -> Task:
    """Take the task out of the trash, as it was, but for people, labels and a parent that are there
    no more. One that is not in the trash stays as it is."""
    task = access.task
    if not isinstance(task, TrashedTask):
        return task
    references.drop_missing_references(task)
    placing = subtasks.restore_parent(task)
    out, back = models.restore_task_writes(task, **get_author(access).marks)
    restored = cast(Task, back.row)
    writes = (
        out,
        back,
        move_counts_write(None, restored),
        *move_filter_entries_writes(None, restored),
    )
    step = PlannedChange(restored, writes, (*references.build_references(restored, None), *placing))
    try:
        with references.translate_reference_failures(step.references):
            transact(*step.all_writes)
    except ConditionFailed as failed:
        raise Conflict("The task was changed at the same moment; try again") from failed
    return restored


def list_trashed_tasks(
    access: ProjectAccess, *, limit: int, start: dict[str, Any] | None
) -> Page[Task]:
    """A page of the project's deleted tasks."""
    page = models.list_trashed_tasks(access.project.id, limit=limit, start=start)
    return Page(list(page.rows), page.last_key)


def update_as_system(task: Task, fields: Mapping[str, Any], now: datetime) -> None:
    """Give the task `fields` on the service's own account."""
    store = partial(_store, author=ChangeAuthor(None, None, now))
    apply_changes(task, fields, version=None, store=store)


def recompute_due_time(task: Task, now: datetime) -> None:
    """Work out anew when the task is due, for an assignee who lives elsewhere now."""

    def commit(task: Task) -> None:
        if task.due_at != due_dates.compute_due_at(task.due_date, _zone_of(task)):
            _store(task, {"due_date": task.due_date}, author=ChangeAuthor(None, None, now))

    retry_on_conflict(task, version=None, commit=commit)


def get_author(access: ProjectAccess) -> ChangeAuthor:
    return ChangeAuthor(access.user_id, access.request_id, access.now)


def _store(task: Task, wanted: Mapping[str, Any], *, author: ChangeAuthor) -> Task:
    step = plan_update(task, wanted, author)
    with references.translate_reference_failures(step.references):
        transact(*step.all_writes)
    return step.task


def _commit_removal(task: Task, *, author: ChangeAuthor) -> None:
    transact(*plan_deletion(task, author).all_writes)


def _new(access: ProjectAccess, number: int) -> Task:
    key = Task.key(new_task_id(access.project.id, access.now))
    at = format_timestamp(access.now)
    return Task(
        key.pk, key.sk, number=number, created_by=access.user_id, created_at=at, updated_at=at
    )


def _set_fields(task: Task, wanted: Mapping[str, Any], author: ChangeAuthor) -> dict[str, Any]:
    """Give `task` the `wanted` values and what follows from them; all that changed."""
    fields: dict[str, Any] = {**wanted, **author.marks}
    for name, value in fields.items():
        setattr(task, name, value)
    if "status" in wanted:
        fields["completed_at"] = None if task.is_open else format_timestamp(author.now)
    if "due_date" in wanted or "assigned_to" in wanted:
        fields["due_at"] = due_dates.compute_due_at(task.due_date, _zone_of(task))
    for name in fields.keys() & {"completed_at", "due_at"}:
        setattr(task, name, fields[name])
    return fields


def _zone_of(task: Task) -> str | None:
    """The zone in which the task's day ends."""
    if task.assigned_to is None or task.due_date is None or not due_dates.is_date(task.due_date):
        return None
    assignee = get_user(task.assigned_to)
    return assignee.time_zone if assignee else None
