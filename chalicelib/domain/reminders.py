"""The reminder job: every open, assigned task that is due within a day owes its assignee a mail."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from chalicelib.domain import notices
from chalicelib.observability import report
from chalicelib.store import tasks, wake
from chalicelib.store.tasks import Task
from chalicelib.store.transaction import ConditionFailed, transact

AHEAD = timedelta(hours=24)
PAGE = 100


def remind(now: datetime) -> dict[str, int]:
    """Owe a reminder for each task due within 24 hours of `now`, and count what was done.

    A reminder already owed, by an earlier run or by one beside this, is left as it is.
    """
    outcomes = {"owed": 0, "known": 0}
    for task in _due(now):
        outcomes["owed" if _owe(task, now) else "known"] += 1
    return report("reminders", outcomes)


def _due(now: datetime) -> Iterator[Task]:
    rows = wake.between("due", now, now + AHEAD)
    while page := [row.SK.removeprefix("TASK#") for row in islice(rows, PAGE)]:
        yield from (task for task in tasks.by_ids(page) if _is_wanted(task, now))


def _is_wanted(task: Task, now: datetime) -> bool:
    # The index lags behind the table, so what it found is looked at again.
    return task.deleted_at is None and task.assigned_to is not None and task.wake_at is not None


def _owe(task: Task, now: datetime) -> bool:
    try:
        transact(notices.due_soon(task, now=now))
    except ConditionFailed:
        return False
    return True
