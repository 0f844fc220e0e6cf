"""Statistics: what the counters say, and how many open tasks the clock has caught up with."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.domain import catalogue, reach
from chalicelib.domain.access import Access
from chalicelib.store import counters
from chalicelib.store.projects import STATUSES
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
    now, soon = stamp(access.now), stamp(access.now + SOON)
    lines = catalogue.lines(ours.values(), access.now)
    due = [line.due_at for line in lines if line.is_open and line.due_at]
    return Statistics(
        {status: counts[f"status:{status}"] for status in STATUSES},
        {priority: counts[f"priority:{priority}"] for priority in RANKS},
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
