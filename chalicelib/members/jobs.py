"""What happens to the tasks of somebody who goes."""

from datetime import datetime
from itertools import islice

from chalicelib.dynamodb.transactions import Write
from chalicelib.errors import Invalid
from chalicelib.jobs.deferred_update_models import DeferredUpdate, defer_update_write
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.members import models
from chalicelib.task_lists.models import list_task_ids
from chalicelib.tasks.models import get_task
from chalicelib.tasks.service import update_as_system

MEMBER_REMOVAL = "departure"
# A request hands on so many tasks; the tick does the rest.
REASSIGNED_IN_REQUEST = 25


def defer_reassignment_write(
    project_id: str, user_id: str, reassign_to: str | None, now: datetime
) -> Write:
    """The write that makes sure that every task is handed on, whatever happens to this request."""
    return defer_update_write(MEMBER_REMOVAL, project_id, user_id, now=now, reassign_to=reassign_to)


def reassign_first_tasks(
    project_id: str, user_id: str, reassign_to: str | None, now: datetime
) -> None:
    """Hand on the first of the tasks at once."""
    for task_id in _list_assigned_task_ids(project_id, user_id, REASSIGNED_IN_REQUEST):
        _reassign(task_id, user_id, reassign_to, now)


def reassign_remaining_tasks(departure: DeferredUpdate, pace: TimeBudget) -> None:
    """Hand on whatever somebody who left is still assigned to, unless they came back."""
    project_id, user_id = departure.about
    if models.get_member(project_id, user_id) is None:
        for task_id in pace.each(_list_assigned_task_ids(project_id, user_id)):
            _reassign(task_id, user_id, departure.reassign_to, pace.clock())


def _list_assigned_task_ids(project_id: str, user_id: str, limit: int | None = None) -> list[str]:
    return list(islice(list_task_ids(project_id, f"assignee:{user_id}"), limit))


def _reassign(task_id: str, user_id: str, reassign_to: str | None, now: datetime) -> None:
    task = get_task(task_id)
    if task is None or task.assigned_to != user_id:
        return
    heir = reassign_to if task.is_open else None
    try:
        update_as_system(task, {"assigned_to": heir}, now)
    except Invalid:  # the heir left too
        update_as_system(task, {"assigned_to": None}, now)
