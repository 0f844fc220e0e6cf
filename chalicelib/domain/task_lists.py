"""Lists of tasks: filtered, ordered, of one project or of many.

A page costs the same in a project of ten tasks and of ten thousand. Each order has a partition of
its own, and so has each filter, in an order of its own. Where one filter is asked for in its order,
its partition is read. Otherwise, if one of the filters finds few, those are sorted here. If all
find many, the list is walked in its order, past what does not match, but only so far: the page then
ends with what was found, and the next begins where the walk stopped. If nothing was found by then,
the walk goes on to the first match: a page is never empty unless it is the last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import chain, islice
from typing import Any, NamedTuple

from chalicelib.domain import reach, words
from chalicelib.domain.access import Access
from chalicelib.domain.task_filters import NONE, Filters
from chalicelib.store import task_lists
from chalicelib.store.projects import Project
from chalicelib.store.side_by_side import side_by_side
from chalicelib.store.table import Page
from chalicelib.store.task_lists import (
    CREATED,
    DUE,
    FIRST,
    PRIORITY,
    UPDATED,
    Ordering,
    Partition,
    Source,
    Stretch,
)
from chalicelib.store.tasks import RANKS, Task
from chalicelib.store.times import stamp

# So many, of all projects together, are sorted here.
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

    def matches(self, task: Task) -> bool:
        """Whether the list shows the task; one that was found by its words is a whole one."""
        return self.filters.matches(task) and (not self.text or words.has(task, self.text))


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
    few = max(LEAST, FEW // max(len(projects), 1))
    where = side_by_side(partial(_sources, query=query, ordering=ordering, few=few), projects)
    sources = list(chain.from_iterable(where))
    share = _share(limit, len(sources))
    walks = [source.walk(after, backwards=query.backwards, first=share) for source in sources]
    ahead = merge(*side_by_side(_begun, walks), key=ordering.sort, reverse=query.backwards)
    looks = min((source.looks for source in sources), default=0)
    found, last = _looked_through(ahead, query, limit, looks)
    items = [Listed(task, projects[task.project_id]) for task in found]
    return Page(items, {"after": ordering.sort(last)} if last else None)


def _share(limit: int, sources: int) -> int:
    """How many tasks to read first from each source: a page in all, the one behind it, and the one
    that `after` names."""
    return max(LEAST, limit // max(sources, 1)) + 2


def _begun(walk: Iterator[Task]) -> Iterator[Task]:
    """The walk, with its first step taken."""
    return chain(list(islice(walk, 1)), walk)


def _looked_through(
    ahead: Iterator[Task], query: Query, limit: int, looks: int
) -> tuple[list[Task], Task | None]:
    """The next matches among the first so many tasks, at least one if there is any, and the task
    behind which the next page begins, if there is one. A match more is looked for, so that the last
    page says it is."""
    found: list[Task] = []
    for looked, task in enumerate(ahead, start=1):
        if query.matches(task):
            found.append(task)
        if len(found) > limit:
            return found[:limit], found[limit - 1]
        if looked >= looks and found:
            return found, task
    return found, None


def _sources(project_id: str, query: Query, ordering: Ordering, few: int) -> list[Source]:
    """Where to read a project's tasks in order, past as few that do not match as can be."""
    if query.text:
        return [_of_text(project_id, query.text, ordering)]
    partitions = list(_partitions(project_id, query.filters, ordering))
    if len(partitions) == 1 and partitions[0].ordering is ordering:
        return list(partitions[0].parts)
    for each in partitions:
        found = each.few(few, ordering)
        if found is not None:
            return found
    return list(_all(project_id, query.filters, ordering))


def _of_text(project_id: str, text: str, ordering: Ordering) -> Source:
    ids = words.candidates(project_id, text)
    if ordering is not CREATED and len(ids) > FEW:
        raise words.too_many(f"more than {FEW} tasks have these words; give more, or no ordering")
    return task_lists.chosen(ids, ordering)


class Found(NamedTuple):
    """What a filter finds, in one or more parts, and the order that it has."""

    parts: Sequence[Partition]
    ordering: Ordering

    def few(self, most: int, ordering: Ordering) -> list[Source] | None:
        """The same in that order, if none of the parts is more than so many tasks."""
        few = [part.few(most, ordering) for part in self.parts]
        return None if None in few else [part for part in few if part is not None]


def _partitions(project_id: str, filters: Filters, ordering: Ordering) -> Iterator[Found]:
    """What each of the filters finds, the one that finds least first; a priority and another one
    that has edges are found together."""
    own = ordering if ordering is PRIORITY else CREATED
    ranked = filters.priority if ordering is own else None
    for name in filters.edges:
        if ordering is DUE and name.startswith("assignee:") and filters.assigned_to != NONE:
            yield Found([_of_assignee(project_id, filters)], DUE)
        else:
            yield Found([task_lists.Edges(project_id, name, own, ranked)], own)
    if filters.asks_for_a_time:
        yield Found(_by_due(project_id, filters), DUE)
    if filters.updated_since:
        yield Found([task_lists.by_update(project_id, stamp(filters.updated_since))], UPDATED)
    if filters.status:
        yield Found([task_lists.by_status(project_id, filters.status)], CREATED)
    if filters.priority and not (ranked and filters.edges):
        if ordering is PRIORITY:
            yield Found([task_lists.by_priority(project_id, filters.priority)], PRIORITY)
        else:
            yield Found([task_lists.of_priority(project_id, filters.priority)], CREATED)


def _all(project_id: str, filters: Filters, ordering: Ordering) -> Sequence[Source]:
    """All that can match, in order; cards, unless everything does."""
    if ordering is DUE:
        of_one = filters.assigned_to not in (None, NONE)
        return [_of_assignee(project_id, filters)] if of_one else _by_due(project_id, filters)
    if ordering is UPDATED:
        return [task_lists.by_update(project_id, _since(filters))]
    if ordering is PRIORITY:
        return [task_lists.by_priority(project_id, filters.priority)]
    if filters.status:
        return [task_lists.by_status(project_id, filters.status)]
    if filters.ask_for_anything:
        ranks = [filters.priority] if filters.priority else RANKS
        return [task_lists.of_priority(project_id, rank) for rank in ranks]
    return [task_lists.by_creation(project_id)]


def _since(filters: Filters) -> str:
    return stamp(filters.updated_since) if filters.updated_since else FIRST


def _by_due(project_id: str, filters: Filters) -> list[Stretch]:
    low, high = filters.due_positions
    kinds = [is_open for is_open in (True, False) if filters.may_be(is_open)]
    return [task_lists.by_due(project_id, low, high, is_open=is_open) for is_open in kinds]


def _of_assignee(project_id: str, filters: Filters) -> Stretch:
    low, high = filters.due_positions
    return task_lists.by_assignee(project_id, str(filters.assigned_to), low, high)
