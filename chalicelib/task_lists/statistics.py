"""Statistics of projects: counts from the counter items, and open tasks by their due times.

No counter can know which tasks are overdue by now. Those are counted from the list snapshots.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.access.accessible_projects import get_accessible_projects
from chalicelib.access.service import Access
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.projects.counter_models import get_counts_of_projects
from chalicelib.projects.models import TASK_STATUSES
from chalicelib.task_lists import snapshots
from chalicelib.tasks.models import NOBODY, PRIORITY_RANKS

DAYS = 30
SOON = timedelta(days=7)


@dataclass(frozen=True)
class Statistics:
    """Counts of tasks.

    `statuses`, `priorities` and `assignees` (user ids; None for unassigned tasks) count all tasks,
    `completed` counts those done on each of the last 30 days in UTC, `overdue` and `due_soon`
    (within seven days) count open tasks.
    """

    statuses: dict[str, int]
    priorities: dict[str, int]
    assignees: dict[str | None, int]
    completed: dict[date, int]
    overdue: int
    due_soon: int


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

    today = access.now.date()
    days = [today - timedelta(days=ago) for ago in range(DAYS)]
    now, soon = format_timestamp(access.now), format_timestamp(access.now + SOON)
    entries = snapshots.list_entries(projects.values(), access.now)
    due_times = [entry.due_at for entry in entries if entry.is_open and entry.due_at]
    return Statistics(
        statuses={status: counts[f"status:{status}"] for status in TASK_STATUSES},
        priorities={priority: counts[f"priority:{priority}"] for priority in PRIORITY_RANKS},
        assignees=assignees,
        completed={day: counts[f"done:{day}"] for day in days},
        overdue=sum(due_at < now for due_at in due_times),
        due_soon=sum(now <= due_at < soon for due_at in due_times),
    )
