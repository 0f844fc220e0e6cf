"""The reminder schedule: when a task must be checked next, stored in the time index of the table.

A task is checked 24 hours before it is due, when it is due, and at each reminder that was set. A
task that gets a due date less than 24 hours ahead or in the past is checked as soon as possible. A
check that comes early or twice does no harm, because the check itself finds out what is due.

Times are stored timestamps, whose text order is their time order. A stored reminder is
`before:<minutes>` or `at:<timestamp>`.
"""

from collections.abc import Iterable
from datetime import timedelta

from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp

REMINDER_WINDOW = timedelta(hours=24)
# A change of one of these fields can change the next check.
SCHEDULE_FIELDS = frozenset({"due_at", "assigned_to", "status", "reminders"})
BEFORE, AT = "before", "at"


def schedule_check(
    due_at: str | None, reminders: Iterable[str] | None, *, since: str, planned: str | None
) -> str | None:
    """Return when to check a task that was changed at `since`; None if never.

    `planned` is the next check before the change.
    """
    if planned is not None and planned <= since:
        return planned  # that check has not run yet
    if due_at is not None and reminder_window_start(due_at) <= since:
        return since
    return next_check_time(due_at, reminders, after=since)


def next_check_time(
    due_at: str | None, reminders: Iterable[str] | None, *, after: str
) -> str | None:
    """Return the first time later than `after` at which something is due; None if there is none."""
    times = [time for reminder in reminders or () if (time := reminder_time(reminder, due_at))]
    if due_at is not None:
        times += [reminder_window_start(due_at), due_at]
    return min((time for time in times if time > after), default=None)


def reminder_window_start(due_at: str) -> str:
    """Return the time from which the task is due within 24 hours."""
    return _subtract(due_at, REMINDER_WINDOW)


def reminder_time(reminder: str, due_at: str | None) -> str | None:
    """Return when a reminder is due; None for a relative one when the task has no due time."""
    kind, _, value = reminder.partition(":")
    if kind == AT:
        return value
    return None if due_at is None else _subtract(due_at, timedelta(minutes=int(value)))


def _subtract(due_at: str, duration: timedelta) -> str:
    try:
        return format_timestamp(parse_timestamp(due_at) - duration)
    except OverflowError:  # before the year 1
        return due_at
