"""The items of tasks: attributes, index keys, and the ways to write and read them.

The indexes of a project's tasks project a card: the attributes that lists filter and sort by.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.mapping.expressions import is_unchanged, set_or_remove
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, batch_get, get_item, query_page
from chalicelib.dynamodb.time_index import NOT_SCHEDULED
from chalicelib.dynamodb.transactions import Delete, Increment, Put, Update
from chalicelib.reminders.schedule import SCHEDULE_FIELDS, schedule_check
from chalicelib.tasks.cards import OPEN_STATUSES, SnapshotEntry

TITLE_MAX = 200
NO_DUE_DATE = "~"  # sorts after every time
NOBODY = "none"  # the assignee under which unassigned tasks are indexed and counted
# In ascending order the most important priority comes first.
PRIORITY_RANKS = {"high": "1", "medium": "2", "low": "3"}
# The numbers of a task's child items. Their changes do not give the task a new version.
COUNT_ATTRIBUTES = (
    "comments_count",
    "attachments_count",
    "subtasks_count",
    "relations_count",
    "open_blockers_count",
)


class Task(Item):
    number = NumberAttribute(null=True)
    title = UnicodeAttribute()
    description = UnicodeAttribute(default="")
    status = UnicodeAttribute(default="todo")
    priority = UnicodeAttribute(default="medium")
    assigned_to = UnicodeAttribute(null=True)
    start_date = UnicodeAttribute(null=True)
    start_at = UnicodeAttribute(null=True)
    due_date = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    labels: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, null=True)
    parent = UnicodeAttribute(null=True)
    rank = UnicodeAttribute(null=True)
    depth = NumberAttribute(default=1)
    created_by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    completed_at = UnicodeAttribute(null=True)
    version = NumberAttribute(default=1)
    comments_count = NumberAttribute(default=0)
    attachments_count = NumberAttribute(default=0)
    subtasks_count = NumberAttribute(default=0)
    relations_count = NumberAttribute(null=True)
    relations_version = NumberAttribute(null=True)
    open_blockers_count = NumberAttribute(null=True)
    deleted_at = UnicodeAttribute(null=True)
    # The user and the request of the last change; stream processing writes them to the activity.
    changed_by = UnicodeAttribute(null=True)
    request_id = UnicodeAttribute(null=True)
    reminders: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, null=True)
    rrule = UnicodeAttribute(null=True)
    repeat_from = UnicodeAttribute(null=True)
    next_task = UnicodeAttribute(null=True)
    # Only of a task that was moved to another project: the ids that it had at first and before the
    # last move, and the time of that move.
    first_id = UnicodeAttribute(null=True)
    moved_from = UnicodeAttribute(null=True)
    moved_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(task_id: str) -> "Key[Task]":
        return Key(Task, f"PROJECT#{project_id_of(task_id)}", f"TASK#{task_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("TASK#")

    @property
    def project_id(self) -> str:
        return self.PK.removeprefix("PROJECT#")

    @property
    def original_id(self) -> str:
        """The id that the task got when it was created. Its child items are stored under it."""
        return self.first_id or self.id

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


class TrashedTask(Task):
    """A deleted task. It has a key of its own, so that reads of tasks do not find it."""

    @staticmethod
    def key(task_id: str) -> "Key[TrashedTask]":  # type: ignore[override]
        return Key(TrashedTask, f"PROJECT#{project_id_of(task_id)}", f"TRASH#{task_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("TRASH#")


# Lists read the task itself, or its card in a list snapshot.
Card = Task | SnapshotEntry


def due_sort_key(task: Card) -> str:
    """Return the key that sorts tasks by due time, tasks without one last."""
    return f"{task.due_at or NO_DUE_DATE}#{task.id}"


def updated_sort_key(task: Card) -> str:
    """Return the key that sorts tasks by their last change.

    It contains the stored rank, because the projection of the index cannot be changed.
    """
    rank = f"{task.rank}#" if task.rank else ""
    return f"{task.updated_at}#{rank}{task.id}"


def priority_sort_key(task: Card) -> str:
    """Return the key that sorts tasks by priority, the most important first."""
    return f"{PRIORITY_RANKS.get(task.priority, '0')}#{task.id}"  # a newer release may have others


def due_partition(project_id: str, *, is_open: bool) -> str:
    """Return the partition of `by_due` with a project's open tasks, or with its done tasks."""
    return f"{project_id}#{'open' if is_open else 'closed'}"


def assignee_partition(project_id: str, user_id: str) -> str:
    """Return the partition of `by_assignee` with the user's tasks in a project."""
    return f"{project_id}#{user_id}"


def trash_partition(project_id: str) -> str:
    """Return the partition of `by_updated` with the trashed tasks of a project."""
    return f"{project_id}#gone"


def index_keys(task: Task) -> dict[str, str | None]:
    """Return the index keys of a task in its present state; None keeps it out of an index.

    `by_wake` holds only tasks that can need a reminder: open and assigned, with a next check.
    """
    project_id, assignee = task.project_id, task.assigned_to
    schedule = NOT_SCHEDULED
    if assignee and task.is_open:
        next_check = schedule_check(
            task.due_at, task.reminders, since=task.updated_at, planned=task.wake_at
        )
        schedule = time_index.build_keys("due", next_check, task.id)
    return {
        "status_key": f"{project_id}#{task.status}",
        "status_sort": task.id,
        "priority_key": project_id,
        "priority_sort": priority_sort_key(task),
        "due_key": due_partition(project_id, is_open=task.is_open),
        "due_sort": due_sort_key(task),
        "updated_key": project_id,
        "updated_sort": updated_sort_key(task),
        "assignee_key": assignee_partition(project_id, assignee) if assignee else None,
        "assignee_sort": due_sort_key(task) if assignee else None,
        **schedule,
    }


