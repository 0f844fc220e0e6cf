"""The overdue digest: one mail for each person and day at 09:00 local time, while they have overdue
tasks."""

from datetime import datetime

from chalicelib.accounts.models import get_user
from chalicelib.dynamodb import time_index
from chalicelib.jobs.attempts import Attempts
from chalicelib.jobs.time_budget import HasTime
from chalicelib.mail.models import queue_once
from chalicelib.mail.notifications import queue_overdue_digest_write
from chalicelib.observability import record_outcome
from chalicelib.reminders import delivery_times, models
from chalicelib.tasks.cards import OPEN_STATUSES
from chalicelib.tasks.due_dates import local_date
from chalicelib.tasks.models import Task, get_tasks


def queue_due_digests(now: datetime, has_time: HasTime = lambda: True) -> dict[str, int]:
    """Queue the overdue digests that are due at `now`, as long as there is time, and count them.

    A digest that fails does not stop the others and is tried again by the next run. Raises
    `ExceptionGroup` at the end when one failed.
    """
    queued, attempts = 0, Attempts("a digest could not be queued")
    for entry in time_index.list_due("digest", now):
        if not has_time():
            break
        user_id = entry.PK.removeprefix("USER#")
        with attempts.attempt(user_id=user_id):
            queued += _queue_digest(user_id, now)
    time_index.advance_watermark("digest", now)
    record_outcome("overdue_digests", {"queued": queued})
    attempts.raise_failures()
    return {"digests": queued}


def _queue_digest(user_id: str, now: datetime) -> bool:
    """Queue today's digest of one person and schedule tomorrow's; without overdue tasks, unschedule
    it. Returns whether a mail was queued."""
    digest, user = models.get_digest(user_id), get_user(user_id)
    if digest is None or not time_index.is_due(digest, now):
        return False
    if user is None or not user.is_active or not list_overdue_tasks(user_id):
        models.reschedule_digest(digest, None)
        return False
    today = local_date(now, user.time_zone)
    is_queued = queue_once(queue_overdue_digest_write(user, today, now=now))
    models.reschedule_digest(digest, delivery_times.next_delivery_time(now, user.time_zone))
    return is_queued


def list_overdue_tasks(user_id: str) -> list[Task]:
    """Return the person's overdue tasks, the longest overdue first.

    A noted task is left out, and its note deleted, when it is done, deleted, assigned to another
    person or has another due time.
    """
    noted = models.list_overdue(user_id)
    tasks = {task.id: task for task in get_tasks([ref.task_id for ref in noted])}
    overdue: list[Task] = []
    obsolete = []
    for ref in noted:
        task = tasks.get(ref.task_id)
        if (
            task is not None
            and task.deleted_at is None
            and task.status in OPEN_STATUSES
            and (task.assigned_to, task.due_at) == (user_id, ref.due_at)
        ):
            overdue.append(task)
        else:
            obsolete.append(ref)
    models.delete_overdue(user_id, obsolete)
    return overdue
