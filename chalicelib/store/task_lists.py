"""Where tasks stand in an order: stretches of the indexes, and edges.

Every order has a text to sort by that ends in the task's id, so a position in a list is one such
text, whatever lists are merged, and however tasks come and go before it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import NamedTuple, Protocol

from chalicelib.store import edges, table, tasks
from chalicelib.store.table import BATCH_GET_MAX, GROWTH, Row
from chalicelib.store.tasks import Card, Task

FIRST, LAST = " ", "~~"  # sort before and behind every position
# So long after it was stamped a change may become visible, and after a later one at that: it is
# stamped before it is written, clocks differ, an index follows the table.
OVERLAP = timedelta(minutes=1)
# The most cards that are read at once.
CARDS_MAX = 1_000


@dataclass(frozen=True)
class Ordering:
    """What a list is sorted by; the text to sort by ends in the task's id."""

    name: str
    sort: Callable[[Card], str]


CREATED = Ordering("created_at", lambda task: task.id)
DUE = Ordering("due_date", tasks.due_sort)
UPDATED = Ordering("updated_at", tasks.updated_sort)
PRIORITY = Ordering("priority", tasks.priority_sort)


class Placed(NamedTuple):
    """A task, and the position at which it was found. It may have been changed since then, and
    stand elsewhere by now."""

    position: str
    task: Task


class Source(Protocol):
    """Tasks in an order."""

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[Placed]:
        """The tasks behind the position `after`, or before it when going backwards; the `first` so
        many are read at once."""


@dataclass(frozen=True)
class Stretch:
    """Part of one partition, of an index or of the table: what lies between two positions, in the
    order of its range key behind `prefix`."""

    hash_key: str
    index: str | None
    prefix: str = ""
    low: str = FIRST
    high: str = LAST

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[Placed]:
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
            first=first + (after is not None),  # which is found too, and passed by
            most=CARDS_MAX,
            newest_first=backwards,
        )
        for task in found:
            position = getattr(task, attribute.attr_name).removeprefix(self.prefix)
            if position != after:
                yield Placed(position, task)


@dataclass(frozen=True)
class Edges:
    """The tasks that have something in common, in the order of their creation."""

    project_id: str
    name: str

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[Placed]:
        # The edge at `after` is read too and passed by; without it, so many would take two reads.
        ids = edges.task_ids(
            self.project_id, self.name, after=after, newest_first=backwards, first=first + 1
        )
        return _in_chunks(ids, first)


@dataclass(frozen=True)
class Chosen:
    """Tasks of which cards are at hand."""

    cards: Iterable[Card]
    ordering: Ordering

    def walk(self, after: str | None, *, backwards: bool, first: int) -> Iterator[Placed]:
        positions = sorted(map(self.ordering.sort, self.cards), reverse=backwards)
        ahead = (each for each in positions if after is None or _is_past(each, after, backwards))
        return _in_chunks(ahead, first)


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


def by_assignee(project_id: str, user_id: str, low: str, high: str) -> Stretch:
    """What somebody is assigned to, by due time."""
    return Stretch(tasks.assignee_key(project_id, user_id), "by_assignee", low=low, high=high)


def by_update(project_id: str, low: str) -> Stretch:
    return Stretch(project_id, "by_updated", low=low)


def by_deletion(project_id: str, low: str) -> Stretch:
    """What was moved to the trash, by when; bare tasks, to know which."""
    return Stretch(tasks.gone_key(project_id), "by_updated", low=low)


def deleted(project_id: str, low: str) -> Iterator[str]:
    """The ids of these."""
    found = by_deletion(project_id, low).walk(None, backwards=False, first=CARDS_MAX)
    return (_id_at(placed.position) for placed in found)


def _in_chunks(positions: Iterable[str], first: int) -> Iterator[Placed]:
    """The tasks at these positions that exist; the `first` so many are read at once."""
    remaining, size = iter(positions), first
    while chunk := {_id_at(each): each for each in islice(remaining, size)}:
        yield from (Placed(chunk[task.id], task) for task in tasks.by_ids(chunk))
        size = min(GROWTH * size, BATCH_GET_MAX)


def _id_at(position: str) -> str:
    return position.rpartition("#")[2]


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