def create_task_write(task: Task) -> Put:
    """Set the index keys of `task` and return the write that creates it."""
    task.attribute_values.update(index_keys(task))
    return Put(task)


def update_task_write(task: Task, fields: Mapping[str, Any]) -> Update:
    """Return the write that stores `fields`, which `task` already has, and raises its version.

    It requires the version that `task` was read at, because index keys depend on several fields,
    and that the task is not deleted. It stores the index keys that differ from those of `task`,
    which gets them too. A change of depth or status also requires the same counts.
    """
    keys = {name: key for name, key in index_keys(task).items() if getattr(task, name) != key}
    if not fields.keys() & SCHEDULE_FIELDS:
        keys = {name: key for name, key in keys.items() if not name.startswith("wake_")}
    task.attribute_values.update(keys)
    actions = [set_or_remove(Task, name, value) for name, value in {**fields, **keys}.items()]
    condition = (Task.version == task.version) & Task.deleted_at.does_not_exist()
    if "depth" in fields:
        condition &= is_as_read(task, "subtasks_count")
    if "status" in fields:
        condition &= is_as_read(task, "relations_version", "open_blockers_count")
    return Update(Task.key(task.id), (*actions, Task.version.set(task.version + 1)), condition)


def trash_task_writes(
    task: Task, *, until: str, deleted_at: str, **fields: Any
) -> tuple[Delete, Put]:
    """Return the writes that move a task to the trash, where it also gets `fields`.

    They require that the task is as it was read. The trash keeps it from `deleted_at` to `until`
    (timestamps).
    """
    key = TrashedTask.key(task.id)
    attributes = {
        **own_attributes(task),
        **time_index.build_keys("purge", until, task.id),
        "updated_key": trash_partition(task.project_id),
        "updated_sort": f"{deleted_at}#{task.id}",
        "deleted_at": deleted_at,
        **fields,
    }
    trashed = TrashedTask(key.pk, key.sk, **attributes).keep_undeclared(task)
    return Delete(Task.key(task.id), is_as_read(task)), Put(trashed)


def own_attributes(task: Task) -> dict[str, Any]:
    """Return the attributes of a task without its keys and the time of its deletion."""
    keys = {"PK", "SK", "deleted_at", *index_keys(task)}
    return {name: value for name, value in task.attribute_values.items() if name not in keys}


def is_as_read(task: Task, *counts: str) -> Condition:
    """Return the condition that the version and `counts` (default: all) are unchanged."""
    condition: Condition = Task.version == task.version
    for name in counts or (*COUNT_ATTRIBUTES, "relations_version"):
        condition &= is_unchanged(task, name)
    return condition


def add_counts_write(task_id: str, **counts: int) -> Increment:
    """Return the write that adds to the counts of a task, such as `comments_count=1`.

    It requires that the task exists, and it does not raise the task's version.
    """
    return Increment(Task.key(task_id), counts, Item.PK.exists())


def set_counts_write(task: Task, counts: Mapping[str, int]) -> Update:
    """Return the write that replaces counts of a task, in the trash or not.

    It requires that the version and these counts are as they were read.
    """
    actions = tuple(getattr(Task, name).set(count) for name, count in counts.items())
    return Update(type(task).key(task.id), actions, is_as_read(task, *counts))


def add_subtask_write(parent: Task) -> Increment:
    """Return the write that counts one more subtask; the parent must still have its depth."""
    same_depth = Item.PK.exists() & is_unchanged(parent, "depth")
    return Increment(Task.key(parent.id), {"subtasks_count": 1}, same_depth)


def get_task(task_id: str) -> Task | None:
    """Return the task; None if it does not exist or is in the trash."""
    return get_item(Task.key(task_id))


def get_task_or_trashed(task_id: str) -> Task | None:
    """Return the task, also when it is in the trash; None if it does not exist."""
    task, trashed = Task.key(task_id), TrashedTask.key(task_id)
    result = batch_get(task, trashed)
    return result.get(task) or result.get(trashed)


def get_tasks(task_ids: Iterable[str]) -> list[Task]:
    """Return the existing tasks among `task_ids`, in that order."""
    keys = [Task.key(task_id) for task_id in task_ids]
    result = batch_get(*keys)
    return [task for key in keys if (task := result.get(key))]


def list_project_tasks(
    project_id: str, *, limit: int, start: dict[str, Any] | None, newest_first: bool = True
) -> Page[Task]:
    """Return a page of a project's tasks with all attributes."""
    partition, tasks = f"PROJECT#{project_id}", Task.SK.startswith("TASK#")
    return query_page(Task, partition, tasks, limit=limit, start=start, newest_first=newest_first)


def list_trashed_tasks(
    project_id: str, *, limit: int, start: dict[str, Any] | None
) -> Page[TrashedTask]:
    """Return a page of a project's trashed tasks, newest first."""
    partition, trashed = f"PROJECT#{project_id}", TrashedTask.SK.startswith("TRASH#")
    return query_page(TrashedTask, partition, trashed, limit=limit, start=start, newest_first=True)
