"""Statistics of projects: counts from the counter items, and open tasks by their due times.

No counter can know which tasks are overdue by now, and the counters of completed tasks have days in
UTC. The list snapshots tell the due times, and the times of completion for days in other zones.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.access.accessible_projects import get_accessible_projects
from chalicelib.access.service import Access
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.projects.counter_models import get_counts_of_projects
from chalicelib.projects.models import TASK_STATUSES
from chalicelib.task_lists import snapshots
from chalicelib.tasks.cards import SnapshotEntry
from chalicelib.tasks.due_dates import local_date, parse_start
from chalicelib.tasks.models import NOBODY, PRIORITY_RANKS, get_tasks

DAYS = 30
SOON = timedelta(days=7)


@dataclass(frozen=True)
class Statistics:
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


class CompletedDays:
    """Counts the tasks completed on each of the last days in a time zone."""

    def __init__(self, now: datetime, zone: str) -> None:
        today = local_date(now, zone)
        self._days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
        # Days have different lengths when the clocks change.
        self._starts = [format_timestamp(parse_start(str(day), zone)) for day in self._days]
        midnights = [f"{day}T00:00:00.000Z" for day in self._days]
        self.are_in_utc = today == now.date() and self._starts == midnights
        self._counts = Counter[date]()
        self._older_entry_ids: list[str] = []

    def add(self, entry: SnapshotEntry) -> None:
        """Count a done task if it was completed on one of the days."""
        if entry.completed_at is not None:
            self._add_time(entry.completed_at)
        elif entry.updated_at >= self._starts[0]:  # it was not completed after its last change
            self._older_entry_ids.append(entry.id)

    def count(self) -> dict[date, int]:
        """Return the number of tasks of each day, the last day first.

        Reads the tasks whose entries do not say when they were completed.
        """
        for task in get_tasks(self._older_entry_ids):
            if task.completed_at is not None:
                self._add_time(task.completed_at)
        self._older_entry_ids.clear()
        return {day: self._counts[day] for day in self}

    def __iter__(self) -> Iterator[date]:
        """Yield the days, the last one first."""
        return reversed(self._days)

    def _add_time(self, completed_at: str) -> None:
        index = bisect_right(self._starts, completed_at) - 1
        if index >= 0:
            self._counts[self._days[index]] += 1


def compute_statistics(access: Access, project_ids: Iterable[str] | None) -> Statistics:
    """Return the statistics of the named projects together; None stands for all of the caller's.

    Raises `NotFound` for a project that the caller is not a member of.
    """
    projects = get_accessible_projects(access, project_ids)
    counts = sum(get_counts_of_projects(projects), Counter[str]())

    assignees: dict[str | None, int] = {}
    for name, count in counts.items():
        kind, _, user_id = name.partition(":")
        if kind == "assignee" and count:
            assignees[None if user_id == NOBODY else user_id] = count

    now, soon = format_timestamp(access.now), format_timestamp(access.now + SOON)
    days = CompletedDays(access.now, access.user.time_zone)
    due_times = []
    for entry in snapshots.list_current_entries(projects.values(), access.now):
        if entry.is_open and entry.due_at:
            due_times.append(entry.due_at)
        elif not entry.is_open and not days.are_in_utc:
            days.add(entry)
    completed = {day: counts[f"done:{day}"] for day in days} if days.are_in_utc else days.count()
    return Statistics(
        statuses={status: counts[f"status:{status}"] for status in TASK_STATUSES},
        priorities={priority: counts[f"priority:{priority}"] for priority in PRIORITY_RANKS},
        assignees=assignees,
        completed=completed,
        overdue=sum(due_at < now for due_at in due_times),
        due_soon=sum(now <= due_at < soon for due_at in due_times),
    )
