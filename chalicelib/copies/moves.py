"""Move a task to another project, with its subtasks.

One transaction decides: the task leaves its project and appears in the other one, with number,
counters, filter entries and the usage of storage. Its child items stay where they are and belong to
the moved task (docs/decisions/0040-child-items-of-a-moved-task-stay.md). The subtasks follow one by
one, the deepest first. If the request dies meanwhile, a deferred update moves the rest.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from chalicelib.access.service import TaskAccess, authorize_project
from chalicelib.attachments.quota_models import sum_storage
from chalicelib.copies.label_mapping import LabelMapping
from chalicelib.copies.location_models import SUBTASK_MOVE, find_task
from chalicelib.copies.move_planning import Destination, moved_id, plan_move
from chalicelib.copies.subtasks import TAKEOVER_DELAY, list_subtask_tree, list_subtasks
from chalicelib.dynamodb.idempotency import commit_once, find_first_answer
from chalicelib.dynamodb.ids import ID_LENGTH, is_id, project_id_of
from chalicelib.dynamodb.optimistic_locking import retry_on_conflict
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.transactions import ConditionFailed, Write, item_key, transact
from chalicelib.errors import Conflict, NotFound, Unavailable, require_found
from chalicelib.jobs.deferred_update_models import (
    DeferredUpdate,
    defer_once_write,
    forget_deferred_update,
)
from chalicelib.jobs.time_budget import TimeBudget, unlimited_budget
from chalicelib.members.models import Member
from chalicelib.projects.models import Project, get_project
from chalicelib.tasks import number_models, references
from chalicelib.tasks.models import Task, get_task
from chalicelib.tasks.service import ChangeAuthor, get_author

ATTEMPTS = 5


class Unassigned(NamedTuple):
    """A task, by its new id, whose assignee is no member of the other project."""

    task_id: str
    user_id: str


class MoveResult(Struct, frozen=True):
    """The moved task and its project, and what could not come along or had to be created."""

    task: Task
    project: Project
    unassigned: Sequence[Unassigned] = ()
    created_labels: Sequence[str] = ()


def move_task(access: TaskAccess, project_id: str, *, version: int | None) -> MoveResult:
    """Move the task and its subtasks to another project of the caller.

    A task that is there already does not change. A repeated idempotency key returns the result of
    the first request. Raises `NotFound` or `Forbidden` when the caller may not create tasks in the
    project, `PreconditionFailed` when `version` is not the task's version, and `Conflict` for too
    many subtasks, when the files exceed the project's limit, or when a move is not complete.
    """
    task = access.task
    if task.moved_from is not None and (first := _find_first_result(access)):
        return first
    if access.project.id == project_id:
        return MoveResult(task, access.project)
    if not is_id(project_id):
        raise NotFound()
    project = authorize_project(access.context.for_further_check(), project_id).project
    try:
        result, is_first = retry_on_conflict(
            task, version=version, commit=lambda task: _move_once(access, task, project)
        )
    except NotFound:
        return _find_concurrent_result(access, project)
    if is_first and result.task.subtasks_count:
        _move_subtasks(result.task, get_author(access), unlimited_budget(access.now))
        forget_deferred_update(SUBTASK_MOVE, task.id[:ID_LENGTH], at=access.now + TAKEOVER_DELAY)
    return result


def _find_concurrent_result(access: TaskAccess, project: Project) -> MoveResult:
    """Return the result of a concurrent request that has moved the task to this project.

    Raises `NotFound` when it was deleted, and `Conflict` when it was moved to another project.
    """
    if first := _find_first_result(access):
        return first
    moved = require_found(find_task(access.task.id))
    if moved.project_id != project.id:
        raise Conflict("The task was moved at the same moment; read it again")
    return MoveResult(moved, project)


def _find_first_result(access: TaskAccess) -> MoveResult | None:
    answer = find_first_answer(access.idempotency_key, access.now)
    return None if answer is None else _load_result(answer)


def _load_result(answer: dict[str, Any]) -> MoveResult:
    """Return the result that was stored under an idempotency key."""
    task = Task.from_raw_data(answer["task"])
    project = get_project(task.project_id)
    if project is None:
        raise NotFound()
    unassigned = [Unassigned(*pair) for pair in answer["unassigned"]]
    return MoveResult(task, project, unassigned, answer["created_labels"])


def _move_once(access: TaskAccess, task: Task, project: Project) -> tuple[MoveResult, bool]:
    """Commit the transaction that moves `task` without its subtasks.

    Returns the result, and whether it is not that of an earlier request. Raises `ConditionFailed`
    when the task has changed since it was read.
    """
    tree = [task, *list_subtask_tree(task)]
    number = number_models.draw_task_numbers(project.id)
    labels = LabelMapping(task.project_id, project.id)
    destination = Destination(project.id, labels, get_author(access))
    for _ in range(ATTEMPTS):
        unassigned = _find_unassigned(tree, project.id)
        needed = sum_storage(each.original_id for each in tree)
        moved, writes = plan_move(task, destination, number=number, needed=needed)
        answer = {
            "task": moved.serialize(),
            "unassigned": unassigned,
            "created_labels": labels.created,
        }
        try:
            first = commit_once(
                *writes,
                *references.remove_subtask_writes(task.parent),
                *([_defer_subtasks_write(task, access.now)] if task.subtasks_count else ()),
                answer=answer,
                idempotency_key=access.idempotency_key,
                now=access.now,
            )
        except ConditionFailed as failed:
            _raise_unless_repeatable(failed, task, project.id)
            labels.forget()
        else:
            if first is not None:
                return _load_result(first), False
            return MoveResult(moved, project, unassigned, labels.created), True
    raise Unavailable()


def _defer_subtasks_write(task: Task, now: datetime) -> Write:
    return defer_once_write(SUBTASK_MOVE, task.id[:ID_LENGTH], now=now, after=TAKEOVER_DELAY)


def _raise_unless_repeatable(failed: ConditionFailed, task: Task, project_id: str) -> None:
    """Raise the error of a failed move, or return if it may succeed once it is planned again.

    That is the case when a label or member of the other project has been removed since it was
    read, or when the files of the task have changed.
    """
    key = item_key(failed.write)
    if key == (task.PK, task.SK):
        raise failed
    if key == (f"PROJECT#{project_id}", "USAGE"):
        message = "The files of this project would be too many or too large"
        raise Conflict(message, code="no_room") from failed
    if key[0].startswith("ERRAND#"):
        message = "The subtasks still follow an earlier move of this task; try again in a minute"
        raise Conflict(message) from failed
    if task.parent is not None and key[1] == f"TASK#{task.parent}":
        raise Conflict(references.PARENT_CHANGED) from failed


def _find_unassigned(tasks: Sequence[Task], project_id: str) -> list[Unassigned]:
    """Return those of the tasks that lose their assignee, who is no member of the project."""
    keys = {str(task.assigned_to): Member.key(project_id, str(task.assigned_to)) for task in tasks}
    members = batch_get(*keys.values())
    return [
        Unassigned(moved_id(task, project_id), task.assigned_to)
        for task in tasks
        if task.assigned_to and members.get(keys[task.assigned_to]) is None
    ]


def move_remaining_subtasks(deferred: DeferredUpdate, budget: TimeBudget) -> None:
    """Move the subtasks that a request left behind to the project of their parent.

    `deferred.about` is the own part of the parent's id. Idempotent. Raises `OutOfTime` when
    `budget` ends before the last subtask.
    """
    task = find_task(deferred.about[0])
    if task is not None:
        _move_subtasks(task, ChangeAuthor(None, None, budget.clock()), budget)


def _move_subtasks(task: Task, author: ChangeAuthor, budget: TimeBudget) -> None:
    """Move the subtasks of a task from the project that it was moved from."""
    old_id = str(task.moved_from)
    labels = LabelMapping(project_id_of(old_id), task.project_id)
    destination = Destination(task.project_id, labels, author)
    for subtask in budget.each(list_subtasks(old_id)):
        _move_subtask(subtask, task.id, int(task.depth or 1) + 1, destination, budget)


def _move_subtask(
    task: Task, parent_id: str, depth: int, destination: Destination, budget: TimeBudget
) -> None:
    """Move one subtask after its own subtasks, so that a later run finds what is left."""
    current: Task | None = task
    for _ in range(ATTEMPTS):
        if current is None:  # a concurrent run has moved it
            return
        for subtask in budget.each(list_subtasks(task.id)):
            new_id = moved_id(task, destination.project_id)
            _move_subtask(subtask, new_id, depth + 1, destination, budget)
        number = number_models.draw_task_numbers(destination.project_id)
        _, writes = plan_move(current, destination, number=number, parent_id=parent_id, depth=depth)
        try:
            transact(*writes)
        except ConditionFailed:  # the task, a label or a member has changed
            destination.labels.forget()
            current = get_task(task.id)
        else:
            return
    raise Unavailable()
