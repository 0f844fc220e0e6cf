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

from chalicelib.domain import catalogue, reach, words
from chalicelib.domain.access import Access
from chalicelib.domain.task_filters import NONE, Filters
from chalicelib.store import task_lists
from chalicelib.store.projects import Project
from chalicelib.store.side_by_side import side_by_side
from chalicelib.store.table import Page
from chalicelib.store.task_lists import (
    CREATED,
    DUE,
    PRIORITY,
    UPDATED,
    Chosen,
    Ordering,
    Placed,
    Source,
)
from chalicelib.store.tasks import Card, Task

TIMES = {"due_after", "due_before", "overdue"}
# Of each of many projects so many at least are read at once; of all, a page and one behind it.
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
    sources = _sources(access, projects, query, ordering)
    share = min(limit, max(LEAST, limit // max(len(sources), 1))) + 1
    walks = [source.walk(after, backwards=query.backwards, first=share) for source in sources]
    ahead = merge(*side_by_side(_begun, walks), key=_position, reverse=query.backwards)
    matches = (placed for placed in ahead if query.matches(placed.task))
    found = list(islice(matches, limit + 1))
    items = [Listed(task, projects[task.project_id]) for _, task in found[:limit]]
    more = len(found) > limit
    return Page(items, {"after": found[limit - 1].position} if more else None)


def _begun(walk: Iterator[Placed]) -> Iterator[Placed]:
    """The walk, with its first step taken."""
    return chain(list(islice(walk, 1)), walk)


def _position(placed: Placed) -> str:
    return placed.position


def _sources(
    access: Access, projects: dict[str, Project], query: Query, ordering: Ordering
) -> Sequence[Source]:
    """Where to read the tasks in order, past as few that do not match as can be."""
    find = PARTITIONS[ordering]
    partitions = [find(each, query.filters) for each in projects]
    if query.text or not all(partitions):
        return [_chosen(access, projects, query, ordering)]
    return list(chain.from_iterable(partitions))


def _chosen(
    access: Access, projects: dict[str, Project], query: Query, ordering: Ordering
) -> Chosen:
    """What matches by the catalogues."""
    cards: Iterator[Card] = catalogue.lines(projects.values(), access.now)
    if query.text:
        found = side_by_side(partial(words.candidates, text=query.text), projects)
        having = frozenset().union(*found)
        cards = (card for card in cards if card.id in having)
    return Chosen(filter(query.filters.matches, cards), ordering)


def _by_creation(project_id: str, filters: Filters) -> Sequence[Source]:
    """Where what matches stands among itself in that order, or nearly so; nowhere, if the two do
    not go together."""
    match filters.asked:
        case []:
            return [task_lists.by_creation(project_id)]
        case ["status"]:
            return [task_lists.by_status(project_id, str(filters.status))]
        case ["priority"]:
            return [task_lists.of_priority(project_id, str(filters.priority))]
        case [_] if filters.edges:
            return [task_lists.Edges(project_id, filters.edges[0])]
    return []


def _by_due(project_id: str, filters: Filters) -> Sequence[Source]:
    low, high = filters.due_positions
    match [name for name in filters.asked if name not in TIMES]:
        case [] if filters.overdue is not False:
            kinds = (True,) if filters.overdue else (True, False)
            return [task_lists.by_due(project_id, low, high, is_open=kind) for kind in kinds]
        case ["assigned_to"] if filters.overdue is None and filters.assigned_to != NONE:
            return [task_lists.by_assignee(project_id, str(filters.assigned_to), low, high)]
    return []


def _by_update(project_id: str, filters: Filters) -> Sequence[Source]:
    if not set(filters.asked) <= {"updated_since"}:
        return []
    return [task_lists.by_update(project_id, filters.since)]


def _by_priority(project_id: str, filters: Filters) -> Sequence[Source]:
    if not set(filters.asked) <= {"priority"}:
        return []
    return [task_lists.by_priority(project_id, filters.priority)]


PARTITIONS = {CREATED: _by_creation, DUE: _by_due, UPDATED: _by_update, PRIORITY: _by_priority}
