"""Edges: which tasks have this label, this parent, this assignee or none, this creator.

An edge is a row that is nothing but its key, written and removed in the transaction that changes
the task, in the project's own partition. So the tasks behind one of these are found without a look
at any other, in the order of their creation, at once and not when an index has caught up.
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
    def key(project_id: str, name: str, task_id: str) -> "Key[Edge]":
        return Key(Edge, f"PROJECT#{project_id}", f"BY#{name}#{task_id}")


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
    gone = (Delete(Edge.key(task.project_id, name, task.id)) for name in sorted(old - new))
    come = (Ensure(Edge.key(task.project_id, name, task.id).bare()) for name in sorted(new - old))
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
    prefix = f"BY#{name}#"
    low, high = prefix, prefix + LAST
    if after is not None:
        low, high = (low, prefix + after) if newest_first else (prefix + after, high)
    rows = table.query_all(
        Edge,
        f"PROJECT#{project_id}",
        Edge.SK.between(low, high),
        first=first,
        newest_first=newest_first,
    )
    found = (row.SK.removeprefix(prefix) for row in rows)
    return (task_id for task_id in found if task_id != after)
