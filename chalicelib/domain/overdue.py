"""The digest of overdue tasks: one mail for each person and day, in their morning, while there are
any."""

from datetime import datetime

from chalicelib.domain import mornings, notices
from chalicelib.domain.reminders import HasTime
from chalicelib.observability import logger, report
from chalicelib.store import digests, tasks, users, wake
from chalicelib.store.cards import OPEN
from chalicelib.store.digests import Late
from chalicelib.store.tasks import Task
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, transact
from chalicelib.store.users import User


def tell(now: datetime, has_time: HasTime = lambda: True) -> dict[str, int]:
    """Owe a digest to everybody whose morning has come by `now` and who is late with something."""
    owed, failures = 0, []
    for row in wake.ready("digest", now):
        if not has_time():
            break
        try:
            owed += _tell(row.PK.removeprefix("USER#"), now)
        except Exception as failure:
            logger.exception("a digest could not be owed", user_id=row.PK)
            failures.append(failure)
    wake.settle("digest", now)
    report("digests", {"owed": owed})
    if failures:
        raise ExceptionGroup("some digests could not be owed", failures)
    return {"digests": owed}


def tasks_of(user_id: str) -> list[Task]:
    """What is overdue and still theirs, the longest overdue first; notes of anything else go."""
    noted = digests.overdue(user_id)
    found = {task.id: task for task in tasks.by_ids([late.task_id for late in noted])}
    still = [late for late in noted if _is_late(found.get(late.task_id), user_id, late)]
    digests.forget(user_id, [late for late in noted if late not in still])
    return [found[late.task_id] for late in still]


def _is_late(task: Task | None, user_id: str, late: Late) -> bool:
    if task is None or task.deleted_at is not None or task.status not in OPEN:
        return False
    return task.assigned_to == user_id and task.due_at == late.due_at


def _tell(user_id: str, now: datetime) -> bool:
    digest, user = digests.of(user_id), users.by_id(user_id)
    if digest is None or digest.wake_at is None or digest.wake_at > stamp(now):
        return False
    if user is None or not user.may_enter or not tasks_of(user_id):
        digests.sleep(digest)
        return False
    owed = _owe(user, now)
    digests.postpone(digest, mornings.next_morning(now, user.time_zone))
    return owed


def _owe(user: User, now: datetime) -> bool:
    try:
        transact(notices.overdue(user, mornings.day_of(now, user.time_zone), now=now))
    except ConditionFailed:
        return False
    return True
