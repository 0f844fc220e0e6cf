"""When a task has to be looked at again: one time on the task itself, in the time index.

Those times are: when it is due within a day, when it is over, and the reminders that were set. One
that begins within a day of its due date, or behind it, is looked at as soon as can be.
Looking too early or twice does no harm; whoever looks works out what there is to do.
"""

from collections.abc import Iterable
from datetime import timedelta

from chalicelib.store.times import moment, stamp

AHEAD = timedelta(hours=24)
# A change of one of these makes it worth looking.
CAUSES = frozenset({"due_at", "assigned_to", "status", "reminders"})
BEFORE, AT = "before", "at"


def look_at(
    due_at: str | None, reminders: Iterable[str] | None, *, since: str, planned: str | None
) -> str | None:
    """When to look at a task that was changed at `since`; `planned` is when it was to be looked at
    until then. All are stamps."""
    if planned is not None and planned <= since:
        return planned  # nobody has looked yet
    if due_at is not None and window(due_at) <= since:
        return since
    return next_look(due_at, reminders, after=since)


def next_look(due_at: str | None, reminders: Iterable[str] | None, *, after: str) -> str | None:
    """The first time after `after` that there is something to do."""
    times = [time for one in reminders or () if (time := time_of(one, due_at))]
    if due_at is not None:
        times += [window(due_at), due_at]
    return min((time for time in times if time > after), default=None)


def window(due_at: str) -> str:
    """From when on the task is due within a day."""
    return _earlier(due_at, AHEAD)


def time_of(reminder: str, due_at: str | None) -> str | None:
    """When a reminder is to be sent; None for one that counts from a due date that is not there."""
    kind, _, value = reminder.partition(":")
    if kind == AT:
        return value
    return None if due_at is None else _earlier(due_at, timedelta(minutes=int(value)))


def _earlier(due_at: str, by: timedelta) -> str:
    try:
        return stamp(moment(due_at) - by)
    except OverflowError:  # before the year 1
        return due_at
