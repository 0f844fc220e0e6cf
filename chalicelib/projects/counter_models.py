"""Counter items of a project: its numbers of tasks by status, priority, assignee and day of
completion.

A count changes in the transaction that changes the task, so it is exact. Each count is an attribute
named after what it counts (`status:done`, `assignee:<user>`, `done:2026-11-22`). A project has four
counter items (shards), and a count is the sum over them. The task's id determines its shard.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pynamodb.attributes import NumberAttribute

from chalicelib.dynamodb.counter_items import CounterItem, read_counter_item
from chalicelib.dynamodb.table import BatchResult, Item, Key, batch_get, query_raw
from chalicelib.dynamodb.transactions import Increment
from chalicelib.tasks.models import NOBODY, Task

# One item takes 1,000 writes a second, and a transactional write counts double.
SHARDS = 4
_COUNT_PREFIXES = ("status:", "priority:", "assignee:", "done:")


class ProjectCounters(Item):
    """One shard of a project's counts. `changes` increases with every change of a count."""

    changes = NumberAttribute(null=True)

    @staticmethod
    def key(project_id: str, shard: int) -> "Key[ProjectCounters]":
        return Key(ProjectCounters, f"PROJECT#{project_id}", f"STATS#{shard}")


def count_task(task: Task) -> Counter[str]:
    """Return what one task adds to the counts of its project."""
    names = [
        f"status:{task.status}",
        f"priority:{task.priority}",
        f"assignee:{task.assigned_to or NOBODY}",
    ]
    if task.completed_at is not None:
        names.append(f"done:{task.completed_at[:10]}")
    return Counter(names)


def move_counts_write(before: Task | None, after: Task | None) -> Increment:
    """Return the write that updates the counts for a change of a task.

    None means that the task does not exist, or that it is in the trash. At least one of the two is
    a task.
    """
    task = after or before
    assert task is not None
    difference = count_task(after) if after else Counter[str]()
    difference.subtract(count_task(before) if before else {})
    added = {name: count for name, count in difference.items() if count}
    if added:
        added["changes"] = 1
    return Increment(ProjectCounters.key(task.project_id, counter_shard(task.id)), added)


def counter_shard(task_id: str) -> int:
    """Return the number of the shard that counts the task."""
    return zlib.crc32(task_id.encode()) % SHARDS


def counter_keys(project_id: str) -> list[Key[ProjectCounters]]:
    """Return the keys of a project's counter items, in the order of the shards."""
    return [ProjectCounters.key(project_id, shard) for shard in range(SHARDS)]


def get_project_counts(project_id: str) -> Counter[str]:
    """Return all counts of the project, in one query."""
    return _sum_counts(query_raw(f"PROJECT#{project_id}", Item.SK.startswith("STATS#")))


def get_counts_of_projects(project_ids: Iterable[str]) -> Iterator[Counter[str]]:
    """Return all counts of each project, in the order of the ids."""
    project_ids = list(project_ids)
    items = batch_get(*(key for project_id in project_ids for key in counter_keys(project_id)))
    return (sum_counts(items, project_id) for project_id in project_ids)


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
