"""The reminder job: looks at each task whose time has come, and owes its assignee what is due.

What a reminder is stands in the id of its mail: task, due value, kind, recipient. So a tick that
comes twice, late or beside another owes nothing twice.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from chalicelib.accounts.models import User, get_users
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.table import set_or_remove
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Update, Write, transact
from chalicelib.jobs.time_budget import HasTime
from chalicelib.mail.notifications import queue_due_soon_write, queue_reminder_write
from chalicelib.observability import logger, record_outcome
from chalicelib.reminders import delivery_times, models, overdue_digests, schedule
from chalicelib.reminders.models import OverdueTaskRef
from chalicelib.tasks.models import Task, get_tasks

PAGE = 100


def queue_due_reminders(now: datetime, has_time: HasTime = lambda: True) -> dict[str, int]:
    """Owe every reminder whose time came by `now`, and count them. One task that fails does not
    stop the others; it raises in the end, and the next run looks at it again."""
    outcomes: Counter[str] = Counter(queued=0, known=0)
    failures = []
    for task, assignee in _due(now):
        if not has_time():
            break
        try:
            outcomes.update(_check_task(task, assignee, now))
        except Exception as failure:
            logger.exception("a task could not be looked at", task_id=task.id)
            failures.append(failure)
    time_index.advance_watermark("due", now)
    record_outcome("reminders", outcomes)
    if failures:
        raise ExceptionGroup("some tasks could not be looked at", failures)
    return outcomes


def _due(now: datetime) -> Iterator[tuple[Task, User]]:
    rows = time_index.list_due("due", now)
    while keys := [row.SK.removeprefix("TASK#") for row in islice(rows, PAGE)]:
        # The index lags behind the table, so what it found is looked at again.
        page = [
            task
            for task in get_tasks(keys)
            if task.wake_at and task.wake_at <= format_timestamp(now)
        ]
        people = get_users({str(task.assigned_to) for task in page})
        yield from (
            (task, people[str(task.assigned_to)])
            for task in page
            if str(task.assigned_to) in people
        )


def _check_task(task: Task, assignee: User, now: datetime) -> Counter[str]:
    if task.due_at is not None and task.due_at <= format_timestamp(now):
        morning = delivery_times.next_delivery_time(now, assignee.time_zone)
        models.schedule_digest(
            assignee.id, OverdueTaskRef(task.due_at, task.id), at=morning, now=now
        )
    mails, sleep = list(_mails(task, assignee, now)), _reschedule_write(task, now)
    if _commits(*mails, sleep):
        return Counter(queued=len(mails))
    # One of them was owed before, or the task was changed meanwhile.
    outcomes = Counter("queued" if _commits(mail) else "known" for mail in mails)
    _commits(sleep)
    return outcomes


def _mails(task: Task, assignee: User, now: datetime) -> Iterator[Put]:
    at = format_timestamp(now)
    if task.due_at is not None and schedule.reminder_window_start(task.due_at) <= at < task.due_at:
        told = delivery_times.reminder_delivery_time(
            parse_timestamp(task.due_at), assignee.time_zone, now
        )
        yield queue_due_soon_write(task, at=told, now=now)
    for reminder in task.reminders or ():
        time = schedule.reminder_time(reminder, task.due_at)
        if time is not None and str(task.wake_at) <= time <= at:
            yield queue_reminder_write(task, reminder, now=now)


def _reschedule_write(task: Task, now: datetime) -> Update:
    """Until there is something to do again; unless the task was changed meanwhile."""
    time = schedule.next_check_time(task.due_at, task.reminders, after=format_timestamp(now))
    keys = time_index.build_keys("due", time, task.id)
    actions = tuple(set_or_remove(Task, name, value) for name, value in keys.items())
    same = (Task.wake_at == task.wake_at) & (Task.version == task.version)
    return Update(Task.key(task.id), actions, same)


def _commits(*writes: Write) -> bool:
    try:
        transact(*writes)
    except ConditionFailed:
        return False
    return True


def send_reminders(now: datetime, has_time: HasTime) -> dict[str, int]:
    """Both, as far as there is time; a failure of one does not stop the other."""
    try:
        outcome = dict(queue_due_reminders(now, has_time))
    finally:
        digests = overdue_digests.queue_due_digests(now, has_time)
    return outcome | digests
