"""How many tasks a project has, of every kind that anybody asks for.

Counts are changed in the transaction of the task, so they are exact. A count is an attribute named
after what it counts (`status:done`, `assignee:<user>`, `done:2026-11-22`), in one of four rows; the
sum of the rows is the truth. Which row it is says the task's id, so a task is counted in one.
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
COUNT_KINDS = ("status", "priority", "assignee", "done")


class ProjectCounters(Item):
    """One of a project's rows of counts; `changes` are how often any of them was changed."""

    changes = NumberAttribute(null=True)

    @staticmethod
    def key(project_id: str, shard: int) -> "Key[ProjectCounters]":
        return Key(ProjectCounters, f"PROJECT#{project_id}", f"STATS#{shard}")


def count_task(task: Task) -> Counter[str]:
    """What one task adds to the counts of its project."""
    names = [
        f"status:{task.status}",
        f"priority:{task.priority}",
        f"assignee:{task.assigned_to or NOBODY}",
    ]
    if task.completed_at is not None:
        names.append(f"done:{task.completed_at[:10]}")
    return Counter(names)


def move_counts_write(before: Task | None, after: Task | None) -> Increment:
    """The write that counts a task as it is `after` and no more as it was `before`; None stands for
    a task that is not there, or in the trash."""
    task = after or before
    assert task is not None
    difference = count_task(after) if after else Counter[str]()
    difference.subtract(count_task(before) if before else {})
    added = {name: count for name, count in difference.items() if count}
    if added:
        added["changes"] = 1
    return Increment(ProjectCounters.key(task.project_id, counter_shard(task.id)), added)


def counter_shard(task_id: str) -> int:
    """Which of its project's rows a task is counted in."""
    return zlib.crc32(task_id.encode()) % SHARDS


def get_project_counts(project_id: str) -> Counter[str]:
    """All counts of the project, in one query."""
    hash_key, shards = f"PROJECT#{project_id}", Item.SK.startswith("STATS#")
    return _sum(query_raw(hash_key, shards))


def get_counts_of_projects(project_ids: Iterable[str]) -> Iterator[Counter[str]]:
    """All counts of each of the projects."""
    ours = list(project_ids)
    rows = batch_get(*(key for project_id in ours for key in counter_keys(project_id)))
    return (sum_counts(rows, project_id) for project_id in ours)


def counter_keys(project_id: str) -> list[Key[ProjectCounters]]:
    """Where the counts of a project stand."""
    return [ProjectCounters.key(project_id, shard) for shard in range(SHARDS)]


def sum_counts(rows: BatchResult, project_id: str) -> Counter[str]:
    """The counts of a project among rows that were read by `keys_of`."""
    return _sum(raw for key in counter_keys(project_id) if (raw := rows.raw(key)))


def get_counter_items(project_id: str) -> list[CounterItem]:
    """The rows of a project one by one, as they stand."""
    keys = counter_keys(project_id)
    rows = batch_get(*keys)
    return [
        read_counter_item(key, _sum([raw]), raw) for key in keys for raw in [rows.raw(key) or {}]
    ]


def _sum(shards: Iterable[dict[str, Any]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for raw in shards:
        named = {name: value["N"] for name, value in raw.items() if name.startswith(_PREFIXES)}
        total.update({name: int(number) for name, number in named.items()})
    return total


_PREFIXES = tuple(f"{kind}:" for kind in COUNT_KINDS)
