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

from chalicelib.store import sums, table
from chalicelib.store.sums import Sums
from chalicelib.store.table import Key, Row, Rows
from chalicelib.store.tasks import NOBODY, Task
from chalicelib.store.transaction import Tally

# One item takes 1,000 writes a second, and a transactional write counts double.
SHARDS = 4
KINDS = ("status", "priority", "assignee", "done")


class Counters(Row):
    """One of a project's rows of counts; `changes` are how often any of them was changed."""

    changes = NumberAttribute(null=True)

    @staticmethod
    def key(project_id: str, shard: int) -> "Key[Counters]":
        return Key(Counters, f"PROJECT#{project_id}", f"STATS#{shard}")


def counts_of(task: Task) -> Counter[str]:
    """What one task adds to the counts of its project."""
    names = [
        f"status:{task.status}",
        f"priority:{task.priority}",
        f"assignee:{task.assigned_to or NOBODY}",
    ]
    if task.completed_at is not None:
        names.append(f"done:{task.completed_at[:10]}")
    return Counter(names)


def moved(before: Task | None, after: Task | None) -> Tally:
    """The write that counts a task as it is `after` and no more as it was `before`; None stands for
    a task that is not there, or in the trash."""
    task = after or before
    assert task is not None
    difference = counts_of(after) if after else Counter[str]()
    difference.subtract(counts_of(before) if before else {})
    added = {name: count for name, count in difference.items() if count}
    if added:
        added["changes"] = 1
    return Tally(Counters.key(task.project_id, shard_of(task.id)), added)


def shard_of(task_id: str) -> int:
    """Which of its project's rows a task is counted in."""
    return zlib.crc32(task_id.encode()) % SHARDS


def of_project(project_id: str) -> Counter[str]:
    """All counts of the project, in one query."""
    hash_key, shards = f"PROJECT#{project_id}", Row.SK.startswith("STATS#")
    return _sum(table.raw(hash_key, shards))


def of_projects(project_ids: Iterable[str]) -> Iterator[Counter[str]]:
    """All counts of each of the projects."""
    ours = list(project_ids)
    rows = table.read(*(key for project_id in ours for key in keys_of(project_id)))
    return (among(rows, project_id) for project_id in ours)


def keys_of(project_id: str) -> list[Key[Counters]]:
    """Where the counts of a project stand."""
    return [Counters.key(project_id, shard) for shard in range(SHARDS)]


def among(rows: Rows, project_id: str) -> Counter[str]:
    """The counts of a project among rows that were read by `keys_of`."""
    return _sum(raw for key in keys_of(project_id) if (raw := rows.raw(key)))


def shards_of(project_id: str) -> list[Sums]:
    """The rows of a project one by one, as they stand."""
    keys = keys_of(project_id)
    rows = table.read(*keys)
    return [sums.as_read(key, _sum([raw]), raw) for key in keys for raw in [rows.raw(key) or {}]]


def _sum(shards: Iterable[dict[str, Any]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for raw in shards:
        named = {name: value["N"] for name, value in raw.items() if name.startswith(_PREFIXES)}
        total.update({name: int(number) for name, number in named.items()})
    return total


_PREFIXES = tuple(f"{kind}:" for kind in KINDS)
