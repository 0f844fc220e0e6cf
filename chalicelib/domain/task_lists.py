"""Lists of tasks: filtered, ordered, of one project or of many.

A page costs the same in a project of ten tasks and of ten thousand: each filter that is rare and
each order has a partition of its own to read from. Where filter and order do not go together, what
the filter finds is sorted here, if it is few; if it is many, the list is walked in its order, past
what does not match.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from itertools import chain, islice
from typing import Any, NamedTuple

from chalicelib.domain import reach, words
from chalicelib.domain.access import Access
from chalicelib.domain.task_filters import Filters
from chalicelib.store import task_lists
from chalicelib.store.projects import Project
from chalicelib.store.table import Page
from chalicelib.store.task_lists import (
    CREATED,
    DUE,
    FIRST,
    PRIORITY,
    UPDATED,
    Few,
    Ordering,
    Source,
)
from chalicelib.store.tasks import Task
from chalicelib.store.times import stamp

# So many are sorted here rather than walked past.
FEW = 300
# Of each of many projects, so many at least are read at once.
LEAST = 3
ORDERINGS = {ordering.name: ordering for ordering in (CREATED, DUE, UPDATED, PRIORITY)}


@dataclass(frozen=True)
class Query:
    """What is asked for: `project_ids` None stands for all of the caller's; `text` for words."""

    project_ids: list[str] | None
    filters: Filters
    ordering: str
    backwards: bool
    text: str | None = None


class Listed(NamedTuple):
    task: Task
    project: Project


def page(access: Access, query: Query, *, limit: int, start: dict[str, Any] | None) -> Page[Listed]:
    """A page of the tasks that match; it begins behind the position in `start`.

    Raises `NotFound` for a project that the caller does not belong to, `BadRequest` for text that
    finds too much.
    """
    projects = reach.projects(access, query.project_ids)
    ordering, after = ORDERINGS[query.ordering], (start or {}).get("after")
    sources = [
        source for project_id in projects for source in _sources(project_id, query, ordering)
    ]
    share = _share(limit, len(sources))
    walks = [source.walk(after, backwards=query.backwards, first=share) for source in sources]
    found = merge(*walks, key=ordering.sort, reverse=query.backwards)
    return _cut(filter(query.filters.matches, found), projects, ordering, limit)


def _share(limit: int, sources: int) -> int:
    """How many tasks to read first from each source: a page in all, the one behind it, and the one
    that `after` names."""
    return max(LEAST, limit // max(sources, 1)) + 2


def _cut(
    found: Iterator[Task], projects: Mapping[str, Project], ordering: Ordering, limit: int
) -> Page[Listed]:
    """The next page of `found`; one task more is looked at, so that no page is empty."""
    ahead = list(islice(found, limit + 1))
    items = [Listed(task, projects[task.project_id]) for task in ahead[:limit]]
    more = len(ahead) > limit
    return Page(items, {"after": ordering.sort(items[-1].task)} if more else None)


def _sources(project_id: str, query: Query, ordering: Ordering) -> list[Source]:
    """Where to read a project's tasks in order, past as few that do not match as can be."""
    if query.text:
        return [Few(list(words.find(project_id, query.text)), ordering)]
    for narrow in _narrow(project_id, query.filters, ordering):
        if narrow.ordering is ordering:
            return narrow.sources
        found = list(islice(narrow.tasks(), FEW + 1))
        if len(found) <= FEW:
            return [Few(found, ordering)]
    return _all(project_id, query.filters, ordering)


class Narrow(NamedTuple):
    """Sources of little else than matches, and the order they have."""

    sources: list[Source]
    ordering: Ordering

    def tasks(self) -> Iterator[Task]:
        walks = (each.walk(None, backwards=False, first=FEW + 1) for each in self.sources)
        return chain.from_iterable(walks)


def _narrow(project_id: str, filters: Filters, ordering: Ordering) -> Iterator[Narrow]:
    """What the filters leave to read, the rarest first."""
    for name in filters.edges:
        if ordering is DUE and name.startswith("assignee:"):
            yield Narrow([_of_assignee(project_id, filters)], DUE)
        else:
            yield Narrow([task_lists.Edges(project_id, name)], CREATED)
    if filters.asks_for_a_time:
        yield Narrow(_by_due(project_id, filters), DUE)
    if filters.updated_since:
        yield Narrow([task_lists.by_update(project_id, stamp(filters.updated_since))], UPDATED)
    if filters.status:
        yield Narrow([task_lists.by_status(project_id, filters.status)], CREATED)
    if filters.priority and ordering is not PRIORITY:
        yield Narrow([task_lists.of_priority(project_id, filters.priority)], CREATED)


def _all(project_id: str, filters: Filters, ordering: Ordering) -> list[Source]:
    if ordering is DUE:
        return _by_due(project_id, filters)
    if ordering is UPDATED:
        return [task_lists.by_update(project_id, FIRST)]
    if ordering is PRIORITY:
        return [task_lists.by_priority(project_id, filters.priority)]
    return [task_lists.by_creation(project_id)]


def _by_due(project_id: str, filters: Filters) -> list[Source]:
    low, high = filters.due_positions
    kinds = [is_open for is_open in (True, False) if filters.may_be(is_open)]
    return [task_lists.by_due(project_id, low, high, is_open=is_open) for is_open in kinds]


def _of_assignee(project_id: str, filters: Filters) -> Source:
    low, high = filters.due_positions
    return task_lists.by_assignee(project_id, str(filters.assigned_to), low, high)
