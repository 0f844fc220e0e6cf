"""Statistics: what the counters say, and how many open tasks the clock has caught up with."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

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
    """`assignees` counts tasks of nobody under None; days are days in UTC."""

    statuses: dict[str, int]
    priorities: dict[str, int]
    assignees: dict[str | None, int]
    completed: dict[date, int]
    overdue: int
    due_soon: int


def compute_statistics(access: Access, project_ids: Iterable[str] | None) -> Statistics:
    """The statistics of the named projects together, or of all of the caller's.

    Raises `NotFound` for a project that the caller does not belong to.
    """
    ours = get_accessible_projects(access, project_ids)
    counts = sum(get_counts_of_projects(ours), Counter[str]())
    now, soon = format_timestamp(access.now), format_timestamp(access.now + SOON)
    lines = snapshots.list_entries(ours.values(), access.now)
    due = [line.due_at for line in lines if line.is_open and line.due_at]
    return Statistics(
        {status: counts[f"status:{status}"] for status in TASK_STATUSES},
        {priority: counts[f"priority:{priority}"] for priority in PRIORITY_RANKS},
        _assignees(counts),
        {day: counts[f"done:{day}"] for day in _days(access.now)},
        overdue=sum(at < now for at in due),
        due_soon=sum(now <= at < soon for at in due),
    )


def _assignees(counts: Counter[str]) -> dict[str | None, int]:
    kind = "assignee:"
    named = {name.removeprefix(kind): n for name, n in counts.items() if name.startswith(kind)}
    return {None if who == NOBODY else who: count for who, count in named.items() if count}


def _days(now: datetime) -> list[date]:
    return [now.date() - timedelta(days=ago) for ago in range(DAYS)]
