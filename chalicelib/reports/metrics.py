"""The figures of a report: folded from a project's tasks, one at a time, so that any number of them
takes the same room.

Everything is told by a task's own row: when it was made, when it was completed, for whom it is. A
task that was reopened and completed again counts for the last time; a deleted one not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.tasks.models import Task

Metrics = dict[str, Any]
MAX_LATE_TASKS = 10
NOBODY = ""


@dataclass(frozen=True)
class ReportPeriod:
    """Whole days of a time zone, from the first to the last, and the moment it is looked at."""

    first: date
    last: date
    zone: ZoneInfo
    now: datetime

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def end(self) -> str:
        """The moment that things are judged at: the end of the last day, or now during it."""
        after = datetime.combine(self.last + timedelta(days=1), time.min, self.zone)
        return format_timestamp(min(after.astimezone(UTC), self.now))

    def day_of(self, at: str | None) -> int | None:
        """Which day of the period `at` is on, below zero before it; None for never or after it."""
        if at is None or at > self.end:
            return None
        day = parse_timestamp(at).astimezone(self.zone).date()
        return (day - self.first).days if day <= self.last else None


def new_metrics(period: ReportPeriod) -> Metrics:
    """Where to begin."""
    nothing = [0] * len(period.days)
    return {"before": 0, "opened": nothing, "done": [*nothing], "people": {}, "late": []}


def add_task(figures: Metrics, task: Task, period: ReportPeriod) -> None:
    """Count one task."""
    opened, done = period.day_of(task.created_at), period.day_of(task.completed_at)
    if opened is None or (done is not None and done < 0):
        return
    if opened < 0:
        figures["before"] += 1
    else:
        figures["opened"][opened] += 1
    theirs = figures["people"].setdefault(task.assigned_to or NOBODY, [0, 0, 0])
    if done is not None:
        figures["done"][done] += 1
        theirs[0] += 1
    else:
        _add_open(figures, task, theirs, period)


def _add_open(figures: Metrics, task: Task, theirs: list[int], period: ReportPeriod) -> None:
    theirs[1] += 1
    if task.due_at is not None and task.due_at <= period.end:
        theirs[2] += 1
        late = [task.due_at, task.due_date, task.id, task.title, task.assigned_to]
        figures["late"] = sorted([*figures["late"], late])[:MAX_LATE_TASKS]


def summarize(figures: Metrics, names: Mapping[str, str]) -> Metrics:
    """What a report says: totals, days, people by `names`, and what has been late for longest."""
    people = [
        {"user_id": user_id or None, "name": names.get(user_id), "done": done, "open": open_}
        | {"overdue": overdue}
        for user_id, (done, open_, overdue) in figures["people"].items()
    ]
    totals = {name: sum(person[name] for person in people) for name in ("done", "open", "overdue")}
    return {
        "totals": {"opened": sum(figures["opened"]), **totals},
        "people": sorted(
            people, key=lambda each: (-each["done"], -each["open"], str(each["name"]))
        ),
        "late": [
            {"task": task_id, "title": title, "due_date": due, "name": names.get(who or NOBODY)}
            for _, due, task_id, title, who in figures["late"]
        ],
    }


def list_days(figures: Metrics, period: ReportPeriod) -> list[Metrics]:
    """Opened, done and left open on each day: the burndown."""
    lines, left = [], figures["before"]
    for day, opened, done in zip(period.days, figures["opened"], figures["done"], strict=True):
        left += opened - done
        lines.append({"day": day.isoformat(), "opened": opened, "done": done, "open": left})
    return lines
