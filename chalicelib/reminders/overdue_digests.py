"""The digest of overdue tasks: one mail for each person and day, in their morning, while there are
any."""

from datetime import datetime

from chalicelib.accounts.models import User, get_user
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.jobs.time_budget import HasTime
from chalicelib.mail.notifications import queue_overdue_digest_write
from chalicelib.observability import logger, record_outcome
from chalicelib.reminders import delivery_times, models
from chalicelib.reminders.models import OverdueTaskRef
from chalicelib.tasks.cards import OPEN_STATUSES
from chalicelib.tasks.models import Task, get_tasks


def queue_due_digests(now: datetime, has_time: HasTime = lambda: True) -> dict[str, int]:
    """Owe a digest to everybody whose morning has come by `now` and who is late with something."""
    owed, failures = 0, []
    for row in time_index.list_due("digest", now):
        if not has_time():
            break
        try:
            owed += _queue_digest(row.PK.removeprefix("USER#"), now)
        except Exception as failure:
            logger.exception("a digest could not be owed", user_id=row.PK)
            failures.append(failure)
    time_index.advance_watermark("digest", now)
    record_outcome("overdue_digests", {"queued": owed})
    if failures:
        raise ExceptionGroup("some digests could not be owed", failures)
    return {"digests": owed}


def list_overdue_tasks(user_id: str) -> list[Task]:
    """What is overdue and still theirs, the longest overdue first; notes of anything else go."""
    noted = models.list_overdue(user_id)
    found = {task.id: task for task in get_tasks([late.task_id for late in noted])}
    still = [late for late in noted if _is_late(found.get(late.task_id), user_id, late)]
    models.delete_overdue(user_id, [late for late in noted if late not in still])
    return [found[late.task_id] for late in still]


def _is_late(task: Task | None, user_id: str, late: OverdueTaskRef) -> bool:
    if task is None or task.deleted_at is not None or task.status not in OPEN_STATUSES:
        return False
    return task.assigned_to == user_id and task.due_at == late.due_at


def _queue_digest(user_id: str, now: datetime) -> bool:
    digest, user = models.get_digest(user_id), get_user(user_id)
    if digest is None or digest.wake_at is None or digest.wake_at > format_timestamp(now):
        return False
    if user is None or not user.is_active or not list_overdue_tasks(user_id):
        models.unschedule_digest(digest)
        return False
    owed = _commit_digest(user, now)
    models.postpone_digest(digest, delivery_times.next_delivery_time(now, user.time_zone))
    return owed


def _commit_digest(user: User, now: datetime) -> bool:
    try:
        transact(
            queue_overdue_digest_write(
                user, delivery_times.local_date(now, user.time_zone), now=now
            )
        )
    except ConditionFailed:
        return False
    return True
