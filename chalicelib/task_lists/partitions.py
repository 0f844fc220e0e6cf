"""The partitions that common lists are read from.

Each order has a partition in the table or in an index, and so has each filter (decision 0024). A
list whose filters and order match one or two partitions is read from there, already sorted.
"""

from chalicelib.task_lists.filters import NO_VALUE, Filters
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
    range_by_update,
)
from chalicelib.tasks.models import NO_DUE_DATE, PRIORITY_RANKS, assignee_partition, due_partition

DUE_FILTERS = {"due_after", "due_before", "without_due_date", "overdue"}


def find_partitions(
    project_id: str, filters: Filters, ordering: Ordering
) -> list[KeyRange] | list[FilterEntrySource]:
    """Return the partitions that contain the project's matching tasks in the order, and few others.

    Returns an empty list if no partition has this combination of filters and order.
    """
    if ordering is CREATED:
        return _by_creation(project_id, filters)
    if ordering is DUE:
        return _by_due(project_id, filters)
    if ordering is UPDATED and set(filters.names) <= {"updated_since"}:
        return [range_by_update(project_id, filters.updated_since or FIRST_POSITION)]
    if ordering is PRIORITY and set(filters.names) <= {"priority"}:
        rank = f"{PRIORITY_RANKS[filters.priority]}#" if filters.priority else ""
        low, high = rank + FIRST_POSITION, rank + LAST_POSITION
        return [KeyRange(project_id, "by_priority", low=low, high=high)]
    return []


def _by_creation(project_id: str, filters: Filters) -> list[KeyRange] | list[FilterEntrySource]:
    match filters.names:
        case []:
            # A query of the table finds a new task at once. An index finds it a moment later.
            return [KeyRange(f"PROJECT#{project_id}", None, prefix="TASK#")]
        case ["status"]:
            return [KeyRange(f"{project_id}#{filters.status}", "by_status")]
        case ["priority"]:
            # Within one priority, the index is in the order of creation.
            rank = PRIORITY_RANKS[str(filters.priority)]
            return [KeyRange(project_id, "by_priority", prefix=f"{rank}#")]
        case ["without_due_date"]:
            # Without due dates, the indexes by due time are in the order of creation.
            partitions = [due_partition(project_id, is_open=is_open) for is_open in (True, False)]
            return [KeyRange(each, "by_due", prefix=f"{NO_DUE_DATE}#") for each in partitions]
        case ["assigned_to", "without_due_date"] if filters.assigned_to != NO_VALUE:
            partition = assignee_partition(project_id, str(filters.assigned_to))
            return [KeyRange(partition, "by_assignee", prefix=f"{NO_DUE_DATE}#")]
        case [_] if filters.entry_names:
            return [FilterEntrySource(project_id, filters.entry_names[0])]
    return []


def _by_due(project_id: str, filters: Filters) -> list[KeyRange]:
    low, high = filters.due_range
    match [name for name in filters.names if name not in DUE_FILTERS]:
        case [] if filters.overdue is not False:
            # Only open tasks can be overdue.
            open_states = [True] if filters.overdue else [True, False]
            partitions = [due_partition(project_id, is_open=is_open) for is_open in open_states]
            return [KeyRange(partition, "by_due", low=low, high=high) for partition in partitions]
        case ["assigned_to"] if filters.overdue is None and filters.assigned_to != NO_VALUE:
            partition = assignee_partition(project_id, str(filters.assigned_to))
            return [KeyRange(partition, "by_assignee", low=low, high=high)]
    return []
