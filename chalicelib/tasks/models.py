"""What lists ask of a task, and how they find it: a line of a project's catalogue has no more."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import (
    Item,
    Key,
    batch_get,
    get_item,
    is_unchanged,
    query_all,
    query_page,
    set_or_remove,
)
from chalicelib.dynamodb.time_index import NOT_SCHEDULED
from chalicelib.dynamodb.transactions import Delete, Increment, Put, Update
from chalicelib.reminders.schedule import SCHEDULE_FIELDS, schedule_check
from chalicelib.tasks.cards import OPEN_STATUSES, SnapshotEntry

NO_DUE_DATE = "~"  # sorts after every time
NOBODY = "none"  # whom what is not assigned is found and counted by
# The most important first.
PRIORITY_RANKS = {"high": "1", "medium": "2", "low": "3"}
# What hangs on a task is counted on it, without a new version.
COUNT_ATTRIBUTES = ("comments_count", "attachments_count", "subtasks_count")


class Task(Item):
    number = NumberAttribute(null=True)
    title = UnicodeAttribute()
    description = UnicodeAttribute(default="")
    status = UnicodeAttribute(default="todo")
    priority = UnicodeAttribute(default="medium")
    assigned_to = UnicodeAttribute(null=True)
    due_date = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    labels: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, null=True)
    parent = UnicodeAttribute(null=True)
    depth = NumberAttribute(default=1)
    created_by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    completed_at = UnicodeAttribute(null=True)
    version = NumberAttribute(default=1)
    comments_count = NumberAttribute(default=0)
    attachments_count = NumberAttribute(default=0)
    subtasks_count = NumberAttribute(default=0)
    deleted_at = UnicodeAttribute(null=True)
    # Who made the last change, and in which request; the stream's reader makes activity of them.
    changed_by = UnicodeAttribute(null=True)
    request_id = UnicodeAttribute(null=True)
    reminders: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, null=True)

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
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


class TrashedTask(Task):
    """A task that was deleted: at another key, so that nothing which looks for tasks meets it."""

    @staticmethod
    def key(task_id: str) -> "Key[TrashedTask]":  # type: ignore[override]
        return Key(TrashedTask, f"PROJECT#{project_id_of(task_id)}", f"TRASH#{task_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("TRASH#")


# Lists look at the task itself, or at its line in the catalogue.
Card = Task | SnapshotEntry


def due_sort_key(task: Card) -> str:
    """Where a task stands among others by due time."""
    return f"{task.due_at or NO_DUE_DATE}#{task.id}"


def updated_sort_key(task: Card) -> str:
    """... by its last change."""
    return f"{task.updated_at}#{task.id}"


def priority_sort_key(task: Card) -> str:
    """... by priority, the most important first."""
    return f"{PRIORITY_RANKS[task.priority]}#{task.id}"


def due_partition(project_id: str, *, is_open: bool) -> str:
    """The partition of `by_due` that holds a project's open tasks, or the others."""
    return f"{project_id}#{'open' if is_open else 'closed'}"


def assignee_partition(project_id: str, user_id: str) -> str:
    """The partition of `by_assignee` that holds what somebody is assigned to in a project."""
    return f"{project_id}#{user_id}"


def index_keys(task: Task) -> dict[str, str | None]:
    """The index keys of a task in its present state; None keeps it out of an index.

    `by_wake` holds what can need a reminder and nothing else: open, assigned, with a time.
    """
    project_id, assigned = task.project_id, task.assigned_to
    waking = _schedule_keys(task) if assigned and task.is_open else NOT_SCHEDULED
    return {
        "status_key": f"{project_id}#{task.status}",
        "status_sort": task.id,
        "priority_key": project_id,
        "priority_sort": priority_sort_key(task),
        "due_key": due_partition(project_id, is_open=task.is_open),
        "due_sort": due_sort_key(task),
        "updated_key": project_id,
        "updated_sort": updated_sort_key(task),
        "assignee_key": assignee_partition(project_id, assigned) if assigned else None,
        "assignee_sort": due_sort_key(task) if assigned else None,
        **waking,
    }


def _schedule_keys(task: Task) -> dict[str, str | None]:
    time = schedule_check(task.due_at, task.reminders, since=task.updated_at, planned=task.wake_at)
    return time_index.build_keys("due", time, task.id)


def _keys_after(task: Task, fields: Mapping[str, Any]) -> dict[str, str | None]:
    """The index keys that a change of `fields` may have moved."""
    keys = index_keys(task)
    if not fields.keys() & SCHEDULE_FIELDS:
        del keys["wake_key"], keys["wake_at"]
    return keys


def trash_task_writes(task: Task, *, until: str, **facts: Any) -> tuple[Delete, Put]:
    """The writes that move a task to the trash; they hold for the task as it was read."""
    key = TrashedTask.key(task.id)
    indexed = {
        **time_index.build_keys("purge", until, task.id),
        **_trash_keys(task, facts["deleted_at"]),
    }
    row = TrashedTask(key.pk, key.sk, **_own_attributes(task) | indexed | facts)
    return Delete(Task.key(task.id), _as_read(task)), Put(row)


