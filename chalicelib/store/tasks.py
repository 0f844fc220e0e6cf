"""Tasks, in their project's partition, with the index keys that their state earns them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.store import ids, table, wake
from chalicelib.store.table import Key, Page, Row
from chalicelib.store.transaction import Delete, Put, Update

OPEN = frozenset({"todo", "in_progress", "review"})
NO_DUE_DATE = "~"  # sorts after every time
# What hangs on a task is counted on it, without a new version.
COUNTS = ("comments_count",)


class Author(NamedTuple):
    """Who made the last change of a task, and in which request; nobody: the service itself."""

    changed_by: str | None
    request_id: str | None


class Task(Row):
    title = UnicodeAttribute()
    description = UnicodeAttribute(default="")
    status = UnicodeAttribute(default="todo")
    priority = UnicodeAttribute(default="medium")
    assigned_to = UnicodeAttribute(null=True)
    due_date = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    created_by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    completed_at = UnicodeAttribute(null=True)
    version = NumberAttribute(default=1)
    deleted_at = UnicodeAttribute(null=True)
    changed_by = UnicodeAttribute(null=True)
    request_id = UnicodeAttribute(null=True)
    comments_count = NumberAttribute(default=0)

    @staticmethod
    def key(task_id: str) -> "Key[Task]":
        return Key(Task, f"PROJECT#{ids.project_of(task_id)}", f"TASK#{task_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("TASK#")

    @property
    def project_id(self) -> str:
        return self.PK.removeprefix("PROJECT#")


class TrashedTask(Task):
    """A task that was deleted: at another key, so that nothing which looks for tasks meets it."""

    @staticmethod
    def key(task_id: str) -> "Key[TrashedTask]":  # type: ignore[override]
        return Key(TrashedTask, f"PROJECT#{ids.project_of(task_id)}", f"TRASH#{task_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("TRASH#")


def index_keys(task: Task) -> dict[str, str | None]:
    """The index keys of a task in its present state; None keeps it out of an index.

    `by_wake` holds what can need a reminder and nothing else: open, assigned, with a due time.
    """
    assigned, open_ = task.assigned_to, task.status in OPEN
    waking = wake.keys("due", task.due_at, task.id) if assigned and open_ else wake.ASLEEP
    return {
        "status_key": f"{task.project_id}#{task.status}",
        "status_sort": f"{task.created_at}#{task.id}",
        "assignee_key": f"ASSIGNEE#{assigned}" if assigned else None,
        "assignee_sort": f"{task.due_at or NO_DUE_DATE}#{task.id}" if assigned else None,
        **waking,
    }


def trashed(task: Task, author: Author, *, at: str, until: str) -> tuple[Delete, Put]:
    """The writes that move a task to the trash; they hold for the version that was read."""
    key = TrashedTask.key(task.id)
    waking = wake.keys("purge", until, task.id)
    facts = {**_own(task), **author._asdict(), **waking, "deleted_at": at}
    row = TrashedTask(key.pk, key.sk, **facts)
    return Delete(Task.key(task.id), _as_read(task)), Put(row)


def restored(task: Task, author: Author, *, at: str) -> tuple[Delete, Put]:
    """The writes that bring a task back from the trash; they hold for the version that was read."""
    key, old = Task.key(task.id), TrashedTask.key(task.id)
    facts = {"version": task.version + 1, "updated_at": at, **author._asdict()}
    row = Task(key.pk, key.sk, **_own(task) | facts)
    return Delete(old, TrashedTask.version == task.version), created(row)


def _as_read(task: Task) -> Condition:
    """The version is the one that was read, and so are the counts, which change without it."""
    condition: Condition = Task.version == task.version
    for name in COUNTS:
        condition &= getattr(Task, name) == getattr(task, name)
    return condition


def _own(task: Task) -> dict[str, Any]:
    """What a task is, without its keys and what follows from its place."""
    keys = {"PK", "SK", "deleted_at", "status_key", "status_sort"}
    keys |= {"assignee_key", "assignee_sort", "wake_key", "wake_at"}
    return {name: value for name, value in task.attribute_values.items() if name not in keys}


def created(task: Task) -> Put:
    """The write that makes `task`, index keys included."""
    for name, value in index_keys(task).items():
        setattr(task, name, value)
    return Put(task)


def changed(task: Task, fields: Mapping[str, Any]) -> Update:
    """The write that stores `fields`, which `task` already has.

    Index keys depend on several fields, so it holds only for the version that `task` was read at;
    it cannot bring back a deleted task.
    """
    actions = tuple(
        table.assigned(Task, name, value) for name, value in {**fields, **index_keys(task)}.items()
    )
    same = (Task.version == task.version) & Task.deleted_at.does_not_exist()
    return Update(Task.key(task.id), (*actions, Task.version.set(task.version + 1)), same)


def counted(task_id: str, **counts: int) -> Update:
    """The write that adds to the counts of what hangs on a task, as `comments_count=1`; it holds
    while the task is there. No new version: a count is no edit."""
    return Update(
        Task.key(task_id), tuple(getattr(Task, name).add(n) for name, n in counts.items())
    )


def by_id(task_id: str) -> Task | None:
    return table.get(Task.key(task_id))


def by_ids(task_ids: Iterable[str]) -> list[Task]:
    """The tasks among `task_ids` that exist."""
    keys = [Task.key(task_id) for task_id in task_ids]
    rows = table.read(*keys)
    return [task for key in keys if (task := rows.get(key))]


def in_project(
    project_id: str, *, status: str | None, limit: int, start: dict[str, Any] | None
) -> Page[Task]:
    """A page of a project's tasks, newest first: all of them, or the cards of one status."""
    if status is None:
        ours = Task.SK.startswith("TASK#")
        return table.query(
            Task, f"PROJECT#{project_id}", ours, limit=limit, start=start, newest_first=True
        )
    return table.query(
        Task,
        f"{project_id}#{status}",
        index="by_status",
        limit=limit,
        start=start,
        newest_first=True,
    )


def in_trash(project_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[TrashedTask]:
    """A page of a project's deleted tasks, newest first."""
    ours = TrashedTask.SK.startswith("TRASH#")
    return table.query(
        TrashedTask, f"PROJECT#{project_id}", ours, limit=limit, start=start, newest_first=True
    )


def all_assigned_to(user_id: str) -> Iterator[Task]:
    """The cards of everything assigned to one person."""
    return table.query_all(Task, f"ASSIGNEE#{user_id}", index="by_assignee")


def assigned_to(user_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[Task]:
    """A page of the cards assigned to one person, the earliest due first."""
    return table.query(Task, f"ASSIGNEE#{user_id}", index="by_assignee", limit=limit, start=start)
