"""Create, update and delete tasks.

Each change is one transaction over the task, its project's counters and its filter entries. The
`plan_*` functions compute the writes of a change without committing them, so that an atomic bulk
request can commit several plans together.
"""

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from chalicelib.access.prefetch import Prefetch, RecentValues
from chalicelib.access.rate_limits import LONG_AGO
from chalicelib.access.service import ProjectAccess, TaskAccess
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.ids import new_task_id
from chalicelib.dynamodb.optimistic_locking import apply_changes, retry_on_conflict
from chalicelib.dynamodb.table import get_item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import FieldError, Invalid
from chalicelib.mail.notifications import queue_assignment_writes
from chalicelib.projects.counter_models import move_counts_write
from chalicelib.recurrence import service as recurrence
from chalicelib.relations.blockers import require_no_open_blockers
from chalicelib.task_lists.models import move_filter_entries_writes
from chalicelib.tasks import due_dates, keys, models, number_models, references, task_times
from chalicelib.tasks.models import Task
from chalicelib.tasks.references import PlannedChange, ReadItem

DESCRIPTION_MAX_BYTES = 20_000
KEPT_IN_TRASH = timedelta(days=30)
# After a create lost its number to another, the creates in that project draw theirs for a while.
CONTENTION_LASTS = timedelta(seconds=10)
_contended_at: RecentValues[str, datetime] = RecentValues(1_000)
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


def create_task(access: ProjectAccess, **fields: Any) -> Task:
    """Create a task in the project, queue a mail to its assignee, and return it.

    A repeated idempotency key returns the first task. Raises `Invalid` with the invalid fields.
    """
    wanted, project_id = normalize_fields(access, fields), access.project.id
    if access.now - _contended_at.get(project_id, LONG_AGO) > CONTENTION_LASTS:
        sequence = access.get_item(number_models.TaskNumberSequence.key(project_id))
        claim = number_models.claim_next_number(project_id, sequence)
        try:
            return _create_numbered(access, wanted, claim.number, claim.write)
        except ConditionFailed as failed:
            if not claim.is_refused(failed):
                raise
        # Another request has just taken the number, and more may follow.
        _contended_at.put(project_id, access.now)
    return _create_numbered(access, wanted, number_models.draw_task_numbers(project_id))


def _create_numbered(
    access: ProjectAccess, fields: Mapping[str, Any], number: int, *writes: Write
) -> Task:
    change = plan_creation(access, fields, number=number)
    all_writes, key = (*change.all_writes, *writes), access.idempotency_key
    with references.translate_reference_failures(change.references):
        return create_once(change.task, *all_writes, idempotency_key=key, now=access.now)


def prefetch_creation(project_id: str, fields: Mapping[str, Any]) -> Prefetch:
    """Return what `create_task` will read."""
    sequence = Prefetch((number_models.TaskNumberSequence.key(project_id),))
    return sequence.plus(references.prefetch_references(project_id, fields))


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
    _set_fields(task, {"status": "todo", **fields}, author, access.get_item)
    task_times.require_start_before_due(task)
    recurrence.require_valid_rule(task, None)
    task_references = references.build_references(task, None, access.get_item)
    return PlannedChange(task, _creation_writes(task, author), task_references)


def _creation_writes(task: Task, author: ChangeAuthor) -> tuple[Write, ...]:
    mails = queue_assignment_writes(task, None, actor=author.user_id, now=author.now)
    return (*creation_writes(task), *mails)


def creation_writes(task: Task) -> tuple[Write, ...]:
    """Return the writes of a new task, without its references and the mail to its assignee."""
    return (
        models.create_task_write(task),
        number_models.assign_number_write(task.project_id, int(task.number or 0), task.id),
        move_counts_write(None, task),
        *move_filter_entries_writes(None, task),
    )


