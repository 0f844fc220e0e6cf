"""Tasks, in their project's partition, with the index keys that their state earns them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.store import alarms, ids, table, wake
from chalicelib.store.cards import OPEN, Line
from chalicelib.store.table import Key, Page, Row
from chalicelib.store.transaction import Delete, Put, Tally, Update

NO_DUE_DATE = "~"  # sorts after every time
NOBODY = "none"  # whom what is not assigned is found and counted by
# The most important first.
RANKS = {"high": "1", "medium": "2", "low": "3"}
# What hangs on a task is counted on it, without a new version.
COUNTS = ("comments_count", "attachments_count", "subtasks_count")


class Task(Row):
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
        return Key(Task, f"PROJECT#{ids.project_of(task_id)}", f"TASK#{task_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("TASK#")

    @property
    def project_id(self) -> str:
        return self.PK.removeprefix("PROJECT#")

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


class TrashedTask(Task):
    """A task that was deleted: at another key, so that nothing which looks for tasks meets it."""

    @staticmethod
    def key(task_id: str) -> "Key[TrashedTask]":  # type: ignore[override]
        return Key(TrashedTask, f"PROJECT#{ids.project_of(task_id)}", f"TRASH#{task_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("TRASH#")


# Lists look at the task itself, or at its line in the catalogue.
Card = Task | Line


def due_sort(task: Card) -> str:
    """Where a task stands among others by due time."""
    return f"{task.due_at or NO_DUE_DATE}#{task.id}"


def updated_sort(task: Card) -> str:
    """... by its last change."""
    return f"{task.updated_at}#{task.id}"


def priority_sort(task: Card) -> str:
    """... by priority, the most important first."""
    return f"{RANKS[task.priority]}#{task.id}"


def due_key(project_id: str, *, is_open: bool) -> str:
    """The partition of `by_due` that holds a project's open tasks, or the others."""
    return f"{project_id}#{'open' if is_open else 'closed'}"


def assignee_key(project_id: str, user_id: str) -> str:
    """The partition of `by_assignee` that holds what somebody is assigned to in a project."""
    return f"{project_id}#{user_id}"


def index_keys(task: Task) -> dict[str, str | None]:
    """The index keys of a task in its present state; None keeps it out of an index.

    `by_wake` holds what can need a reminder and nothing else: open, assigned, with a time.
    """
    project_id, assigned = task.project_id, task.assigned_to
    waking = _waking(task) if assigned and task.is_open else wake.ASLEEP
    return {
        "status_key": f"{project_id}#{task.status}",
        "status_sort": task.id,
        "priority_key": project_id,
        "priority_sort": priority_sort(task),
        "due_key": due_key(project_id, is_open=task.is_open),
        "due_sort": due_sort(task),
        "updated_key": project_id,
        "updated_sort": updated_sort(task),
        "assignee_key": assignee_key(project_id, assigned) if assigned else None,
        "assignee_sort": due_sort(task) if assigned else None,
        **waking,
    }


def _waking(task: Task) -> dict[str, str | None]:
    time = alarms.look_at(task.due_at, task.reminders, since=task.updated_at, planned=task.wake_at)
    return wake.keys("due", time, task.id)


def _keys_after(task: Task, fields: Mapping[str, Any]) -> dict[str, str | None]:
    """The index keys that a change of `fields` may have moved."""
    keys = index_keys(task)
    if not fields.keys() & alarms.CAUSES:
        del keys["wake_key"], keys["wake_at"]
    return keys


def trashed(task: Task, *, until: str, **facts: Any) -> tuple[Delete, Put]:
    """The writes that move a task to the trash; they hold for the task as it was read."""
    key = TrashedTask.key(task.id)
    indexed = {**wake.keys("purge", until, task.id), **_gone(task, facts["deleted_at"])}
    row = TrashedTask(key.pk, key.sk, **_own(task) | indexed | facts)
    return Delete(Task.key(task.id), _as_read(task)), Put(row)


def gone_key(project_id: str) -> str:
    """Where `by_updated` has the tasks of a project that are in the trash."""
    return f"{project_id}#gone"


def _gone(task: Task, at: str) -> dict[str, str]:
    return {"updated_key": gone_key(task.project_id), "updated_sort": f"{at}#{task.id}"}


