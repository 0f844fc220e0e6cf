"""The subtasks of a task that is copied or moved."""

from collections.abc import Iterator
from datetime import timedelta

from chalicelib.dynamodb.ids import project_id_of
from chalicelib.errors import Conflict
from chalicelib.task_lists.models import list_task_ids
from chalicelib.tasks.models import Task, get_tasks

# The most subtasks that one request copies or moves, one after the other.
SUBTASKS_MAX = 100
# The tick takes over when the request has certainly ended.
TAKEOVER_DELAY = timedelta(minutes=1)


def list_subtasks(task_id: str) -> list[Task]:
    """Return the direct subtasks of a task, oldest first."""
    return get_tasks(list(list_task_ids(project_id_of(task_id), f"parent:{task_id}")))


def list_subtask_tree(task: Task) -> list[Task]:
    """Return all tasks below a task, each after its parent.

    Raises `Conflict` (`too_many_subtasks`) when there are more than `SUBTASKS_MAX`.
    """
    tree: list[Task] = []
    for subtask in _walk(task):
        tree.append(subtask)
        if len(tree) > SUBTASKS_MAX:
            message = f"The task has more than {SUBTASKS_MAX} subtasks; take some of them first"
            raise Conflict(message, code="too_many_subtasks")
    return tree


def _walk(task: Task) -> Iterator[Task]:
    if task.subtasks_count:
        for subtask in list_subtasks(task.id):
            yield subtask
            yield from _walk(subtask)
