"""Sub-tasks: a tree of three levels, in one project.

A task's depth is stored, and its parent counts it. So a tree that is too deep, or a circle, cannot
come about, whoever moves what at the same moment: a task that has sub-tasks keeps its depth.
"""

from chalicelib.dynamodb.ids import is_task_id
from chalicelib.dynamodb.transactions import Increment
from chalicelib.errors import Conflict, FieldError, Invalid
from chalicelib.tasks import models
from chalicelib.tasks.models import Task
from chalicelib.tasks.references import Reference

MAX_DEPTH = 3


def place_task(task: Task, before: Task | None) -> tuple[Reference, ...]:
    """Give `task` the depth that its parent means; the references that hold it there.

    Raises `Invalid` for a parent that cannot be one, `Conflict` when sub-tasks would get too deep.
    """
    old = before.parent if before else None
    if task.parent == old:
        return ()
    parent = _parent_of(task)
    task.depth = 1 if parent is None else int(parent.depth or 1) + 1
    _require_room(task, before)
    come = () if parent is None else (models.add_subtask_write(parent),)
    return tuple(
        Reference(write, _parent_conflict()) for write in (*come, *remove_subtask_writes(old))
    )


def remove_subtask_writes(parent_id: str | None) -> tuple[Increment, ...]:
    """The write that counts one sub-task less at its parent, if it has one."""
    return () if parent_id is None else (models.add_counts_write(parent_id, subtasks_count=-1),)


def require_no_subtasks(task: Task) -> None:
    """Raises `Conflict` for a task that has sub-tasks: what hangs on it must not be lost."""
    if task.subtasks_count:
        raise Conflict("Delete or move its sub-tasks first", code="has_subtasks")


def restore_parent(task: Task) -> tuple[Reference, ...]:
    """Put a task from the trash under its parent again, or on top if there is no room any more."""
    parent = models.get_task(task.parent) if task.parent else None
    if parent is None or int(parent.depth or 1) >= MAX_DEPTH:
        task.parent, task.depth = None, 1
        return ()
    task.depth = int(parent.depth or 1) + 1
    return (Reference(models.add_subtask_write(parent), _parent_conflict()),)


def _parent_of(task: Task) -> Task | None:
    if task.parent is None:
        return None
    ours = is_task_id(task.parent) and task.parent.endswith(task.project_id)
    parent = models.get_task(task.parent) if ours and task.parent != task.id else None
    if parent is None:
        raise _bad("must be another task of the same project")
    return parent


def _require_room(task: Task, before: Task | None) -> None:
    if task.depth > MAX_DEPTH:
        raise _bad(f"is too deep: tasks nest in {MAX_DEPTH} levels")
    if before is not None and task.depth != (before.depth or 1):
        require_no_subtasks(before)


def _parent_conflict() -> Conflict:
    return Conflict("The parent was changed at the same moment; try again")


def _bad(message: str) -> Invalid:
    return Invalid(errors=(FieldError("parent", message),))
