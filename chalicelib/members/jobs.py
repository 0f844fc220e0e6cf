"""Reassignment of a former member's tasks: the first in the request, the rest in a deferred update.

See docs/decisions/0016-membership-ends-before-tasks-are-reassigned.md.
"""

from datetime import datetime
from itertools import islice

from chalicelib.errors import Invalid
from chalicelib.jobs.deferred_update_models import DeferredUpdate
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.members import models
from chalicelib.task_lists.models import list_task_ids
from chalicelib.tasks.models import get_task
from chalicelib.tasks.service import update_as_system

MEMBER_REMOVAL = "departure"
# A request reassigns this many tasks; the tick reassigns the rest.
REASSIGNED_IN_REQUEST = 25


def reassign_first_tasks(
    project_id: str, user_id: str, reassign_to: str | None, now: datetime
) -> None:
    """Reassign the first tasks of a former member to `reassign_to`, or to nobody."""
    task_ids = list_task_ids(project_id, f"assignee:{user_id}")
    for task_id in list(islice(task_ids, REASSIGNED_IN_REQUEST)):
        _reassign(task_id, user_id, reassign_to, now)


def reassign_remaining_tasks(deferred: DeferredUpdate, budget: TimeBudget) -> None:
    """Reassign all tasks that a former member still has, unless the user has joined again.

    `deferred.about` is the project's id and the user's id. Idempotent.

    Raises `OutOfTime` when `budget` ends before the last task.
    """
    project_id, user_id = deferred.about
    if models.get_member(project_id, user_id) is not None:
        return
    task_ids = list(list_task_ids(project_id, f"assignee:{user_id}"))
    for task_id in budget.each(task_ids):
        _reassign(task_id, user_id, deferred.reassign_to, budget.clock())


def _reassign(task_id: str, user_id: str, reassign_to: str | None, now: datetime) -> None:
    task = get_task(task_id)
    if task is None or task.assigned_to != user_id:
        return
    assignee = reassign_to if task.is_open else None
    try:
        update_as_system(task, {"assigned_to": assignee}, now)
    except Invalid:  # the new assignee is no member any more
        update_as_system(task, {"assigned_to": None}, now)
