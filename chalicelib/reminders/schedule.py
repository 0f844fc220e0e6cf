"""When a task has to be looked at again: one time on the task itself, in the time index.

Those times are: when it is due within a day, when it is over, and the reminders that were set. One
that begins within a day of its due date, or behind it, is looked at as soon as can be.
Looking too early or twice does no harm; whoever looks works out what there is to do.
"""

from collections.abc import Iterable
from datetime import timedelta

from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp

REMINDER_WINDOW = timedelta(hours=24)
# A change of one of these makes it worth looking.
SCHEDULE_FIELDS = frozenset({"due_at", "assigned_to", "status", "reminders"})
BEFORE, AT = "before", "at"


def schedule_check(
    due_at: str | None, reminders: Iterable[str] | None, *, since: str, planned: str | None
) -> str | None:
    """When to look at a task that was changed at `since`; `planned` is when it was to be looked at
    until then. All are stamps."""
    if planned is not None and planned <= since:
        return planned  # nobody has looked yet
    if due_at is not None and reminder_window_start(due_at) <= since:
        return since
    return next_check_time(due_at, reminders, after=since)


def next_check_time(
    due_at: str | None, reminders: Iterable[str] | None, *, after: str
) -> str | None:
    """The first time after `after` that there is something to do."""
    times = [time for one in reminders or () if (time := reminder_time(one, due_at))]
    if due_at is not None:
        times += [reminder_window_start(due_at), due_at]
    return min((time for time in times if time > after), default=None)


def reminder_window_start(due_at: str) -> str:
    """From when on the task is due within a day."""
    return _earlier(due_at, REMINDER_WINDOW)


def reminder_time(reminder: str, due_at: str | None) -> str | None:
    """When a reminder is to be sent; None for one that counts from a due date that is not there."""
    kind, _, value = reminder.partition(":")
    if kind == AT:
        return value
    return None if due_at is None else _earlier(due_at, timedelta(minutes=int(value)))


def _earlier(due_at: str, by: timedelta) -> str:
    try:
        return format_timestamp(parse_timestamp(due_at) - by)
    except OverflowError:  # before the year 1
        return due_at
