"""Labels: make, list, change, delete."""

from chalicelib.jobs.deferred_update_models import DeferredUpdate
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.task_lists.models import list_task_ids
from chalicelib.tasks.models import get_task
from chalicelib.tasks.service import update_as_system

LABEL_REMOVAL = "label"


def remove_label_from_tasks(withdrawal: DeferredUpdate, pace: TimeBudget) -> None:
    """Take a label that is no more from the tasks that still have it."""
    project_id, label_id = withdrawal.about
    for task_id in pace.each(list_task_ids(project_id, f"label:{label_id}")):
        task = get_task(task_id)
        if task is not None and label_id in (task.labels or ()):
            left = [label for label in task.labels if label != label_id]
            update_as_system(task, {"labels": left or None}, pace.clock())
