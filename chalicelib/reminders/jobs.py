"""The reminder run: queue the reminders that are due, then the digests that are due.

Every five minutes `send_reminders` reads the tasks whose next check is due. For each of them it
notes an overdue task for the digest of its assignee, queues the mails that are due, and schedules
the next check. The id of a mail contains the task, the due time, the kind and the recipient, so
runs that repeat, come late or overlap queue nothing twice.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice

from chalicelib.accounts.models import User, get_users
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Update, transact
from chalicelib.jobs.attempts import Attempts
from chalicelib.jobs.time_budget import HasTime
from chalicelib.mail.models import queue_once
from chalicelib.mail.notifications import queue_due_soon_write, queue_reminder_write
from chalicelib.notifications.digests import queue_daily_digests
from chalicelib.observability import record_outcome
from chalicelib.reminders import delivery_times, models, schedule
from chalicelib.reminders.models import OverdueTaskRef
from chalicelib.reminders.overdue_digests import queue_due_digests
from chalicelib.tasks.models import Task, get_tasks

PAGE = 100


def send_reminders(now: datetime, has_time: HasTime) -> dict[str, int]:
    """Queue due reminders, overdue digests and daily digests, as long as there is time, and count
    them. A failure of one does not stop the others."""
    outcome: dict[str, int] = {}
    attempts = Attempts("a part of the reminder run failed")
    for queue_due in (queue_due_reminders, queue_due_digests, queue_daily_digests):
        with attempts.attempt(job=queue_due.__module__):
            outcome |= queue_due(now, has_time)
    attempts.raise_failures()
    return outcome


def queue_due_reminders(now: datetime, has_time: HasTime = lambda: True) -> dict[str, int]:
    """Queue the reminders of all tasks whose next check is due at `now`.

    Returns how many mails were `queued` and how many were `known` from an earlier run. A task that
    fails does not stop the others and is checked again by the next run. Raises `ExceptionGroup` at
    the end when a task failed.
    """
    outcomes: Counter[str] = Counter(queued=0, known=0)
    attempts = Attempts("the check of a task failed")
    for task, assignee in _list_due_tasks(now):
        if not has_time():
            break
        with attempts.attempt(task_id=task.id):
            outcomes.update(_check_task(task, assignee, now))
    time_index.advance_watermark("due", now)
    record_outcome("reminders", outcomes)
    attempts.raise_failures()
    return outcomes


def _list_due_tasks(now: datetime) -> Iterator[tuple[Task, User]]:
    """Yield each task whose next check is due, with its assignee; read page by page."""
    entries = time_index.list_due("due", now)
    while task_ids := [entry.SK.removeprefix("TASK#") for entry in islice(entries, PAGE)]:
        # The index lags behind the table, so the task itself decides whether it is due.
        tasks = [task for task in get_tasks(task_ids) if time_index.is_due(task, now)]
        users = get_users({str(task.assigned_to) for task in tasks})
        for task in tasks:
            if str(task.assigned_to) in users:
                yield task, users[str(task.assigned_to)]


def _check_task(task: Task, assignee: User, now: datetime) -> Counter[str]:
    """Queue what is due for one task and schedule its next check; count the mails."""
    at = format_timestamp(now)
    # A deleted account keeps its tasks until they are reassigned.
    if task.due_at is not None and task.due_at <= at and assignee.erased_at is None:
        overdue = OverdueTaskRef(task.due_at, task.id)
        delivery = delivery_times.next_delivery_time(now, assignee.time_zone)
        models.schedule_digest(assignee.id, overdue, at=delivery, now=now)

    mails = list(_list_due_mails(task, assignee, now))
    next_check = schedule.next_check_time(task.due_at, task.reminders, after=at)
    index_keys = time_index.build_keys("due", next_check, task.id)
    actions = tuple(set_or_remove(Task, name, value) for name, value in index_keys.items())
    unchanged = (Task.wake_at == task.wake_at) & (Task.version == task.version)
    reschedule = Update(Task.key(task.id), actions, unchanged)

    try:
        transact(*mails, reschedule)
        return Counter(queued=len(mails))
    except ConditionFailed:
        # One of the mails was queued before or the task has changed, so each write goes alone.
        outcomes = Counter("queued" if queue_once(mail) else "known" for mail in mails)
    with suppress(ConditionFailed):  # the change of the task has scheduled the next check
        transact(reschedule)
    return outcomes


def _list_due_mails(task: Task, assignee: User, now: datetime) -> Iterator[Put]:
    """Yield the writes of the mails of one task that are due: "due soon" and the reminders set."""
    at = format_timestamp(now)
    if task.due_at is not None and schedule.reminder_window_start(task.due_at) <= at < task.due_at:
        delivery = delivery_times.reminder_delivery_time(
            parse_timestamp(task.due_at), assignee.time_zone, now
        )
        yield queue_due_soon_write(task, at=delivery, now=now)
    for reminder in task.reminders or ():
        time = schedule.reminder_time(reminder, task.due_at)
        if time is not None and str(task.wake_at) <= time <= at:
            yield queue_reminder_write(task, reminder, now=now)
