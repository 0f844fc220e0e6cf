"""The reminder job: looks at each task whose time has come, and owes its assignee what is due.

What a reminder is stands in the id of its mail: task, due value, kind, recipient. So a tick that
comes twice, late or beside another owes nothing twice.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from itertools import islice
from typing import Any

from chalicelib.domain import changes, mornings, notices
from chalicelib.domain.access import TaskAccess
from chalicelib.observability import logger, report
from chalicelib.store import alarms, digests, table, tasks, users, wake
from chalicelib.store.digests import Late
from chalicelib.store.tasks import Task
from chalicelib.store.times import moment, stamp
from chalicelib.store.transaction import ConditionFailed, Put, Update, Write, transact
from chalicelib.store.users import User

PAGE = 100

HasTime = Callable[[], bool]


def choose(access: TaskAccess, reminders: list[str], *, version: int | None) -> Task:
    """Set the task's own reminders, in place of those it had."""

    def store(task: Task, wanted: Mapping[str, Any]) -> Task:
        after = deepcopy(task)
        fields = {**wanted, "updated_at": stamp(access.now), "changed_by": access.user_id}
        fields["request_id"] = access.request_id
        for name, value in fields.items():
            setattr(after, name, value)
        transact(tasks.changed(after, fields))
        after.version += 1
        return after

    wanted = {"reminders": sorted(set(reminders)) or None}
    return changes.apply(access.task, wanted, version=version, store=store)


def remind(now: datetime, has_time: HasTime = lambda: True) -> dict[str, int]:
    """Owe every reminder whose time came by `now`, and count them. One task that fails does not
    stop the others; it raises in the end, and the next run looks at it again."""
    outcomes: Counter[str] = Counter(owed=0, known=0)
    failures = []
    for task, assignee in _due(now):
        if not has_time():
            break
        try:
            outcomes.update(_look(task, assignee, now))
        except Exception as failure:
            logger.exception("a task could not be looked at", task_id=task.id)
            failures.append(failure)
    wake.settle("due", now)
    report("reminders", outcomes)
    if failures:
        raise ExceptionGroup("some tasks could not be looked at", failures)
    return outcomes


def _due(now: datetime) -> Iterator[tuple[Task, User]]:
    rows = wake.ready("due", now)
    while keys := [row.SK.removeprefix("TASK#") for row in islice(rows, PAGE)]:
        # The index lags behind the table, so what it found is looked at again.
        page = [task for task in tasks.by_ids(keys) if task.wake_at and task.wake_at <= stamp(now)]
        people = users.by_ids({str(task.assigned_to) for task in page})
        yield from (
            (task, people[str(task.assigned_to)])
            for task in page
            if str(task.assigned_to) in people
        )


def _look(task: Task, assignee: User, now: datetime) -> Counter[str]:
    if task.due_at is not None and task.due_at <= stamp(now):
        morning = mornings.next_morning(now, assignee.time_zone)
        digests.arm(assignee.id, Late(task.due_at, task.id), at=morning, now=now)
    mails, sleep = list(_mails(task, assignee, now)), _sleep(task, now)
    if _holds(*mails, sleep):
        return Counter(owed=len(mails))
    # One of them was owed before, or the task was changed meanwhile.
    outcomes = Counter("owed" if _holds(mail) else "known" for mail in mails)
    _holds(sleep)
    return outcomes


def _mails(task: Task, assignee: User, now: datetime) -> Iterator[Put]:
    at = stamp(now)
    if task.due_at is not None and alarms.window(task.due_at) <= at < task.due_at:
        told = mornings.reminder_time(moment(task.due_at), assignee.time_zone, now)
        yield notices.due_soon(task, at=told, now=now)
    for reminder in task.reminders or ():
        time = alarms.time_of(reminder, task.due_at)
        if time is not None and str(task.wake_at) <= time <= at:
            yield notices.reminder(task, reminder, now=now)


def _sleep(task: Task, now: datetime) -> Update:
    """Until there is something to do again; unless the task was changed meanwhile."""
    time = alarms.next_look(task.due_at, task.reminders, after=stamp(now))
    keys = wake.keys("due", time, task.id)
    actions = tuple(table.assigned(Task, name, value) for name, value in keys.items())
    same = (Task.wake_at == task.wake_at) & (Task.version == task.version)
    return Update(Task.key(task.id), actions, same)


def _holds(*writes: Write) -> bool:
    try:
        transact(*writes)
    except ConditionFailed:
        return False
    return True
