"""Lists of tasks: filtered, ordered, of one project or of many.

A page costs the same in a project of ten tasks and of ten thousand. Each order has a partition of
its own, and so has each filter, in an order of its own. Where that is what is asked for, the
partition is read. All other lists are chosen and sorted from the projects' catalogues, and the
tasks of the page are read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import chain, islice
from typing import Any, NamedTuple

from chalicelib.access.accessible_projects import get_accessible_projects
from chalicelib.access.service import Access
from chalicelib.dynamodb.concurrency import run_concurrently
from chalicelib.dynamodb.pages import Page
from chalicelib.projects.models import Project
from chalicelib.task_lists import search, snapshots
from chalicelib.task_lists.filters import NO_VALUE, Filters
from chalicelib.task_lists.sources import (
    CREATED,
    DUE,
    PRIORITY,
    UPDATED,
    FilterEntrySource,
    Ordering,
    PositionedTask,
    SnapshotSource,
    TaskSource,
    range_by_assignee,
    range_by_creation,
    range_by_due,
    range_by_priority,
    range_by_status,
    range_by_update,
    range_of_priority,
)
from chalicelib.tasks.models import Card, Task

TIME_FILTERS = {"due_after", "due_before", "overdue"}
# Of each of many projects so many at least are read at once; of all, a page and one behind it.
MIN_SHARE = 3
ORDERINGS = {ordering.name: ordering for ordering in (CREATED, DUE, UPDATED, PRIORITY)}


@dataclass(frozen=True)
class ListQuery:
    """What is asked for: `project_ids` None stands for all of the caller's; `text` for words."""

    project_ids: list[str] | None
    filters: Filters
    ordering: str
    backwards: bool
    text: str | None = None

    def matches(self, task: Task) -> bool:
        """Whether the list shows the task; one that was found by its words is a whole one."""
        return self.filters.matches(task) and (
            not self.text or search.matches_text(task, self.text)
        )


class ListedTask(NamedTuple):
    task: Task
    project: Project


def list_tasks(
    access: Access, query: ListQuery, *, limit: int, start: dict[str, Any] | None
) -> Page[ListedTask]:
    """A page of the tasks that match; it begins behind the position in `start`.

    Raises `NotFound` for a project that the caller does not belong to, `BadRequest` for text that
    finds too much.
    """
    projects = get_accessible_projects(access, query.project_ids)
    ordering, after = ORDERINGS[query.ordering], (start or {}).get("after")
    sources = _sources(access, projects, query, ordering)
    share = min(limit, max(MIN_SHARE, limit // max(len(sources), 1))) + 1
    walks = [source.walk(after, backwards=query.backwards, first=share) for source in sources]
    ahead = merge(*run_concurrently(_start, walks), key=_position, reverse=query.backwards)
    matches = (placed for placed in ahead if query.matches(placed.task))
    found = list(islice(matches, limit + 1))
    items = [ListedTask(task, projects[task.project_id]) for _, task in found[:limit]]
    more = len(found) > limit
    return Page(items, {"after": found[limit - 1].position} if more else None)


def _start(walk: Iterator[PositionedTask]) -> Iterator[PositionedTask]:
    """The walk, with its first step taken."""
    return chain(list(islice(walk, 1)), walk)


def _position(placed: PositionedTask) -> str:
    return placed.position


def _sources(
    access: Access, projects: dict[str, Project], query: ListQuery, ordering: Ordering
) -> Sequence[TaskSource]:
    """Where to read the tasks in order, past as few that do not match as can be."""
    find = PARTITIONS[ordering]
    partitions = [find(each, query.filters) for each in projects]
    if query.text or not all(partitions):
        return [_snapshot_source(access, projects, query, ordering)]
    return list(chain.from_iterable(partitions))


def _snapshot_source(
    access: Access, projects: dict[str, Project], query: ListQuery, ordering: Ordering
) -> SnapshotSource:
    """What matches by the catalogues."""
    cards: Iterator[Card] = snapshots.list_entries(projects.values(), access.now)
    if query.text:
        found = run_concurrently(partial(search.find_candidates, text=query.text), projects)
        having = frozenset().union(*found)
        cards = (card for card in cards if card.id in having)
    return SnapshotSource(filter(query.filters.matches, cards), ordering)


def _by_creation(project_id: str, filters: Filters) -> Sequence[TaskSource]:
    """Where what matches stands among itself in that order, or nearly so; nowhere, if the two do
    not go together."""
    match filters.asked:
        case []:
            return [range_by_creation(project_id)]
        case ["status"]:
            return [range_by_status(project_id, str(filters.status))]
        case ["priority"]:
            return [range_of_priority(project_id, str(filters.priority))]
        case [_] if filters.edges:
            return [FilterEntrySource(project_id, filters.edges[0])]
    return []


def _by_due(project_id: str, filters: Filters) -> Sequence[TaskSource]:
    low, high = filters.due_positions
    match [name for name in filters.asked if name not in TIME_FILTERS]:
        case [] if filters.overdue is not False:
            kinds = (True,) if filters.overdue else (True, False)
            return [range_by_due(project_id, low, high, is_open=kind) for kind in kinds]
        case ["assigned_to"] if filters.overdue is None and filters.assigned_to != NO_VALUE:
            return [range_by_assignee(project_id, str(filters.assigned_to), low, high)]
    return []


def _by_update(project_id: str, filters: Filters) -> Sequence[TaskSource]:
    if not set(filters.asked) <= {"updated_since"}:
        return []
    return [range_by_update(project_id, filters.since)]


def _by_priority(project_id: str, filters: Filters) -> Sequence[TaskSource]:
    if not set(filters.asked) <= {"priority"}:
        return []
    return [range_by_priority(project_id, filters.priority)]


PARTITIONS = {CREATED: _by_creation, DUE: _by_due, UPDATED: _by_update, PRIORITY: _by_priority}
