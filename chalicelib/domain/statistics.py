"""Statistics: what the counters say, and how many open tasks the clock has caught up with."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.domain import reach
from chalicelib.domain.access import Access
from chalicelib.store import counters, task_lists
from chalicelib.store.projects import STATUSES
from chalicelib.store.side_by_side import side_by_side
from chalicelib.store.task_lists import FIRST
from chalicelib.store.tasks import NOBODY, RANKS
from chalicelib.store.times import stamp

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


def collect(access: Access, project_ids: Iterable[str] | None) -> Statistics:
    """The statistics of the named projects together, or of all of the caller's.

    Raises `NotFound` for a project that the caller does not belong to.
    """
    ours = reach.projects(access, project_ids)
    counts = sum(counters.of_projects(ours), Counter[str]())
    now = access.now
    spans = ((FIRST, stamp(now)), (stamp(now), stamp(now + SOON)))
    stretches = [(each, *span) for span in spans for each in ours]
    due = side_by_side(lambda stretch: task_lists.count_due(*stretch), stretches)
    return Statistics(
        {status: counts[f"status:{status}"] for status in STATUSES},
        {priority: counts[f"priority:{priority}"] for priority in RANKS},
        _assignees(counts),
        {day: counts[f"done:{day}"] for day in _days(now)},
        overdue=sum(due[: len(ours)]),
        due_soon=sum(due[len(ours) :]),
    )


def _assignees(counts: Counter[str]) -> dict[str | None, int]:
    kind = "assignee:"
    named = {name.removeprefix(kind): n for name, n in counts.items() if name.startswith(kind)}
    return {None if who == NOBODY else who: count for who, count in named.items() if count}


def _days(now: datetime) -> list[date]:
    return [now.date() - timedelta(days=ago) for ago in range(DAYS)]
