"""Lists of tasks: filtered, sorted, of one project or of many.

A page costs the same in a project of ten tasks and of ten thousand. A list that a few partitions
hold in the requested order is read from these. All other lists are filtered and sorted from the
projects' list snapshots, and then the tasks of the page are read. The filters by start also read
the filter entries of all tasks that start in that time, so their cost grows with these, and the
filter by blockers those of all blocked tasks.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from heapq import merge
from itertools import groupby, islice
from math import ceil
from operator import itemgetter
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

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
    RANK,
    UPDATED,
    PositionedTask,
    PositionSource,
    TaskSource,
    read_first,
)
from chalicelib.tasks.models import Task

# With many projects, the first request to each source reads at least this many tasks. All sources
# together read at least a page and one more task.
MIN_SHARE = 3
# From so few sources a whole page is read at once: all its tasks may be from one of them.
FEW_SOURCES = 2
# The first query for blocked tasks reads this many filter entries.
BLOCKED_PAGE = 1_000
ORDERINGS = {ordering.name: ordering for ordering in (CREATED, DUE, UPDATED, PRIORITY, RANK)}


class ListQuery(Struct, frozen=True):
    """A request for a list.

    `project_ids` None stands for all of the caller's projects, `text` is the search text, and
    `ordering` is a key of `ORDERINGS`.
    """

    project_ids: list[str] | None
    filters: Filters
    ordering: str
    descending: bool
    text: str | None = None


# A task with its project, as the API shows both.
ListedTask = tuple[Task, Project]


def list_tasks(
    access: Access, query: ListQuery, *, limit: int, start: dict[str, Any] | None
) -> Page[ListedTask]:
    """Return a page of the matching tasks. It begins behind the position in `start`.

    Raises `NotFound` for a project that the caller is not a member of, `BadRequest` for a search
    text that matches too many tasks.
    """
    projects = get_accessible_projects(access, query.project_ids)
    if query.project_ids != [*projects]:
        query = replace(query, project_ids=[*projects])
    started = access.read(start_reads, query, limit=limit, start=start)
    if started is None:
        source = _read_snapshots(projects.values(), query, access.now)
        started = _start([source], query, limit=limit, start=start)
    distinct = _merge(started, query) if len(started) > 1 else started[0]

    # A partition may contain tasks that do not match, and a task may have changed since its
    # snapshot entry, filter entry or search term was written.
    matches = (placed for placed in distinct if query.filters.matches_whole(placed[1]))
    if query.text:
        matches = (each for each in matches if search.matches_text(each[1], str(query.text)))
    found = list(islice(matches, limit + 1))
    listed = [(task, projects[task.project_id]) for _, task in found[:limit]]
    has_more = len(found) > limit
    return Page(listed, {"after": found[limit - 1][0]} if has_more else None)


def _merge(
    sources: Iterable[Iterator[PositionedTask]], query: ListQuery
) -> Iterator[PositionedTask]:
    merged = merge(*sources, key=itemgetter(0), reverse=query.descending)
    # While a task moves to another partition of an index, it may be in both.
    for _, placed in groupby(merged, key=itemgetter(0)):
        yield next(placed)


def start_reads(
    query: ListQuery, *, limit: int, start: dict[str, Any] | None
) -> list[Iterator[PositionedTask]] | None:
    """Send the first request to each partition that holds the list; None if there are none.

    The query names its projects. Nothing but the partitions is read, and access is not checked.
    """
    ordering = ORDERINGS[query.ordering]
    if query.text or query.project_ids is None:
        return None
    partitions = find_partitions(query.project_ids, query.filters, ordering)
    return _start(partitions, query, limit=limit, start=start) if partitions else None


def _start(
    sources: Sequence[TaskSource], query: ListQuery, *, limit: int, start: dict[str, Any] | None
) -> list[Iterator[PositionedTask]]:
    """Send the first request to each source, and return the tasks of each."""
    # Each source is sorted, so merging them reads little more than the page. If the tasks of many
    # alternate, one more than an equal share of them suffices.
    share = limit if len(sources) <= FEW_SOURCES else ceil((limit + 1) / len(sources))
    page_size, after = min(limit, max(MIN_SHARE, share)) + 1, (start or {}).get("after")
    reads = [each.read(after, descending=query.descending, page_size=page_size) for each in sources]
    return run_concurrently(read_first, reads)


def _read_snapshots(
    projects: Collection[Project], query: ListQuery, now: datetime
) -> PositionSource:
    """Return the matching tasks of the list snapshots."""
    loaded = list(snapshots.load_entries(projects, now))
    project_ids = [project.id for project in projects]
    blocked_ids: frozenset[str] = frozenset()
    if query.filters.blocked is False:
        blocked_ids = blocked_ids.union(*run_concurrently(_find_blocked, project_ids))
    candidate_ids: dict[str, set[str]] = {}
    if query.text or query.filters.start_range or query.filters.blocked:
        found = run_concurrently(partial(_find_candidates, query=query), project_ids)
        candidate_ids = dict(zip(project_ids, found, strict=True))

    def list_positions(after: str | None, descending: bool) -> Iterator[str]:
        positions = (
            each.list_positions(
                query.filters,
                ORDERINGS[query.ordering],
                after,
                descending=descending,
                ids=candidate_ids.get(each.project_id),
                except_ids=blocked_ids,
            )
            for each in loaded
        )
        return merge(*positions, reverse=descending)

    return PositionSource(list_positions)


def _find_candidates(project_id: str, query: ListQuery) -> set[str]:
    """Return the ids of tasks that may match the search text and the filters by start and blockers.

    The query has at least one of these. Raises `BadRequest` for a search text that matches too many
    tasks.
    """
    candidates = []
    if query.text:
        candidates.append(search.find_candidates(project_id, query.text))
    if query.filters.start_range:
        candidates.append(models.find_task_ids_by_start(project_id, *query.filters.start_range))
    if query.filters.blocked:
        candidates.append(_find_blocked(project_id))
    return set.intersection(*candidates)


def _find_blocked(project_id: str) -> set[str]:
    return set(models.list_task_ids(project_id, models.BLOCKED, first=BLOCKED_PAGE))
