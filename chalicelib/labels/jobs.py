"""The deferred update that removes a deleted label from the tasks of its project."""

from chalicelib.jobs.deferred_update_models import DeferredUpdate
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.task_lists.models import list_task_ids
from chalicelib.tasks.models import get_task
from chalicelib.tasks.service import update_as_system

LABEL_REMOVAL = "label"


def remove_label_from_tasks(deferred: DeferredUpdate, budget: TimeBudget) -> None:
    """Remove a deleted label from the tasks that still have it.

    `deferred.about` is the project's id and the label's id. Idempotent.

    Raises `OutOfTime` when `budget` ends before the last task.
    """
    project_id, label_id = deferred.about
    for task_id in budget.each(list_task_ids(project_id, f"label:{label_id}")):
        task = get_task(task_id)
        if task is not None and label_id in (task.labels or ()):
            remaining = [label for label in task.labels if label != label_id]
            update_as_system(task, {"labels": remaining or None}, budget.clock())
