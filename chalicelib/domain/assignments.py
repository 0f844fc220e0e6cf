"""What happens to the tasks of somebody who goes."""

from datetime import datetime

from chalicelib.domain import tasks as rules
from chalicelib.errors import Invalid
from chalicelib.observability import report
from chalicelib.store import departures, members, tasks, wake
from chalicelib.store.tasks import Task
from chalicelib.store.transaction import Write

# A request hands on so many tasks; the tick does the rest.
AT_ONCE = 25


def owed(project_id: str, user_id: str, reassign_to: str | None, now: datetime) -> Write:
    """The write that makes sure that every task is handed on, whatever happens to this request."""
    return departures.owed(project_id, user_id, reassign_to, now)


def release(project_id: str, user_id: str, reassign_to: str | None, now: datetime) -> None:
    """Hand on the first of the tasks at once."""
    _hand_on(project_id, user_id, reassign_to, now, limit=AT_ONCE)


def finish(now: datetime) -> dict[str, int]:
    """Hand on whatever people who left are still assigned to."""
    handed = 0
    for row in wake.ready("departure", now):
        gone = departures.at(row.PK, row.SK)
        if gone is None:
            continue
        if members.by_id(gone.project_id, gone.user_id) is None:  # else they came back
            handed += _hand_on(gone.project_id, gone.user_id, gone.reassign_to, now, limit=None)
        departures.forget(gone)
    wake.settle("departure", now)
    return report("departures", {"handed_on": handed})


def _hand_on(
    project_id: str, user_id: str, reassign_to: str | None, now: datetime, limit: int | None
) -> int:
    handed = 0
    for card in tasks.all_assigned_to(user_id):
        if card.project_id == project_id and handed != limit:
            handed += _hand_over(card.id, user_id, reassign_to, now)
    return handed


def _hand_over(task_id: str, user_id: str, reassign_to: str | None, now: datetime) -> bool:
    task = tasks.by_id(task_id)
    if task is None or task.assigned_to != user_id:
        return False
    heir = reassign_to if _is_open(task) else None
    try:
        rules.hand_over(task, heir, actor=user_id, now=now)
    except Invalid:  # the heir left too
        rules.hand_over(task, None, actor=user_id, now=now)
    return True


def _is_open(task: Task) -> bool:
    return task.status in tasks.OPEN
