"""Where a task is after it was moved to another project.

The id of a task ends with the id of its project, so a task that moves gets another id. The first
part of the id stays the same, and the location is stored under it. The child items of the task
(comments, files, activity, watchers) stay in the partition of the id that the task got when it was
created (docs/decisions/0040-child-items-of-a-moved-task-stay.md).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pynamodb.attributes import UnicodeAttribute

from chalicelib.dynamodb.ids import ID_LENGTH, project_id_of
from chalicelib.dynamodb.table import Item, Key, batch_get, get_item
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import Delete, Increment, UnconditionalPut, Write
from chalicelib.jobs.deferred_update_models import DeferredUpdate
from chalicelib.tasks.models import (
    Task,
    TrashedTask,
    create_task_write,
    get_task,
    is_as_read,
    trash_partition,
)

# The deferred update that moves the subtasks that a request left behind.
SUBTASK_MOVE = "move"
REDIRECTED_FOR = timedelta(days=365)
# A task that changes its key between two reads is looked for again.
LOOKUPS = 3
# As long as the changes feed and list snapshots need to know that the task is gone.
DEPARTURE_KEPT_FOR = timedelta(days=31)


class TaskLocation(Item):
    """The id that a moved task has now, and the time of the last move."""

    task_id = UnicodeAttribute()
    moved_at = UnicodeAttribute()

    @staticmethod
    def key(task_id: str) -> "Key[TaskLocation]":
        """Return the key for any of the ids that the task has had."""
        return Key(TaskLocation, f"LOCATION#{task_id[:ID_LENGTH]}", "LOCATION")


class MovedTask(Item):
    """A task that left the project. Like a deleted task, it tells clients that sync, and list
    snapshots, that the project no longer has the task."""

    @staticmethod
    def key(task_id: str) -> "Key[MovedTask]":
        return Key(MovedTask, f"PROJECT#{project_id_of(task_id)}", f"MOVED#{task_id}")


def move_task_writes(task: Task, moved: Task, now: datetime) -> tuple[Write, ...]:
    """Return the writes that replace `task` with `moved`, the same task in another project.

    The first requires that the task is as it was read, its counts too.
    """
    moved_at = format_timestamp(now)
    location, departure = TaskLocation.key(task.id), MovedTask.key(task.id)
    writes: tuple[Write, ...] = (
        Delete(Task.key(task.id), is_as_read(task)),
        create_task_write(moved),
        UnconditionalPut(
            TaskLocation(location.pk, location.sk, task_id=moved.id, moved_at=moved_at)
        ),
        UnconditionalPut(
            MovedTask(
                departure.pk,
                departure.sk,
                updated_key=trash_partition(task.project_id),
                updated_sort=f"{moved_at}#{task.id}",
                expires_at=to_epoch_seconds(now + DEPARTURE_KEPT_FOR),
            )
        ),
    )
    if task.moved_from is None:
        return writes
    return (*writes, Delete(MovedTask.key(moved.id)))  # it may have been there before


def is_move_incomplete(task: Task) -> bool:
    """Return whether subtasks of the task, or of its parent, still follow a move."""
    task_ids = filter(None, (task.id, task.parent))
    keys = [DeferredUpdate.key(SUBTASK_MOVE, task_id[:ID_LENGTH]) for task_id in task_ids]
    result = batch_get(*keys)
    return any(result.raw(key) is not None for key in keys)


def find_current_id(task_id: str) -> str | None:
    """Return the id that a moved task has now; None for a task that was never moved."""
    location = get_item(TaskLocation.key(task_id))
    return None if location is None else location.task_id


def find_redirect(task_id: str, now: datetime) -> str | None:
    """Return the id that a task has now if it was moved within the last year from `task_id`."""
    location = get_item(TaskLocation.key(task_id))
    if location is None or location.task_id == task_id:
        return None
    is_kept = location.moved_at > format_timestamp(now - REDIRECTED_FOR)
    return location.task_id if is_kept else None


def find_current_ids(task_ids: Iterable[str]) -> dict[str, str]:
    """Return the ids that the moved tasks among `task_ids` have now, by the given id."""
    keys = {task_id: TaskLocation.key(task_id) for task_id in task_ids}
    result = batch_get(*keys.values())
    return {task_id: found.task_id for task_id, key in keys.items() if (found := result.get(key))}


def find_task(task_id: str) -> Task | None:
    """Return the task with this id, or the moved task that had it before; not from the trash."""
    task = get_task(task_id)
    if task is None and (current_id := find_current_id(task_id)):
        return get_task(current_id)
    return task


def find_tasks_anywhere(task_ids: Iterable[str]) -> dict[str, Task]:
    """Return the existing tasks by the given ids, which may be ids that they had before.

    The tasks may be in the trash or in another project.
    """
    current_ids, found = {task_id: task_id for task_id in task_ids}, dict[str, Task]()
    for _ in range(LOOKUPS):
        found |= _get_tasks_or_trashed(current_ids)
        missing = current_ids.keys() - found.keys()
        if not missing:
            break
        current_ids = {task_id: task_id for task_id in missing} | find_current_ids(missing)
    return found


def _get_tasks_or_trashed(task_ids: Mapping[str, str]) -> dict[str, Task]:
    """Return the existing tasks among the values of `task_ids`, by the keys of these values."""
    keys = {name: (Task.key(each), TrashedTask.key(each)) for name, each in task_ids.items()}
    items = batch_get(*(key for pair in keys.values() for key in pair))
    tasks = {name: items.get(live) or items.get(trashed) for name, (live, trashed) in keys.items()}
    return {name: task for name, task in tasks.items() if task is not None}


def add_counts_anywhere_writes(task_id: str, **counts: int) -> tuple[Increment, ...]:
    """Read where a task is and return the write that adds to its counts there.

    The task may be in the trash or in another project. The result is empty for a purged task.
    """
    tasks = find_tasks_anywhere([task_id]).values()
    return tuple(Increment(type(task).key(task.id), counts, Item.PK.exists()) for task in tasks)