def restored(task: Task, **facts: Any) -> tuple[Delete, Put]:
    """The writes that bring a task back from the trash; they hold for the task as it was read."""
    key, old = Task.key(task.id), TrashedTask.key(task.id)
    row = Task(key.pk, key.sk, **_own(task) | {"version": task.version + 1} | facts)
    return Delete(old, _as_read(task)), created(row)


def _as_read(task: Task, *counts: str) -> Condition:
    """The version is the one that was read, and so are `counts` (all of them if none is named),
    which change without it."""
    condition: Condition = Task.version == task.version
    for name in counts or COUNTS:
        condition &= table.as_read(task, name)
    return condition


def _own(task: Task) -> dict[str, Any]:
    """What a task is, without its keys and what follows from its place."""
    keys = {"PK", "SK", "deleted_at", *index_keys(task)}
    return {name: value for name, value in task.attribute_values.items() if name not in keys}


def created(task: Task) -> Put:
    """The write that makes `task`, index keys included."""
    for name, value in index_keys(task).items():
        setattr(task, name, value)
    return Put(task)


def changed(task: Task, fields: Mapping[str, Any]) -> Update:
    """The write that stores `fields`, which `task` already has.

    Index keys depend on several fields, so it holds only for the version that `task` was read at;
    it cannot bring back a deleted task. One that has got a sub-task meanwhile does not change its
    depth.
    """
    actions = tuple(
        table.assigned(Task, name, value)
        for name, value in {**fields, **_keys_after(task, fields)}.items()
    )
    same = (Task.version == task.version) & Task.deleted_at.does_not_exist()
    if "depth" in fields:
        same &= _as_read(task, "subtasks_count")
    return Update(Task.key(task.id), (*actions, Task.version.set(task.version + 1)), same)


def counted(task_id: str, **counts: int) -> Tally:
    """The write that adds to the counts of what hangs on a task, as `comments_count=1`; it holds
    while the task is there. No new version: a count is no edit."""
    return Tally(Task.key(task_id), counts, Row.PK.exists())


def counted_anywhere(task_id: str, **counts: int) -> tuple[Tally, ...]:
    """The same for a task that may be in the trash; none for one that is gone for good."""
    keys: list[Key[Any]] = [Task.key(task_id), TrashedTask.key(task_id)]
    rows = table.read(*keys)
    there = (key for key in keys if rows.get(key) is not None)
    return tuple(Tally(key, counts, Row.PK.exists()) for key in there)


def recounted(task: Task, counts: Mapping[str, int]) -> Update:
    """The write that lets the task say these counts, where it is, and while they are as they were
    read."""
    actions = tuple(getattr(Task, name).set(count) for name, count in counts.items())
    return Update(type(task).key(task.id), actions, _as_read(task, *counts))


def with_another_child(parent: Task) -> Tally:
    """The write that counts one sub-task more; it holds while the parent stands as deep as it was
    read."""
    there = Row.PK.exists() & table.as_read(parent, "depth")
    return Tally(Task.key(parent.id), {"subtasks_count": 1}, there)


def by_id(task_id: str) -> Task | None:
    return table.get(Task.key(task_id))


def anywhere(task_id: str) -> Task | None:
    """The task, be it in the trash."""
    task, trashed = Task.key(task_id), TrashedTask.key(task_id)
    rows = table.read(task, trashed)
    return rows.get(task) or rows.get(trashed)


def by_ids(task_ids: Iterable[str]) -> list[Task]:
    """The tasks among `task_ids` that exist, in that order."""
    keys = [Task.key(task_id) for task_id in task_ids]
    rows = table.read(*keys)
    return [task for key in keys if (task := rows.get(key))]


def in_project(project_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[Task]:
    """A page of a project's tasks, whole, newest first."""
    ours = Task.SK.startswith("TASK#")
    return table.query(
        Task, f"PROJECT#{project_id}", ours, limit=limit, start=start, newest_first=True
    )


def in_trash(project_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[TrashedTask]:
    """A page of a project's deleted tasks, newest first."""
    ours = TrashedTask.SK.startswith("TRASH#")
    return table.query(
        TrashedTask, f"PROJECT#{project_id}", ours, limit=limit, start=start, newest_first=True
    )


def all_assigned_to(project_id: str, user_id: str) -> Iterator[Task]:
    """The cards of everything that somebody is assigned to in a project, the earliest due first."""
    return table.query_all(Task, assignee_key(project_id, user_id), index="by_assignee")
