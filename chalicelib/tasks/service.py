"""Create, update, delete and restore tasks.

Each change is one transaction over the task, its project's counters and its filter entries. The
`plan_*` functions compute the writes of a change without committing them, so that an atomic bulk
request can commit several plans together.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from chalicelib.access.service import ProjectAccess, TaskAccess
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
from chalicelib.tasks import due_dates, keys, models, number_models, references, task_times
from chalicelib.tasks.models import Task, TrashedTask
from chalicelib.tasks.references import Reference

DESCRIPTION_MAX_BYTES = 20_000
KEPT_IN_TRASH = timedelta(days=30)
# The fields that are a day or a time, and the functions that compute the times they stand for.
DATE_FIELDS = {"start_date": due_dates.compute_start_at, "due_date": due_dates.compute_due_at}


class ChangeAuthor(NamedTuple):
    """The user, the request and the time of a change; no user and no request for the service."""

    user_id: str | None
    request_id: str | None
    now: datetime

    @property
    def audit_fields(self) -> dict[str, str | None]:
        """The attributes that every change sets on the task."""
        return {
            "updated_at": format_timestamp(self.now),
            "changed_by": self.user_id,
            "request_id": self.request_id,
        }


@dataclass(frozen=True)
class PlannedChange:
    """A change that is not committed yet: the task after it, and its writes."""

    task: Task
    writes: tuple[Write, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def all_writes(self) -> tuple[Write, ...]:
        return (*self.writes, *(reference.write for reference in self.references))


def create_task(access: ProjectAccess, **fields: Any) -> Task:
    """Create a task in the project, queue a mail to its assignee, and return it.

    A repeated idempotency key returns the first task. Raises `Invalid` with the invalid fields.
    """
    wanted = normalize_fields(access, fields)
    number = number_models.draw_task_numbers(access.project.id)
    change = plan_creation(access, wanted, number=number)
    with references.translate_reference_failures(change.references):
        return create_once(
            change.task,
            *change.all_writes,
            idempotency_key=access.idempotency_key,
            now=access.now,
        )


def plan_creation(
    access: ProjectAccess, fields: Mapping[str, Any], *, number: int
) -> PlannedChange:
    """Plan a new task with normalized `fields` and this number in the project.

    Raises `Invalid` when a field cannot be valid.
    """
    author, created_at = get_author(access), format_timestamp(access.now)
    key = Task.key(new_task_id(access.project.id, access.now))
    task = Task(
        key.pk,
        key.sk,
        number=number,
        created_by=access.user_id,
        created_at=created_at,
        updated_at=created_at,
    )
    _set_fields(task, {"status": "todo", **fields}, author)
    task_times.require_start_before_due(task)
    task_references = references.build_references(task, None)
    writes = (
        models.create_task_write(task),
        number_models.assign_number_write(task.project_id, number, task.id),
        move_counts_write(None, task),
        *move_filter_entries_writes(None, task),
        *queue_assignment_writes(task, None, actor=author.user_id, now=author.now),
    )
    return PlannedChange(task, writes, task_references)


def update_task(
    access: TaskAccess, fields: Mapping[str, Any], *, version: int | None = None
) -> Task:
    """Set `fields` of the task and return it.

    When no field differs, nothing is written. Raises `PreconditionFailed` when `version`, the
    version that the caller last read, is not the current one. Without it, the update is applied
    to the result of a concurrent change, so that changes of different fields both persist.
    """
    wanted = normalize_fields(access, fields)
    store = partial(_commit_update, author=get_author(access))
    return apply_changes(access.task, wanted, version=version, store=store)


def plan_update(task: Task, wanted: Mapping[str, Any], author: ChangeAuthor) -> PlannedChange:
    """Plan the change of a task to the `wanted` values, which are normalized and differ.

    Raises `Invalid` when a field cannot be valid. A change that leaves start date and due date as
    they are is not refused because of their order: the assignee's time zone may reverse it.
    """
    after = deepcopy(task)
    fields = _set_fields(after, wanted, author)
    if (after.start_date, after.due_date) != (task.start_date, task.due_date):
        task_times.require_start_before_due(after)
    task_references = references.build_references(after, task)
    if after.parent != task.parent:
        fields["depth"] = after.depth
    writes = (
        models.update_task_write(after, fields),
        move_counts_write(task, after),
        *move_filter_entries_writes(task, after),
        *queue_assignment_writes(after, task.assigned_to, actor=author.user_id, now=author.now),
    )
    after.version += 1
    return PlannedChange(after, writes, task_references)


def _commit_update(task: Task, wanted: Mapping[str, Any], *, author: ChangeAuthor) -> Task:
    change = plan_update(task, wanted, author)
    with references.translate_reference_failures(change.references):
        transact(*change.all_writes)
    return change.task


def delete_task(access: TaskAccess, *, version: int | None = None) -> None:
    """Move the task to the trash, which is purged after thirty days.

    Raises `PreconditionFailed` when `version`, the version that the caller last read, is not the
    current one, and `Conflict` when the task has subtasks.
    """
    author = get_author(access)

    def commit(task: Task) -> None:
        transact(*plan_deletion(task, author).all_writes)

    retry_on_conflict(access.task, version=version, commit=commit)


def plan_deletion(task: Task, author: ChangeAuthor) -> PlannedChange:
    """Plan the move of a task to the trash. Raises `Conflict` when it has subtasks."""
    references.require_no_subtasks(task)
    deleted_at = format_timestamp(author.now)
    until = format_timestamp(author.now + KEPT_IN_TRASH)
    writes = (
        *models.trash_task_writes(task, until=until, deleted_at=deleted_at, **author.audit_fields),
        move_counts_write(task, None),
        *move_filter_entries_writes(task, None),
        *references.remove_subtask_writes(task.parent),
    )
    return PlannedChange(task, writes)


def restore_task(access: TaskAccess) -> Task:
    """Restore the task from the trash and return it; a task that is not there does not change.

    References that are no longer valid are removed. Raises `Conflict` when a concurrent request
    changed the task or its parent, and `Invalid` when one removed its assignee or a label.
    """
    task = access.task
    if not isinstance(task, TrashedTask):
        return task
    task_references = references.restore_references(task)
    author = get_author(access)
    restored, removal, creation = models.restore_task_writes(task, **author.audit_fields)
    writes = (
        removal,
        creation,
        move_counts_write(None, restored),
        *move_filter_entries_writes(None, restored),
    )
    try:
        with references.translate_reference_failures(task_references):
            transact(*PlannedChange(restored, writes, task_references).all_writes)
    except ConditionFailed as failed:
        raise Conflict("The task was changed at the same moment; try again") from failed
    return restored


def list_trashed_tasks(
    access: ProjectAccess, *, limit: int, start: dict[str, Any] | None
) -> Page[TrashedTask]:
    """Return a page of the project's trashed tasks, newest first."""
    return models.list_trashed_tasks(access.project.id, limit=limit, start=start)


