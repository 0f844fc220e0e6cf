"""Sources that tasks are read from in a given order: key ranges, filter entries, list snapshots.

In each order a task has a position: a text to sort by that ends in the task's id. A page of a list
begins after a position. It needs nothing else, even if several sources are merged and tasks are
added or removed in between.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import NamedTuple, Protocol

from chalicelib.dynamodb.table import BATCH_GET_MAX, PAGE_GROWTH, Item, query_all
from chalicelib.task_lists import models
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

_RANGE_KEYS = {
    None: Item.SK,
    "by_status": Item.status_sort,
    "by_priority": Item.priority_sort,
    "by_due": Item.due_sort,
    "by_updated": Item.updated_sort,
    "by_assignee": Item.assignee_sort,
}


@dataclass(frozen=True)
class Ordering:
    """The order of a list. `sort_key` returns a task's position."""

    name: str
    sort_key: Callable[[Card], str]


CREATED = Ordering("created_at", lambda task: task.id)
DUE = Ordering("due_date", due_sort_key)
UPDATED = Ordering("updated_at", updated_sort_key)
PRIORITY = Ordering("priority", priority_sort_key)


class PositionedTask(NamedTuple):
    """A task and the position at which it was found.

    The task may have changed since the position was read, so its own position may be another.
    """

    position: str
    task: Task


class TaskSource(Protocol):
    """A sequence of tasks in one order."""

    def read(
        self, after: str | None, *, descending: bool, page_size: int
    ) -> Iterator[PositionedTask]:
        """Yield the tasks behind the position `after`, or all tasks if it is None.

        The first request reads `page_size` tasks; each further request reads more.
        """


@dataclass(frozen=True)
class KeyRange:
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
                yield PositionedTask(position, task)


@dataclass(frozen=True)
class FilterEntrySource:
    """The tasks of a project that have the filter entry `name`, in the order of creation."""

    project_id: str
    name: str

    def read(
        self, after: str | None, *, descending: bool, page_size: int
    ) -> Iterator[PositionedTask]:
        # One more than a page, because the query also returns the entry at `after`.
        ids = models.list_task_ids(
            self.project_id, self.name, after=after, newest_first=descending, first=page_size + 1
        )
        return _read_tasks_at(ids, page_size)


@dataclass(frozen=True)
class SnapshotSource:
    """Tasks whose cards were read already, for example from list snapshots."""

    cards: Iterable[Card]
    ordering: Ordering

    def read(
        self, after: str | None, *, descending: bool, page_size: int
    ) -> Iterator[PositionedTask]:
        positions = sorted(map(self.ordering.sort_key, self.cards), reverse=descending)
        remaining: Iterable[str] = positions
        if after is not None and descending:
            remaining = (position for position in positions if position < after)
        elif after is not None:
            remaining = (position for position in positions if position > after)
        return _read_tasks_at(remaining, page_size)


def _read_tasks_at(positions: Iterable[str], page_size: int) -> Iterator[PositionedTask]:
    """Yield the tasks at these positions that exist; the first batch has `page_size` tasks."""
    remaining = iter(positions)
    while batch := list(islice(remaining, page_size)):
        position_by_id = {task_id_at(position): position for position in batch}
        for task in get_tasks(position_by_id):
            yield PositionedTask(position_by_id[task.id], task)
        page_size = min(PAGE_GROWTH * page_size, BATCH_GET_MAX)


def task_id_at(position: str) -> str:
    """Return the id of the task at a position."""
    return position.rpartition("#")[2]


def range_by_update(project_id: str, low: str) -> KeyRange:
    """Return the project's tasks that changed last at or after the position `low`."""
    return KeyRange(project_id, "by_updated", low=low)


def range_by_deletion(project_id: str, low: str) -> KeyRange:
    """Return the tasks moved to the trash at or after the position `low`.

    Use only their positions (`<time of deletion>#<task id>`): the items are trashed tasks, so the
    `id` of a `Task` made from one is wrong.
    """
    return KeyRange(trash_partition(project_id), "by_updated", low=low)
