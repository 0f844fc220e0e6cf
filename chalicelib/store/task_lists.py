"""Where tasks stand in an order: stretches of the indexes, and edges.

Every order has a text to sort by that ends in the task's id, so a position in a list is one such
text, whatever lists are merged, and however tasks come and go before it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from chalicelib.store import edges, table, tasks
from chalicelib.store.table import BATCH_GET_MAX, GROWTH, Row
from chalicelib.store.tasks import Task

FIRST, LAST = " ", "~~"  # sort before and behind every position
# How many tasks are looked at for a page. Ten cards of an index come in one unit of reading; a
# whole task, as edges lead to, is a unit or more.
CARDS_MAX, WHOLE_MAX = 500, 200


@dataclass(frozen=True)
class Ordering:
    """What a list is sorted by."""

    name: str
    sort: Callable[[Task], str]


CREATED = Ordering("created_at", lambda task: task.id)
DUE = Ordering("due_date", tasks.due_sort)
UPDATED = Ordering("updated_at", tasks.updated_sort)
PRIORITY = Ordering("priority", tasks.priority_sort)


class Source(Protocol):
    """Tasks in an order; for a page, `looks` so many are looked at, if any of them matches."""

    @property
    def looks(self) -> int: ...

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[Task]:
        """The tasks behind the position `after`, or before it when going backwards; the `first` so
        many are read at once."""


class Partition(Source, Protocol):
    """What a filter finds."""

    def few(self, most: int, ordering: Ordering) -> Source | None:
        """The same in that order, if it is at most so many tasks."""


@dataclass(frozen=True)
class Stretch:
    """Part of one partition, of an index or of the table: what lies between two positions, in the
    order of its range key behind `prefix`."""

    hash_key: str
    index: str | None
    prefix: str = ""
    low: str = FIRST
    high: str = LAST

    looks = CARDS_MAX

    def few(self, most: int, ordering: Ordering) -> Source | None:
        found = list(islice(self.walk(None, backwards=False, first=most + 1), most + 1))
        return Few(found, ordering) if len(found) <= most else None

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[Task]:
        low, high = self.low, self.high
        if after is not None:
            low, high = (low, min(high, after)) if backwards else (max(low, after), high)
        if low > high:
            return
        attribute = _RANGE_KEYS[self.index]
        between = attribute.between(self.prefix + low, self.prefix + high)
        found = table.query_all(
            Task,
            self.hash_key,
            between,
            index=self.index,
            first=first,
            most=CARDS_MAX // 2,
            newest_first=backwards,
        )
        passed = None if after is None else self.prefix + after
        yield from (task for task in found if getattr(task, attribute.attr_name) != passed)


@dataclass(frozen=True)
class Edges:
    """The tasks that have something in common, and perhaps a priority, in the order of their
    creation or of their priority."""

    project_id: str
    name: str
    ordering: Ordering = CREATED
    priority: str | None = None

    looks = WHOLE_MAX

    def few(self, most: int, ordering: Ordering) -> Source | None:
        most = min(most, BATCH_GET_MAX)
        ids = list(islice(self._ids(first=most + 1), most + 1))
        return chosen(ids, ordering) if len(ids) <= most else None

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[Task]:
        # The edge at `after` is read too and passed by; without it, so many would take two reads.
        ids = self._ids(after=after, newest_first=backwards, first=first + 1)
        return in_chunks(ids, first)

    def _ids(self, **options: Any) -> Iterator[str]:
        find = edges.ranked_ids if self.ordering is PRIORITY else edges.task_ids
        return find(self.project_id, self.name, priority=self.priority, **options)


@dataclass(frozen=True)
class Chosen:
    """The tasks of some ids, which are in the order of their creation."""

    ids: list[str]

    looks = WHOLE_MAX

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[Task]:
        ids = reversed(self.ids) if backwards else self.ids
        ahead = (each for each in ids if after is None or _is_past(each, after, backwards))
        return in_chunks(ahead, first)


@dataclass(frozen=True)
class Few:
    """Tasks that are at hand."""

    found: list[Task]
    ordering: Ordering

    looks = CARDS_MAX

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[Task]:
        sort = self.ordering.sort
        ordered = sorted(self.found, key=sort, reverse=backwards)
        return (task for task in ordered if after is None or _is_past(sort(task), after, backwards))


def chosen(ids: list[str], ordering: Ordering) -> Source:
    """The tasks of these ids, which are in the order of their creation, in any order."""
    return Chosen(ids) if ordering is CREATED else Few(list(in_chunks(ids)), ordering)


def by_creation(project_id: str) -> Stretch:
    """All tasks of a project, from the table itself: what was just created is there."""
    return Stretch(f"PROJECT#{project_id}", None, prefix="TASK#")


def by_status(project_id: str, status: str) -> Stretch:
    return Stretch(f"{project_id}#{status}", "by_status")


def of_priority(project_id: str, priority: str) -> Stretch:
    """The tasks of one priority, in the order of their creation."""
    return Stretch(project_id, "by_priority", prefix=f"{tasks.RANKS[priority]}#")


def by_priority(project_id: str, only: str | None) -> Stretch:
    rank = f"{tasks.RANKS[only]}#" if only else ""
    return Stretch(project_id, "by_priority", low=rank + FIRST, high=rank + LAST)


def by_due(project_id: str, low: str, high: str, *, is_open: bool) -> Stretch:
    return Stretch(tasks.due_key(project_id, is_open=is_open), "by_due", low=low, high=high)


def count_due(project_id: str, low: str, high: str) -> int:
    """How many open tasks of a project are due from `low` and before `high`."""
    between = Row.due_sort.between(low, high)
    return table.count("by_due", tasks.due_key(project_id, is_open=True), between)


def by_assignee(project_id: str, user_id: str, low: str, high: str) -> Stretch:
    """What somebody is assigned to, by due time."""
    return Stretch(tasks.assignee_key(project_id, user_id), "by_assignee", low=low, high=high)


def by_update(project_id: str, low: str) -> Stretch:
    return Stretch(project_id, "by_updated", low=low)


def by_deletion(project_id: str, low: str) -> Stretch:
    """What was moved to the trash, by when; bare tasks, to know which."""
    return Stretch(tasks.gone_key(project_id), "by_updated", low=low)


def in_chunks(ids: Iterable[str], first: int = BATCH_GET_MAX) -> Iterator[Task]:
    """The tasks of these ids that exist; the `first` so many are read at once."""
    remaining, size = iter(ids), first
    while chunk := list(islice(remaining, size)):
        yield from tasks.by_ids(chunk)
        size = min(GROWTH * size, BATCH_GET_MAX)


def _is_past(position: str, after: str, backwards: bool) -> bool:
    return position < after if backwards else position > after


_RANGE_KEYS = {
    None: Row.SK,
    "by_status": Row.status_sort,
    "by_priority": Row.priority_sort,
    "by_due": Row.due_sort,
    "by_updated": Row.updated_sort,
    "by_assignee": Row.assignee_sort,
}
