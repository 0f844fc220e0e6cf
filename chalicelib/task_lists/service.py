"""Lists of tasks: filtered, sorted, of one project or of many.

A page costs the same in a project of ten tasks and of ten thousand. A list that a partition holds
in the requested order is read from that partition. All other lists are filtered and sorted from
the projects' list snapshots, and then the tasks of the page are read. The filters by start also
read the filter entries of all tasks that start in that time, so their cost grows with these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import chain, islice
from operator import attrgetter
from typing import Any, NamedTuple

from chalicelib.access.accessible_projects import get_accessible_projects
from chalicelib.access.service import Access
from chalicelib.dynamodb.concurrency import run_concurrently
from chalicelib.dynamodb.pages import Page
from chalicelib.projects.models import Project
from chalicelib.task_lists import models, search, snapshots
from chalicelib.task_lists.filters import Filters
from chalicelib.task_lists.partitions import find_partitions
from chalicelib.task_lists.sources import (
    CREATED,
    DUE,
    PRIORITY,
    UPDATED,
    PositionedTask,
    SnapshotSource,
    TaskSource,
)
from chalicelib.tasks.models import Card, Task

# With many projects, the first request to each source reads at least this many tasks. All sources
# together read at least a page and one more task.
MIN_SHARE = 3
ORDERINGS = {ordering.name: ordering for ordering in (CREATED, DUE, UPDATED, PRIORITY)}


@dataclass(frozen=True)
class ListQuery:
    """A request for a list.

    `project_ids` None stands for all of the caller's projects, `text` is the search text, and
    `ordering` is a key of `ORDERINGS`.
    """

    project_ids: list[str] | None
    filters: Filters
    ordering: str
    descending: bool
    text: str | None = None


class ListedTask(NamedTuple):
    """A task with its project, as the API shows both."""

    task: Task
    project: Project


def list_tasks(
    access: Access, query: ListQuery, *, limit: int, start: dict[str, Any] | None
) -> Page[ListedTask]:
    """Return a page of the matching tasks. It begins behind the position in `start`.

    Raises `NotFound` for a project that the caller is not a member of, `BadRequest` for a search
    text that matches too many tasks.
    """
    projects = get_accessible_projects(access, query.project_ids)
    sources = _choose_sources(access, projects, query)
    after = (start or {}).get("after")

    # Each source is sorted, so merging them reads little more than the page.
    share = min(limit, max(MIN_SHARE, limit // max(len(sources), 1))) + 1
    reads = [source.read(after, descending=query.descending, page_size=share) for source in sources]
    started = run_concurrently(_read_first_task, reads)
    merged = merge(*started, key=attrgetter("position"), reverse=query.descending)

    # A partition may contain tasks that do not match, and a task may have changed since its
    # snapshot entry, filter entry or search term was written.
    matches = (
        placed
        for placed in merged
        if query.filters.matches(placed.task)
        and query.filters.matches_start(placed.task)
        and (not query.text or search.matches_text(placed.task, query.text))
    )
    found = list(islice(matches, limit + 1))
    listed = [ListedTask(task, projects[task.project_id]) for _, task in found[:limit]]
    has_more = len(found) > limit
    return Page(listed, {"after": found[limit - 1].position} if has_more else None)


def _read_first_task(tasks: Iterator[PositionedTask]) -> Iterator[PositionedTask]:
    """Send the first request of a source, and return an iterator of all its tasks."""
    return chain(list(islice(tasks, 1)), tasks)


def _choose_sources(
    access: Access, projects: dict[str, Project], query: ListQuery
) -> Sequence[TaskSource]:
    """Return the sources to merge: partitions if all projects have one, else list snapshots."""
    ordering = ORDERINGS[query.ordering]
    partitions = [find_partitions(project_id, query.filters, ordering) for project_id in projects]
    if not query.text and all(partitions):
        return list(chain.from_iterable(partitions))

    cards: Iterator[Card] = snapshots.list_entries(projects.values(), access.now)
    if query.text or query.filters.start_range:
        found = run_concurrently(partial(_find_candidates, query=query), projects)
        candidate_ids = frozenset().union(*found)
        cards = (card for card in cards if card.id in candidate_ids)
    return [SnapshotSource(filter(query.filters.matches, cards), ordering)]


def _find_candidates(project_id: str, query: ListQuery) -> set[str]:
    """Return the ids of tasks that may match the search text and the filters by start.

    The query has at least one of the two. Raises `BadRequest` for a search text that matches too
    many tasks.
    """
    candidates = []
    if query.text:
        candidates.append(search.find_candidates(project_id, query.text))
    if query.filters.start_range:
        candidates.append(models.find_task_ids_by_start(project_id, *query.filters.start_range))
    return set.intersection(*candidates)
