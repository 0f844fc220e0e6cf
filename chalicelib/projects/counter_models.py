"""Counter items of a project: its numbers of tasks by status, priority, assignee and day of
completion.

A count changes in the transaction that changes the task, so it is exact. Each count is an attribute
named after what it counts (`status:done`, `assignee:<user>`, `done:2026-11-22`). A project has four
counter items (shards), and a count is the sum over them. The task's id determines its shard.
"""

import zlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from pynamodb.attributes import NumberAttribute

from chalicelib.dynamodb.optimistic_locking import CounterItem, read_counter_item
from chalicelib.dynamodb.table import BatchResult, Item, Key, batch_get, query_raw
from chalicelib.dynamodb.transactions import Increment
from chalicelib.tasks.models import NOBODY, Task

# One item takes 1,000 writes a second, and a transactional write counts double.
SHARDS = 4
_COUNT_PREFIXES = ("status:", "priority:", "assignee:", "done:")


class ProjectCounters(Item):
    """One shard of a project's counts.

    `changes` increases with every change of a count, and of the due time of an open task: if it is
    unchanged, so is everything that statistics tell about these tasks.
    """

    changes = NumberAttribute(null=True)

    @staticmethod
    def key(project_id: str, shard: int) -> "Key[ProjectCounters]":
        return Key(ProjectCounters, f"PROJECT#{project_id}", f"STATS#{shard}")


def count_task(task: Task) -> Counter[str]:
    """Return what one task adds to the counts of its project."""
    return Counter(_list_counts(task))


def _list_counts(task: Task | None) -> list[str]:
    """Return the names of the counts that a task is part of, each once."""
    if task is None:
        return []
    names = [
        f"status:{task.status}",
        f"priority:{task.priority}",
        f"assignee:{task.assigned_to or NOBODY}",
    ]
    if task.completed_at is not None:
        names.append(f"done:{task.completed_at[:10]}")
    return names


def move_counts_write(before: Task | None, after: Task | None) -> Increment:
    """Return the write that updates the counts for a change of a task.

    None means that the task does not exist, or that it is in the trash. At least one of the two is
    a task.
    """
    task = after or before
    assert task is not None
    old, new = _list_counts(before), _list_counts(after)
    added = {name: 1 for name in new if name not in old}
    added |= {name: -1 for name in old if name not in new}
    if added or _open_due_time(before) != _open_due_time(after):
        added["changes"] = 1
    return Increment(ProjectCounters.key(task.project_id, counter_shard(task.id)), added)


def _open_due_time(task: Task | None) -> str | None:
    return task.due_at if task is not None and task.is_open else None


def counter_shard(task_id: str) -> int:
    """Return the number of the shard that counts the task."""
    return zlib.crc32(task_id.encode()) % SHARDS


def counter_keys(project_id: str) -> list[Key[ProjectCounters]]:
    """Return the keys of a project's counter items, in the order of the shards."""
    return [ProjectCounters.key(project_id, shard) for shard in range(SHARDS)]


class ProjectCounts(NamedTuple):
    """All counts of a project, and how often they changed (`changes` of all shards)."""

    counts: Counter[str]
    changes: int


def get_project_counts(project_id: str) -> ProjectCounts:
    """Return all counts of the project, in one query."""
    items = list(query_raw(f"PROJECT#{project_id}", Item.SK.startswith("STATS#")))
    return ProjectCounts(_sum_counts(items), _sum_changes(items))


def get_counts_of_projects(project_ids: Iterable[str]) -> dict[str, ProjectCounts]:
    """Return all counts of each project."""
    keys = {project_id: counter_keys(project_id) for project_id in project_ids}
    items = batch_get(*(key for shards in keys.values() for key in shards))
    found = {
        project_id: [raw for key in shards if (raw := items.raw(key))]
        for project_id, shards in keys.items()
    }
    return {
        project_id: ProjectCounts(_sum_counts(raws), _sum_changes(raws))
        for project_id, raws in found.items()
    }


def count_tasks(project_ids: Iterable[str]) -> int:
    """Return how many tasks the projects have together."""
    counts = sum((each.counts for each in get_counts_of_projects(project_ids).values()), Counter())
    return sum(count for name, count in counts.items() if name.startswith("status:"))


def _sum_changes(raw_items: Iterable[dict[str, Any]]) -> int:
    return sum(int(raw["changes"]["N"]) for raw in raw_items if "changes" in raw)


def sum_counts(items: BatchResult, project_id: str) -> Counter[str]:
    """Return all counts of the project. `items` is a batch read of its `counter_keys`."""
    return _sum_counts(raw for key in counter_keys(project_id) if (raw := items.raw(key)))


def get_counter_items(project_id: str) -> list[CounterItem]:
    """Return the project's counter items, in the order of the shards. A missing item is empty."""
    keys = counter_keys(project_id)
    items = batch_get(*keys)
    shards = []
    for key in keys:
        raw = items.raw(key) or {}
        shards.append(read_counter_item(key, _sum_counts([raw]), raw))
    return shards


def _sum_counts(raw_items: Iterable[dict[str, Any]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for raw in raw_items:
        for name, value in raw.items():
            if name.startswith(_COUNT_PREFIXES):
                total[name] += int(value["N"])
    return total