def trash_partition(project_id: str) -> str:
    """Where `by_updated` has the tasks of a project that are in the trash."""
    return f"{project_id}#gone"


def _trash_keys(task: Task, at: str) -> dict[str, str]:
    return {"updated_key": trash_partition(task.project_id), "updated_sort": f"{at}#{task.id}"}


def restore_task_writes(task: Task, **facts: Any) -> tuple[Delete, Put]:
    """The writes that bring a task back from the trash; they hold for the task as it was read."""
    key, old = Task.key(task.id), TrashedTask.key(task.id)
    row = Task(key.pk, key.sk, **_own_attributes(task) | {"version": task.version + 1} | facts)
    return Delete(old, _as_read(task)), create_task_write(row)


def _as_read(task: Task, *counts: str) -> Condition:
    """The version is the one that was read, and so are `counts` (all of them if none is named),
    which change without it."""
    condition: Condition = Task.version == task.version
    for name in counts or COUNT_ATTRIBUTES:
        condition &= is_unchanged(task, name)
    return condition


def _own_attributes(task: Task) -> dict[str, Any]:
    """What a task is, without its keys and what follows from its place."""
    keys = {"PK", "SK", "deleted_at", *index_keys(task)}
    return {name: value for name, value in task.attribute_values.items() if name not in keys}


def create_task_write(task: Task) -> Put:
    """The write that makes `task`, index keys included."""
    for name, value in index_keys(task).items():
        setattr(task, name, value)
    return Put(task)


def update_task_write(task: Task, fields: Mapping[str, Any]) -> Update:
    """The write that stores `fields`, which `task` already has.

    Index keys depend on several fields, so it holds only for the version that `task` was read at;
    it cannot bring back a deleted task. One that has got a sub-task meanwhile does not change its
    depth.
    """
    actions = tuple(
        set_or_remove(Task, name, value)
        for name, value in {**fields, **_keys_after(task, fields)}.items()
    )
    same = (Task.version == task.version) & Task.deleted_at.does_not_exist()
    if "depth" in fields:
        same &= _as_read(task, "subtasks_count")
    return Update(Task.key(task.id), (*actions, Task.version.set(task.version + 1)), same)


def add_counts_write(task_id: str, **counts: int) -> Increment:
    """The write that adds to the counts of what hangs on a task, as `comments_count=1`; it holds
    while the task is there. No new version: a count is no edit."""
    return Increment(Task.key(task_id), counts, Item.PK.exists())


def add_counts_anywhere_writes(task_id: str, **counts: int) -> tuple[Increment, ...]:
    """The same for a task that may be in the trash; none for one that is gone for good."""
    keys: list[Key[Any]] = [Task.key(task_id), TrashedTask.key(task_id)]
    rows = batch_get(*keys)
    there = (key for key in keys if rows.get(key) is not None)
    return tuple(Increment(key, counts, Item.PK.exists()) for key in there)


def set_counts_write(task: Task, counts: Mapping[str, int]) -> Update:
    """The write that lets the task say these counts, where it is, and while they are as they were
    read."""
    actions = tuple(getattr(Task, name).set(count) for name, count in counts.items())
    return Update(type(task).key(task.id), actions, _as_read(task, *counts))


def add_subtask_write(parent: Task) -> Increment:
    """The write that counts one sub-task more; it holds while the parent stands as deep as it was
    read."""
    there = Item.PK.exists() & is_unchanged(parent, "depth")
    return Increment(Task.key(parent.id), {"subtasks_count": 1}, there)


def get_task(task_id: str) -> Task | None:
    return get_item(Task.key(task_id))


def get_task_or_trashed(task_id: str) -> Task | None:
    """The task, be it in the trash."""
    task, trashed = Task.key(task_id), TrashedTask.key(task_id)
    rows = batch_get(task, trashed)
    return rows.get(task) or rows.get(trashed)


def get_tasks(task_ids: Iterable[str]) -> list[Task]:
    """The tasks among `task_ids` that exist, in that order."""
    keys = [Task.key(task_id) for task_id in task_ids]
    rows = batch_get(*keys)
    return [task for key in keys if (task := rows.get(key))]


def list_project_tasks(project_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[Task]:
    """A page of a project's tasks, whole, newest first."""
    ours = Task.SK.startswith("TASK#")
    return query_page(
        Task, f"PROJECT#{project_id}", ours, limit=limit, start=start, newest_first=True
    )


def list_trashed_tasks(
    project_id: str, *, limit: int, start: dict[str, Any] | None
) -> Page[TrashedTask]:
    """A page of a project's deleted tasks, newest first."""
    ours = TrashedTask.SK.startswith("TRASH#")
    return query_page(
        TrashedTask, f"PROJECT#{project_id}", ours, limit=limit, start=start, newest_first=True
    )


def list_assigned_cards(project_id: str, user_id: str) -> Iterator[Task]:
    """The cards of everything that somebody is assigned to in a project, the earliest due first."""
    return query_all(Task, assignee_partition(project_id, user_id), index="by_assignee")
