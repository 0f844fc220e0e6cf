"""The metrics of a report, computed from a project's tasks one at a time.

The counts take the same memory for any number of tasks. They use only the task's own item: when it
was created, when it was completed, and to whom it is assigned. A task that was reopened and
completed again counts at its last completion; a deleted task does not count.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.tasks.models import Task

Metrics = dict[str, Any]
MAX_LATE_TASKS = 10
UNASSIGNED = ""


class ReportPeriod(Struct, frozen=True):
    """The days from `first` to `last` in a time zone, and the time the report was requested."""

    first: date
    last: date
    zone: ZoneInfo
    now: datetime

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def end(self) -> str:
        """The timestamp at which tasks are judged: the end of the last day, or `now` if earlier."""
        after_last_day = datetime.combine(self.last + timedelta(days=1), time.min, self.zone)
        return format_timestamp(min(after_last_day.astimezone(UTC), self.now))

    def day_of(self, at: str | None) -> int | None:
        """Return the index of the day that the timestamp `at` is on.

        It is negative before the period. Returns None for no timestamp or one after the period.
        """
        if at is None or at > self.end:
            return None
        day = parse_timestamp(at).astimezone(self.zone).date()
        return (day - self.first).days if day <= self.last else None


def new_counts(period: ReportPeriod) -> Metrics:
    """Return the counts of no tasks, as JSON types; `add_task` changes them.

    `before` is the number of tasks open before the period; `opened` and `done` have a number for
    each day; `people` maps an assignee to the numbers done, open and overdue; `late` holds the
    tasks that are overdue for longest.
    """
    days = len(period.days)
    return {"before": 0, "opened": [0] * days, "done": [0] * days, "people": {}, "late": []}


def add_task(counts: Metrics, task: Task, period: ReportPeriod) -> None:
    """Add one task to `counts`."""
    opened_day, done_day = period.day_of(task.created_at), period.day_of(task.completed_at)
    if opened_day is None or (done_day is not None and done_day < 0):
        return
    if opened_day < 0:
        counts["before"] += 1
    else:
        counts["opened"][opened_day] += 1

    assignee = counts["people"].setdefault(task.assigned_to or UNASSIGNED, [0, 0, 0])
    if done_day is not None:
        counts["done"][done_day] += 1
        assignee[0] += 1
        return
    assignee[1] += 1
    if task.due_at is not None and task.due_at <= period.end:
        assignee[2] += 1
        late = [task.due_at, task.due_date, task.id, task.title, task.assigned_to]
        counts["late"] = sorted([*counts["late"], late])[:MAX_LATE_TASKS]


def summarize(counts: Metrics, names: Mapping[str, str]) -> Metrics:
    """Return the totals, the people and the tasks overdue for longest, as a report shows them.

    `names` maps user ids to display names.
    """
    people = [
        {
            "user_id": user_id or None,
            "name": names.get(user_id),
            "done": done,
            "open": open_,
            "overdue": overdue,
        }
        for user_id, (done, open_, overdue) in counts["people"].items()
    ]
    people.sort(key=lambda person: (-person["done"], -person["open"], str(person["name"])))
    totals = {name: sum(person[name] for person in people) for name in ("done", "open", "overdue")}
    late = [
        {
            "task": task_id,
            "title": title,
            "due_date": due_date,
            "name": names.get(assigned_to or UNASSIGNED),
        }
        for _, due_date, task_id, title, assigned_to in counts["late"]
    ]
    return {
        "totals": {"opened": sum(counts["opened"]), **totals},
        "people": people,
        "late": late,
    }


def list_days(counts: Metrics, period: ReportPeriod) -> list[Metrics]:
    """Return the numbers opened, done and left open on each day: the burndown."""
    days, left_open = [], counts["before"]
    for day, opened, done in zip(period.days, counts["opened"], counts["done"], strict=True):
        left_open += opened - done
        days.append({"day": day.isoformat(), "opened": opened, "done": done, "open": left_open})
    return days
