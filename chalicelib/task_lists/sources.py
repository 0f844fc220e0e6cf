"""Sources that tasks are read from in a given order: key ranges, filter entries, list snapshots.

In each order a task has a position: a text to sort by that ends in the task's id. A page of a list
begins after a position. It needs nothing else, even if several sources are merged and tasks are
added or removed in between.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from heapq import merge
from itertools import chain, groupby, islice
from typing import Protocol, TypeVar

from msgspec import Struct

from chalicelib.dynamodb.concurrency import run_concurrently
from chalicelib.dynamodb.mapping.decoding import RawItem
from chalicelib.dynamodb.table import BATCH_GET_MAX, PAGE_GROWTH, Item, query_all, query_raw
from chalicelib.task_lists import models
from chalicelib.tasks.cards import rank_sort_key
from chalicelib.tasks.models import (
    Card,
    Task,
    due_sort_key,
    get_tasks,
    priority_sort_key,
    trash_partition,
    updated_sort_key,
)

FIRST_POSITION, LAST_POSITION = " ", "~~"  # sort before and after every position
# A change may become visible this long after its timestamp, and after a change with a later
# timestamp: the timestamp is taken before the write, clocks differ, and an index lags behind.
VISIBILITY_DELAY = timedelta(minutes=1)
# The most cards that one query reads.
MAX_PAGE_SIZE = 1_000

T = TypeVar("T")

_TIME_ATTRIBUTES = ("SK", "updated_sort", "status", "due_at", "completed_at", "updated_at")
_RANGE_KEYS = {
    None: Item.SK,
    "by_status": Item.status_sort,
    "by_priority": Item.priority_sort,
    "by_due": Item.due_sort,
    "by_updated": Item.updated_sort,
    "by_assignee": Item.assignee_sort,
}


class Ordering(Struct, frozen=True):
    """The order of a list. `sort_key` returns a task's position."""

    name: str
    sort_key: Callable[[Card], str]


CREATED = Ordering("created_at", lambda task: task.id)
DUE = Ordering("due_date", due_sort_key)
UPDATED = Ordering("updated_at", updated_sort_key)
PRIORITY = Ordering("priority", priority_sort_key)
RANK = Ordering("rank", rank_sort_key)


# A task and the position at which it was found. The task may have changed since the position was
# read, so its own position may be another.
PositionedTask = tuple[str, Task]


class TaskSource(Protocol):
    """A sequence of tasks in one order."""

    def read(
        self, after: str | None, *, descending: bool, page_size: int
    ) -> Iterator[PositionedTask]:
        """Yield the tasks behind the position `after`, or all tasks if it is None.

        The first request reads `page_size` tasks; each further request reads more.
        """


class KeyRange(Struct, frozen=True):
    """The tasks between two positions of a partition, in the order of its range key.

    `index` is None for the table itself. `prefix` is a common prefix of the range keys that is not
    part of the position.
    """

    hash_key: str
    index: str | None
    prefix: str = ""
    low: str = FIRST_POSITION
    high: str = LAST_POSITION

    def read(
        self, after: str | None, *, descending: bool, page_size: int
    ) -> Iterator[PositionedTask]:
        low, high = self.low, self.high
        if after is not None:
            low, high = (low, min(high, after)) if descending else (max(low, after), high)
        if low > high:
            return
        attribute = _RANGE_KEYS[self.index]
        tasks = query_all(
            Task,
            self.hash_key,
            attribute.between(self.prefix + low, self.prefix + high),
            index=self.index,
            first=page_size + (after is not None),  # the range includes `after` itself
            most=MAX_PAGE_SIZE,
            newest_first=descending,
        )
        for task in tasks:
            position = getattr(task, attribute.attr_name).removeprefix(self.prefix)
            if position != after:
                yield position, task


class FilterEntrySource(Struct, frozen=True):
    """The tasks that have at least one of several filter entries, in the order of creation.

    `entries` are pairs of a project id and the name of a filter entry. The source merges the
    entries before it reads tasks, so a page costs about the same for one entry and for many.
    """

    entries: Sequence[tuple[str, str]]

    def read(
        self, after: str | None, *, descending: bool, page_size: int
    ) -> Iterator[PositionedTask]:
        # One more than a page, because the query also returns the entry at `after`.
        lists = [
            models.list_task_ids(*entry, after=after, newest_first=descending, first=page_size + 1)
            for entry in self.entries
        ]
        ids = merge(*run_concurrently(read_first, lists), reverse=descending)
        # A task may have several of the entries. Duplicates would leave batches half empty.
        return _read_tasks_at((task_id for task_id, _ in groupby(ids)), page_size)


class PositionSource(Struct, frozen=True):
    """Tasks whose positions are found without reading the tasks, for example in list snapshots.

    `list_positions` gets the position to begin after and whether the order is descending.
    """

    list_positions: Callable[[str | None, bool], Iterator[str]]

    def read(
        self, after: str | None, *, descending: bool, page_size: int
    ) -> Iterator[PositionedTask]:
        return _read_tasks_at(self.list_positions(after, descending), page_size)


def read_first(items: Iterator[T]) -> Iterator[T]:
    """Send the first request of an iterator, and return an iterator of all its items."""
    return chain(list(islice(items, 1)), items)


def _read_tasks_at(positions: Iterable[str], page_size: int) -> Iterator[PositionedTask]:
    """Yield the tasks at these positions that exist; the first batch has `page_size` tasks."""
    remaining = iter(positions)
    while batch := list(islice(remaining, page_size)):
        position_by_id = {task_id_at(position): position for position in batch}
        for task in get_tasks(position_by_id):
            yield position_by_id[task.id], task
        page_size = min(PAGE_GROWTH * page_size, BATCH_GET_MAX)


def task_id_at(position: str) -> str:
    """Return the id of the task at a position."""
    return position.rpartition("#")[2]


def read_raw_times(project_id: str, low: str) -> list[RawItem]:
    """Read the times and statuses of the project's tasks that changed last at or after the position
    `low`, without decoding them. `updated_sort` is the position of each."""
    changed = Item.updated_sort.between(low, LAST_POSITION)
    return list(query_raw(project_id, changed, index="by_updated", attributes=_TIME_ATTRIBUTES))


def read_deletions(project_id: str, since: str) -> dict[str, str]:
    """Return the ids of the tasks deleted or moved away since then, and the time of each."""
    deleted = Item.updated_sort.between(since, LAST_POSITION)
    partition = trash_partition(project_id)
    found = query_raw(partition, deleted, index="by_updated", attributes=("updated_sort",))
    positions = (raw["updated_sort"]["S"] for raw in found)
    return {task_id_at(position): position.partition("#")[0] for position in positions}


def range_by_update(project_id: str, low: str) -> KeyRange:
    """Return the project's tasks that changed last at or after the position `low`."""
    return KeyRange(project_id, "by_updated", low=low)


def range_by_deletion(project_id: str, low: str) -> KeyRange:
    """Return the tasks moved to the trash at or after the position `low`.

    Use only their positions (`<time of deletion>#<task id>`): the items are trashed tasks, so the
    `id` of a `Task` made from one is wrong.
    """
    return KeyRange(trash_partition(project_id), "by_updated", low=low)
