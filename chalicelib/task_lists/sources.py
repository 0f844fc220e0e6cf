"""Where tasks stand in an order: stretches of the indexes, and edges.

Every order has a text to sort by that ends in the task's id, so a position in a list is one such
text, whatever lists are merged, and however tasks come and go before it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import NamedTuple, Protocol

from chalicelib.dynamodb.table import BATCH_GET_MAX, PAGE_GROWTH, Item, query_all
from chalicelib.task_lists import models
from chalicelib.tasks.models import (
    PRIORITY_RANKS,
    Card,
    Task,
    assignee_partition,
    due_partition,
    due_sort_key,
    get_tasks,
    priority_sort_key,
    trash_partition,
    updated_sort_key,
)

FIRST_POSITION, LAST_POSITION = " ", "~~"  # sort before and behind every position
# So long after it was stamped a change may become visible, and after a later one at that: it is
# stamped before it is written, clocks differ, an index follows the table.
VISIBILITY_DELAY = timedelta(minutes=1)
# The most cards that are read at once.
MAX_PAGE = 1_000


@dataclass(frozen=True)
class Ordering:
    """What a list is sorted by; the text to sort by ends in the task's id."""

    name: str
    sort: Callable[[Card], str]


CREATED = Ordering("created_at", lambda task: task.id)
DUE = Ordering("due_date", due_sort_key)
UPDATED = Ordering("updated_at", updated_sort_key)
PRIORITY = Ordering("priority", priority_sort_key)


class PositionedTask(NamedTuple):
    """A task, and the position at which it was found. It may have been changed since then, and
    stand elsewhere by now."""

    position: str
    task: Task


class TaskSource(Protocol):
    """Tasks in an order."""

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[PositionedTask]:
        """The tasks behind the position `after`, or before it when going backwards; the `first` so
        many are read at once."""


@dataclass(frozen=True)
class KeyRange:
    """Part of one partition, of an index or of the table: what lies between two positions, in the
    order of its range key behind `prefix`."""

    hash_key: str
    index: str | None
    prefix: str = ""
    low: str = FIRST_POSITION
    high: str = LAST_POSITION

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[PositionedTask]:
        low, high = self.low, self.high
        if after is not None:
            low, high = (low, min(high, after)) if backwards else (max(low, after), high)
        if low > high:
            return
        attribute = _RANGE_KEYS[self.index]
        between = attribute.between(self.prefix + low, self.prefix + high)
        found = query_all(
            Task,
            self.hash_key,
            between,
            index=self.index,
            first=first + (after is not None),  # which is found too, and passed by
            most=MAX_PAGE,
            newest_first=backwards,
        )
        for task in found:
            position = getattr(task, attribute.attr_name).removeprefix(self.prefix)
            if position != after:
                yield PositionedTask(position, task)


@dataclass(frozen=True)
class FilterEntrySource:
    """The tasks that have something in common, in the order of their creation."""

    project_id: str
    name: str

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[PositionedTask]:
        # The edge at `after` is read too and passed by; without it, so many would take two reads.
        ids = models.list_task_ids(
            self.project_id, self.name, after=after, newest_first=backwards, first=first + 1
        )
        return _in_chunks(ids, first)


@dataclass(frozen=True)
class SnapshotSource:
    """Tasks of which cards are at hand."""

    cards: Iterable[Card]
    ordering: Ordering

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[PositionedTask]:
        positions = sorted(map(self.ordering.sort, self.cards), reverse=backwards)
        ahead = (each for each in positions if after is None or _is_past(each, after, backwards))
        return _in_chunks(ahead, first)


def range_by_creation(project_id: str) -> KeyRange:
    """All tasks of a project, from the table itself: what was just created is there."""
    return KeyRange(f"PROJECT#{project_id}", None, prefix="TASK#")


def range_by_status(project_id: str, status: str) -> KeyRange:
    return KeyRange(f"{project_id}#{status}", "by_status")


def range_of_priority(project_id: str, priority: str) -> KeyRange:
    """The tasks of one priority, in the order of their creation."""
    return KeyRange(project_id, "by_priority", prefix=f"{PRIORITY_RANKS[priority]}#")


def range_by_priority(project_id: str, only: str | None) -> KeyRange:
    rank = f"{PRIORITY_RANKS[only]}#" if only else ""
    return KeyRange(project_id, "by_priority", low=rank + FIRST_POSITION, high=rank + LAST_POSITION)


def range_by_due(project_id: str, low: str, high: str, *, is_open: bool) -> KeyRange:
    return KeyRange(due_partition(project_id, is_open=is_open), "by_due", low=low, high=high)


def range_by_assignee(project_id: str, user_id: str, low: str, high: str) -> KeyRange:
    """What somebody is assigned to, by due time."""
    return KeyRange(assignee_partition(project_id, user_id), "by_assignee", low=low, high=high)


def range_by_update(project_id: str, low: str) -> KeyRange:
    return KeyRange(project_id, "by_updated", low=low)


def range_by_deletion(project_id: str, low: str) -> KeyRange:
    """What was moved to the trash, by when; bare tasks, to know which."""
    return KeyRange(trash_partition(project_id), "by_updated", low=low)


def list_deleted_task_ids(project_id: str, low: str) -> Iterator[str]:
    """The ids of these."""
    found = range_by_deletion(project_id, low).walk(None, backwards=False, first=MAX_PAGE)
    return (_id_at(placed.position) for placed in found)


def _in_chunks(positions: Iterable[str], first: int) -> Iterator[PositionedTask]:
    """The tasks at these positions that exist; the `first` so many are read at once."""
    remaining, size = iter(positions), first
    while chunk := {_id_at(each): each for each in islice(remaining, size)}:
        yield from (PositionedTask(chunk[task.id], task) for task in get_tasks(chunk))
        size = min(PAGE_GROWTH * size, BATCH_GET_MAX)


def _id_at(position: str) -> str:
    return position.rpartition("#")[2]


def _is_past(position: str, after: str, backwards: bool) -> bool:
    return position < after if backwards else position > after


_RANGE_KEYS = {
    None: Item.SK,
    "by_status": Item.status_sort,
    "by_priority": Item.priority_sort,
    "by_due": Item.due_sort,
    "by_updated": Item.updated_sort,
    "by_assignee": Item.assignee_sort,
}