def update_task(
    access: TaskAccess,
    fields: Mapping[str, Any],
    *,
    version: int | None = None,
    force: bool = False,
) -> Task:
    """Set `fields` of the task and return it.

    When no field differs, nothing is written. Raises `PreconditionFailed` when `version`, the
    version that the caller last read, is not the current one. Without it, the update is applied
    to the result of a concurrent change, so that changes of different fields both persist. Raises
    `Conflict` when open tasks block one that is to be done, unless `force`, and when the changes
    are too many for one transaction.
    """
    wanted = normalize_fields(access, fields)

    def store(task: Task, changed: Mapping[str, Any]) -> Task:
        if not force:
            require_no_open_blockers(access, task, changed)
        return _commit_update(task, changed, get_author(access), access.get_item)

    return apply_changes(access.task, wanted, version=version, store=store)


def plan_update(
    task: Task, wanted: Mapping[str, Any], author: ChangeAuthor, read: ReadItem = get_item
) -> PlannedChange:
    """Plan the change of a task to the `wanted` values, which are normalized and differ.

    Raises `Invalid` when a field cannot be valid. A change that leaves start date and due date as
    they are is not refused because of their order: the assignee's time zone may reverse it.
    """
    after = deepcopy(task)
    fields = _set_fields(after, wanted, author, read)
    if (after.start_date, after.due_date) != (task.start_date, task.due_date):
        task_times.require_start_before_due(after)
    recurrence.require_valid_rule(after, task)
    task_references = references.build_references(after, task, read)
    task_references += references.count_blocker(task, after)
    if after.parent != task.parent:
        fields["depth"] = after.depth
    next_task, next_references = recurrence.build_next_task(after, task, author.now)
    if next_task is not None:
        fields["next_task"] = after.next_task = next_task.id
    writes = (
        models.update_task_write(after, fields),
        move_counts_write(task, after),
        *move_filter_entries_writes(task, after),
        *queue_assignment_writes(after, task.assigned_to, actor=author.user_id, now=author.now),
        *(_creation_writes(next_task, author) if next_task else ()),
    )
    after.version += 1
    # Of two references to the same item, the error of the last one is raised.
    return PlannedChange(after, writes, (*next_references, *task_references))


def _commit_update(
    task: Task, wanted: Mapping[str, Any], author: ChangeAuthor, read: ReadItem = get_item
) -> Task:
    change = plan_update(task, wanted, author, read)
    change.require_one_transaction()
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
        change = plan_deletion(task, author)
        with references.translate_reference_failures(change.references):
            transact(*change.all_writes)

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
    return PlannedChange(task, writes, references.count_blocker(task, None))


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
            _commit_update(task, {"due_date": task.due_date}, ChangeAuthor(None, None, now))

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
    normalized = dict(fields)
    try:
        normalized |= recurrence.normalize_rule_fields(fields)
    except ValueError as error:
        errors.append(FieldError("rrule", str(error)))
    if errors:
        raise Invalid(errors=tuple(errors))

    if "labels" in normalized:
        normalized["labels"] = list(dict.fromkeys(normalized["labels"] or ())) or None
    if "parent" in normalized:
        normalized["parent"] = keys.resolve_reference(access, normalized["parent"])
    return normalized


def _set_fields(
    task: Task, wanted: Mapping[str, Any], author: ChangeAuthor, read: ReadItem
) -> dict[str, Any]:
    """Set the `wanted` values and those that follow from them; return all that were set."""
    fields: dict[str, Any] = {**wanted, **author.audit_fields}
    task.attribute_values.update(fields)
    if "status" in wanted:
        task.completed_at = None if task.is_open else format_timestamp(author.now)
        fields["completed_at"] = task.completed_at
    if wanted.keys() & task_times.TIME_FIELDS:
        times = task_times.load_times(task, read)
        fields["start_at"] = task.start_at = times.start_at
        # Writing `due_at` plans the next reminder anew.
        if times.due_at != task.due_at or wanted.keys() & {"due_date", "assigned_to"}:
            fields["due_at"] = task.due_at = times.due_at
    return fields