def update_as_system(task: Task, fields: Mapping[str, Any], now: datetime) -> None:
    """Set `fields` of the task as a change by the service itself.

    Raises `NotFound` when the task was deleted.
    """
    store = partial(_commit_update, author=ChangeAuthor(None, None, now))
    apply_changes(task, fields, version=None, store=store)


def recompute_due_time(task: Task, now: datetime) -> None:
    """Set when the task starts and is due, after its assignee moved to another time zone.

    Raises `NotFound` when the task was deleted.
    """

    def commit(task: Task) -> None:
        if task_times.stored_times(task) != task_times.load_times(task):
            _commit_update(task, {"due_date": task.due_date}, author=ChangeAuthor(None, None, now))

    retry_on_conflict(task, version=None, commit=commit)


def get_author(access: ProjectAccess) -> ChangeAuthor:
    """Return the caller as the author of a change."""
    return ChangeAuthor(access.user_id, access.request_id, access.now)


def normalize_fields(access: ProjectAccess, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` as they are stored: labels without duplicates, the parent as an id.

    Raises `Invalid` with each field that cannot be stored. The schemas have checked the types.
    """
    errors = []
    for name, compute in DATE_FIELDS.items():
        try:
            compute(fields.get(name), None)
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
    if len(fields.get("description", "").encode()) > DESCRIPTION_MAX_BYTES:
        message = f"must be at most {DESCRIPTION_MAX_BYTES} bytes in UTF-8"
        errors.append(FieldError("description", message))
    if errors:
        raise Invalid(errors=tuple(errors))

    normalized = dict(fields)
    if "labels" in normalized:
        normalized["labels"] = list(dict.fromkeys(normalized["labels"] or ())) or None
    if "parent" in normalized:
        normalized["parent"] = keys.resolve_reference(access, normalized["parent"])
    return normalized


def _set_fields(task: Task, wanted: Mapping[str, Any], author: ChangeAuthor) -> dict[str, Any]:
    """Set the `wanted` values and those that follow from them; return all that were set."""
    fields: dict[str, Any] = {**wanted, **author.audit_fields}
    for name, value in fields.items():
        setattr(task, name, value)
    if "status" in wanted:
        task.completed_at = None if task.is_open else format_timestamp(author.now)
        fields["completed_at"] = task.completed_at
    if wanted.keys() & task_times.TIME_FIELDS:
        times = task_times.load_times(task)
        fields["start_at"] = task.start_at = times.start_at
        # Writing `due_at` plans the next reminder anew.
        if times.due_at != task.due_at or wanted.keys() & {"due_date", "assigned_to"}:
            fields["due_at"] = task.due_at = times.due_at
    return fields
