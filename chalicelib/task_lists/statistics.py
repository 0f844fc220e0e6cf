"""Statistics of projects: counts from the counter items, and open tasks by their due times.

No counter can know which tasks are overdue by now, and the counters of completed tasks have days in
UTC. The times of the tasks tell both (`project_times`).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from chalicelib.access.accessible_projects import get_accessible_projects, prefetch_projects
from chalicelib.access.prefetch import Prefetch, Read
from chalicelib.access.service import Access, RequestContext
from chalicelib.dynamodb.concurrency import run_concurrently
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.projects.counter_models import (
    ProjectCounts,
    get_counts_of_projects,
    get_project_counts,
)
from chalicelib.projects.models import TASK_STATUSES, Project
from chalicelib.task_lists.project_times import TaskTimes, get_times, prefetch_times
from chalicelib.tasks.due_dates import local_date, parse_start
from chalicelib.tasks.models import NOBODY, PRIORITY_RANKS

ONE_DAY = timedelta(days=1)
DAYS = 30
SOON = timedelta(days=7)
# So many time zones of callers are in memory.
ZONES_MAX = 100


class Statistics(Struct, frozen=True):
    """Counts of tasks.

    `statuses`, `priorities` and `assignees` (user ids; None for unassigned tasks) count all tasks,
    `completed` counts those done on each of the last 30 days in the caller's time zone, today
    first; `overdue` and `due_soon` (within seven days) count open tasks.
    """

    statuses: dict[str, int]
    priorities: dict[str, int]
    assignees: dict[str | None, int]
    completed: dict[date, int]
    overdue: int
    due_soon: int


def compute_statistics(access: Access, project_ids: Sequence[str] | None) -> Statistics:
    """Return the statistics of the named projects together; None stands for all of the caller's.

    Raises `NotFound` for a project that the caller is not a member of.
    """
    projects = get_accessible_projects(access, project_ids)
    found = _read_counts(access, projects)
    counts = sum((each.counts for each in found.values()), Counter[str]())

    def read_times(project: Project) -> TaskTimes:
        return get_times(access, project, found[project.id].changes)

    times = run_concurrently(read_times, projects.values())
    assignees: dict[str | None, int] = {}
    for name, count in counts.items():
        kind, _, user_id = name.partition(":")
        if kind == "assignee" and count:
            assignees[None if user_id == NOBODY else user_id] = count
    now, soon = format_timestamp(access.now), format_timestamp(access.now + SOON)
    return Statistics(
        statuses={status: counts[f"status:{status}"] for status in TASK_STATUSES},
        priorities={priority: counts[f"priority:{priority}"] for priority in PRIORITY_RANKS},
        assignees=assignees,
        completed=_count_completed(counts, times, access),
        overdue=sum(each.count_due("", now) for each in times),
        due_soon=sum(each.count_due(now, soon) for each in times),
    )


def prefetch_statistics(context: RequestContext, project_ids: Sequence[str] | None) -> Prefetch:
    """Return what `compute_statistics` will read first."""
    projects = prefetch_projects(context, project_ids)
    if project_ids is None or len(project_ids) > 1:
        return projects
    (project_id,) = project_ids
    counts = Prefetch(reads=(Read(get_project_counts, (project_id,)),))
    return counts.plus(prefetch_times(project_id))


def _read_counts(access: Access, project_ids: Collection[str]) -> Mapping[str, ProjectCounts]:
    if len(project_ids) > 1:
        return get_counts_of_projects(project_ids)
    return {each: access.read(get_project_counts, each) for each in project_ids}


def _count_completed(
    counts: Counter[str], times: Iterable[TaskTimes], access: Access
) -> dict[date, int]:
    """Return the number of tasks completed on each of the last days, the last day first.

    The counter items have days in UTC. Days of other zones are counted from the times.
    """
    zone = access.user.time_zone
    today = local_date(access.now, zone)
    days = _list_days(today, zone)
    if today == access.now.date() and days == _list_days(today, None):
        return {each.day: counts[each.counter] for each in days}
    return {
        each.day: sum(found.count_completed(each.start, each.end) for found in times)
        for each in days
    }


class _Day(NamedTuple):
    """A day in a time zone, with the timestamps of its start and its end. `counter` is the name of
    the number of tasks that were completed on it in UTC."""

    day: date
    start: str
    end: str
    counter: str


@lru_cache(ZONES_MAX)
def _list_days(today: date, zone: str | None) -> list[_Day]:
    """Return the days of the statistics in `zone`, the last one first."""
    days = [today - timedelta(days=ago) for ago in range(DAYS)]
    # Days have different lengths when the clocks change.
    bounds = [format_timestamp(parse_start(str(day), zone)) for day in (today + ONE_DAY, *days)]
    return [
        _Day(day, start, end, f"done:{day}")
        for day, start, end in zip(days, bounds[1:], bounds, strict=False)
    ]
