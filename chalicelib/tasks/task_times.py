"""The times that follow from a task's start date and due date, and the order of the two."""

from typing import NamedTuple

from chalicelib.accounts.models import User
from chalicelib.dynamodb.table import get_item
from chalicelib.tasks import due_dates
from chalicelib.tasks.models import Task
from chalicelib.tasks.references import ReadItem, invalid_field

# When one of these fields changes, the times of the task may change.
TIME_FIELDS = frozenset({"start_date", "due_date", "assigned_to"})


class TaskTimes(NamedTuple):
    """The timestamp at which a task starts, and the timestamp after which it is overdue."""

    start_at: str | None
    due_at: str | None


def stored_times(task: Task) -> TaskTimes:
    """Return the times as the task has them."""
    return TaskTimes(task.start_at, task.due_at)


def compute_times(task: Task, zone: str | None) -> TaskTimes:
    """Return the times that follow from the dates of the task. A day is a day in `zone`."""
    return TaskTimes(
        due_dates.compute_start_at(task.start_date, zone),
        due_dates.compute_due_at(task.due_date, zone),
    )


def load_times(task: Task, read: ReadItem = get_item) -> TaskTimes:
    """Return the times in the assignee's present time zone, or in UTC without an assignee.

    Reads the assignee only if one of the dates is a day.
    """
    has_days = any(due_dates.is_date(text) for text in (task.start_date, task.due_date) if text)
    return compute_times(task, load_zone(task, read) if has_days else None)


def load_zone(task: Task, read: ReadItem = get_item) -> str | None:
    """Read the assignee and return the assignee's time zone; None without an assignee."""
    assignee = None if task.assigned_to is None else read(User.key(task.assigned_to))
    return assignee.time_zone if assignee else None


def require_start_before_due(task: Task) -> None:
    """Raise `Invalid` when the task starts after it is due."""
    if task.start_at and task.due_at and task.start_at > task.due_at:
        raise invalid_field("start_date", "must not be after due_date")
