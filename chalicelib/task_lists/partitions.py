"""The partitions that common lists are read from.

Each order has a partition in the table or in an index, and so has each value of a filter (decision
0024). A list whose filters and order match a few partitions is read from there, already sorted.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

from chalicelib.task_lists.filters import NO_VALUE, WITHOUT_DUE_DATE, Filters
from chalicelib.task_lists.models import BLOCKED
from chalicelib.task_lists.sources import (
    CREATED,
    DUE,
    FIRST_POSITION,
    LAST_POSITION,
    PRIORITY,
    UPDATED,
    FilterEntrySource,
    KeyRange,
    Ordering,
    TaskSource,
    range_by_update,
)
from chalicelib.tasks.cards import OPEN_STATUSES
from chalicelib.tasks.models import NO_DUE_DATE, PRIORITY_RANKS, assignee_partition, due_partition

# Lists that need more partitions come from list snapshots. A list with one value of each filter
# needs at most two for each project, and always gets these.
MAX_PARTITIONS = 64
ONLY_WITHOUT_DUE_DATE = frozenset({WITHOUT_DUE_DATE})


class DuePartition(NamedTuple):
    """A partition of an index with tasks by due time.

    `is_open` is False if none of its tasks, or none that the list asks for, is overdue.
    """

    hash_key: str
    index_name: str
    is_open: bool


def find_partitions(
    project_ids: Sequence[str], filters: Filters, ordering: Ordering
) -> Sequence[TaskSource]:
    """Return the partitions that contain the matching tasks in the order, and few others.

    Returns an empty list if no partitions have this combination of filters and order, or too many.
    """
    most = max(MAX_PARTITIONS, 2 * len(project_ids))
    entry_names = _find_entry_names(filters) if ordering is CREATED else []
    if entry_names:
        entries = list(product(project_ids, entry_names))
        return [FilterEntrySource(entries)] if len(entries) <= most else []
    ranges = [
        key_range
        for project_id in project_ids
        for key_range in _find_key_ranges(project_id, filters, ordering)
    ]
    return ranges if len(ranges) <= most else []


def _find_entry_names(filters: Filters) -> list[str]:
    """Return the names of the filter entries that exactly the matching tasks have.

    Returns an empty list if other filters are set, or none.
    """
    label, label_all = filters.label or frozenset(), filters.label_all or frozenset()
    match filters.names:
        case ["parent"] if filters.parent != NO_VALUE:
            return [f"parent:{filters.parent}"]
        case ["label"] if NO_VALUE not in label:
            return [f"label:{each}" for each in sorted(label)]
        case ["label_all"] if len(label_all) == 1:
            return [f"label:{each}" for each in label_all]
        case ["assigned_to"]:
            return [f"assignee:{each}" for each in sorted(filters.assigned_to or ())]
        case ["blocked"] if filters.blocked:
            return [BLOCKED]
        case ["created_by"]:
            return [f"creator:{each}" for each in sorted(filters.created_by or ())]
    return []


def _find_key_ranges(project_id: str, filters: Filters, ordering: Ordering) -> Iterator[KeyRange]:
    """Yield the key ranges that contain the project's matching tasks in the order."""
    if ordering is CREATED:
        yield from _by_creation(project_id, filters)
    elif ordering is DUE and filters.overdue is not False:
        yield from _by_due(project_id, filters)
    elif ordering is UPDATED and set(filters.names) <= {"updated_since"}:
        yield range_by_update(project_id, filters.updated_since or FIRST_POSITION)
    elif ordering is PRIORITY and set(filters.names) <= {"priority"}:
        for rank in _ranks(filters) or [""]:
            low, high = rank + FIRST_POSITION, rank + LAST_POSITION
            yield KeyRange(project_id, "by_priority", low=low, high=high)


def _by_creation(project_id: str, filters: Filters) -> Iterator[KeyRange]:
    match filters.names:
        case []:
            # A query of the table finds a new task at once. An index finds it a moment later.
            yield KeyRange(f"PROJECT#{project_id}", None, prefix="TASK#")
        case ["status"]:
            for status in sorted(filters.status or ()):
                yield KeyRange(f"{project_id}#{status}", "by_status")
        case ["priority"]:
            # Within one priority, the index is in the order of creation.
            for rank in _ranks(filters):
                yield KeyRange(project_id, "by_priority", prefix=rank)
        case [*_] if filters.due == ONLY_WITHOUT_DUE_DATE and filters.overdue is None:
            # Without due dates, the indexes by due time are in the order of creation.
            for partition in _find_due_partitions(project_id, filters):
                yield KeyRange(partition.hash_key, partition.index_name, prefix=f"{NO_DUE_DATE}#")


def _by_due(project_id: str, filters: Filters) -> Iterator[KeyRange]:
    for partition in _find_due_partitions(project_id, filters):
        for low, high in filters.due_ranges(is_open=partition.is_open):
            yield KeyRange(partition.hash_key, partition.index_name, low=low, high=high)


def _find_due_partitions(project_id: str, filters: Filters) -> list[DuePartition]:
    """Return the partitions by due time of exactly the tasks that match all filters but those by
    due date; none if there are no such partitions."""
    status, assignees = filters.status or frozenset(), filters.assigned_to or frozenset()
    match [name for name in filters.names if name not in {"due", "overdue"}]:
        case []:
            open_states = [True, False]
        case ["status"] if status == OPEN_STATUSES:
            open_states = [True]
        case ["status"] if status.isdisjoint(OPEN_STATUSES):
            open_states = [False]
        case ["assigned_to"] if NO_VALUE not in assignees and not filters.requires_open:
            partitions = (assignee_partition(project_id, each) for each in sorted(assignees))
            return [DuePartition(each, "by_assignee", is_open=False) for each in partitions]
        case _:
            return []
    return [
        DuePartition(due_partition(project_id, is_open=is_open), "by_due", is_open=is_open)
        for is_open in open_states
    ]


def _ranks(filters: Filters) -> list[str]:
    """Return the beginnings of the keys by priority of the priorities that are asked for."""
    return [f"{rank}#" for rank in sorted(PRIORITY_RANKS[each] for each in filters.priority or ())]
