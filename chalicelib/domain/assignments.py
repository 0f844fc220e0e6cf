"""What happens to the tasks of somebody who goes."""

from datetime import datetime
from itertools import islice

from chalicelib.domain import tasks as rules
from chalicelib.domain.pacing import Pace
from chalicelib.errors import Invalid
from chalicelib.store import edges, errands, members, tasks
from chalicelib.store.errands import Errand
from chalicelib.store.transaction import Write

DEPARTURE = "departure"
# A request hands on so many tasks; the tick does the rest.
AT_ONCE = 25


def owed(project_id: str, user_id: str, reassign_to: str | None, now: datetime) -> Write:
    """The write that makes sure that every task is handed on, whatever happens to this request."""
    return errands.owed(DEPARTURE, project_id, user_id, now=now, reassign_to=reassign_to)


def release(project_id: str, user_id: str, reassign_to: str | None, now: datetime) -> None:
    """Hand on the first of the tasks at once."""
    for task_id in _theirs(project_id, user_id, AT_ONCE):
        _hand_over(task_id, user_id, reassign_to, now)


def finish(departure: Errand, pace: Pace) -> None:
    """Hand on whatever somebody who left is still assigned to, unless they came back."""
    project_id, user_id = departure.about
    if members.by_id(project_id, user_id) is None:
        for task_id in pace.each(_theirs(project_id, user_id)):
            _hand_over(task_id, user_id, departure.reassign_to, pace.clock())


def _theirs(project_id: str, user_id: str, limit: int | None = None) -> list[str]:
    return list(islice(edges.task_ids(project_id, f"assignee:{user_id}"), limit))


def _hand_over(task_id: str, user_id: str, reassign_to: str | None, now: datetime) -> None:
    task = tasks.by_id(task_id)
    if task is None or task.assigned_to != user_id:
        return
    heir = reassign_to if task.is_open else None
    try:
        rules.amend(task, {"assigned_to": heir}, now)
    except Invalid:  # the heir left too
        rules.amend(task, {"assigned_to": None}, now)
