"""Edges: which tasks have this label, this parent, this assignee or none, this creator.

An edge is a row that is nothing but its key, written and removed in the transaction that changes
the task, in the project's own partition. So the tasks behind one of these are found in the order
of their creation without a look at any other, at once and not when an index has caught up.
"""

from collections.abc import Iterator

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.tasks import NOBODY, Task
from chalicelib.store.transaction import Delete, Ensure, Write

KINDS = ("assignee", "creator", "label", "parent")
PAGE = 100
# Sorts behind everything that an id holds.
LAST = "~"


class Edge(Row):
    """Says that the task at its end is of the kind and value in its sort key."""

    @staticmethod
    def key(task: Task, name: str) -> "Key[Edge]":
        return Key(Edge, f"PROJECT#{task.project_id}", f"{_prefix(name)}{task.id}")


def names_of(task: Task) -> set[str]:
    """What a task is found by: `label:<id>`, `assignee:<user>`, ..."""
    names = {f"creator:{task.created_by}", f"assignee:{task.assigned_to or NOBODY}"}
    names |= {f"label:{label}" for label in task.labels or ()}
    if task.parent is not None:
        names.add(f"parent:{task.parent}")
    return names


def moved(before: Task | None, after: Task | None) -> tuple[Write, ...]:
    """The writes that make a task found as it is `after` and no more as it was `before`; None
    stands for a task that is not there, or in the trash."""
    task = after or before
    assert task is not None
    old, new = names_of(before) if before else set(), names_of(after) if after else set()
    gone = (Delete(Edge.key(task, name)) for name in sorted(old - new))
    come = (Ensure(Edge.key(task, name).bare()) for name in sorted(new - old))
    return (*gone, *come)


def task_ids(
    project_id: str,
    name: str,
    *,
    after: str | None = None,
    newest_first: bool = False,
    first: int = PAGE,
) -> Iterator[str]:
    """The ids of the tasks that `name` finds, in the order of their creation, behind `after`; the
    `first` so many are read at once."""
    prefix = _prefix(name)
    low = prefix if newest_first else prefix + (after or "")
    high = prefix + (after or LAST) if newest_first else prefix + LAST
    rows = table.query_all(
        Edge,
        f"PROJECT#{project_id}",
        Edge.SK.between(low, high),
        first=first,
        newest_first=newest_first,
    )
    ids = (row.SK.removeprefix(prefix) for row in rows)
    return (task_id for task_id in ids if task_id != after)


def _prefix(name: str) -> str:
    return f"BY#{name}#"
