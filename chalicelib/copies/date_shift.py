"""Shift start and due dates by whole days, as they are written: a time keeps its clock time."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from chalicelib.recurrence import rules
from chalicelib.reminders.schedule import AT
from chalicelib.tasks.models import Task
from chalicelib.tasks.service import DATE_FIELDS

DAY_LENGTH = len("2026-11-22")


def find_earliest_day(tasks: Iterable[Task]) -> str | None:
    """Return the earliest day of the start and due dates, as `2026-11-22`; None without dates."""
    dates = (getattr(task, name) for task in tasks for name in DATE_FIELDS)
    return min((text[:DAY_LENGTH] for text in dates if text is not None), default=None)


def shift_dates(task: Task, days: int) -> dict[str, Any]:
    """Return start date, due date, reminders and rule of the task, each `days` days later.

    A date outside of the years 1 to 9999 becomes None.
    """
    reminders = (_shift_reminder(reminder, days) for reminder in task.reminders or ())
    return {
        **{name: _shift_date(name, getattr(task, name), days) for name in DATE_FIELDS},
        "reminders": [reminder for reminder in reminders if reminder is not None] or None,
        "rrule": None if task.rrule is None else rules.shift_until(task.rrule, days),
    }


def _shift_date(name: str, text: str | None, days: int) -> str | None:
    shifted = None if text is None else _shift(text, days)
    try:
        DATE_FIELDS[name](shifted, None)
    except ValueError:
        return None
    return shifted


def _shift_reminder(reminder: str, days: int) -> str | None:
    kind, _, time = reminder.partition(":")
    if kind != AT:  # relative to the due date
        return reminder
    shifted = _shift(time, days)
    return None if shifted is None else f"{AT}:{shifted}"


def _shift(text: str, days: int) -> str | None:
    try:
        day = date.fromisoformat(text[:DAY_LENGTH]) + timedelta(days)
    except OverflowError:
        return None
    return day.isoformat() + text[DAY_LENGTH:]
