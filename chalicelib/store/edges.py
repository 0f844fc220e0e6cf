"""Edges: which tasks have this label, this parent, this assignee or none, this creator.

An edge is a row that is nothing but its key, written and removed in the transaction that changes
the task, in the project's own partition. So the tasks behind one of these are found without a look
at any other, at once and not when an index has caught up. There are two for each: one in the order
of creation, one in that of priority.
"""

from collections.abc import Iterator

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.tasks import NOBODY, RANKS, Task, priority_sort
from chalicelib.store.transaction import Delete, Ensure, Write

KINDS = ("assignee", "creator", "label", "parent")
PAGE = 100
# Sorts behind everything that an id holds.
LAST = "~"


class Edge(Row):
    """Says that the task at its end is of the kind and value in its sort key."""

    @staticmethod
    def key(project_id: str, place: str) -> "Key[Edge]":
        return Key(Edge, f"PROJECT#{project_id}", place)


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
    old, new = _places(before) if before else set(), _places(after) if after else set()
    gone = (Delete(Edge.key(task.project_id, place)) for place in sorted(old - new))
    come = (Ensure(Edge.key(task.project_id, place).bare()) for place in sorted(new - old))
    return (*gone, *come)


def _places(task: Task) -> set[str]:
    names = names_of(task)
    by_creation = {f"{_created(name)}{task.id}" for name in names}
    return by_creation | {f"{_ranked(name)}{priority_sort(task)}" for name in names}


def task_ids(
    project_id: str,
    name: str,
    *,
    priority: str | None = None,
    after: str | None = None,
    newest_first: bool = False,
    first: int = PAGE,
) -> Iterator[str]:
    """The ids of the tasks that `name` finds, all or those of one priority, in the order of their
    creation, behind `after`; the `first` so many are read at once."""
    prefix = f"{_ranked(name)}{RANKS[priority]}#" if priority else _created(name)
    return _positions(project_id, prefix, "", after, newest_first, first)


def ranked_ids(
    project_id: str,
    name: str,
    *,
    priority: str | None = None,
    after: str | None = None,
    newest_first: bool = False,
    first: int = PAGE,
) -> Iterator[str]:
    """The same in the order of their priority."""
    rank = f"{RANKS[priority]}#" if priority else ""
    found = _positions(project_id, _ranked(name), rank, after, newest_first, first)
    return (position.rpartition("#")[2] for position in found)


def _positions(
    project_id: str, prefix: str, within: str, after: str | None, newest_first: bool, first: int
) -> Iterator[str]:
    low, high = prefix + within, prefix + within + LAST
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
    return (position for position in found if position != after)


def _created(name: str) -> str:
    return f"BY#{name}#"


def _ranked(name: str) -> str:
    return f"RANKED#{name}#"
