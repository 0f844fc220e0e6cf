"""Work outside requests: the filter entries of blocked tasks, and the relations of purged tasks."""

from datetime import datetime

from chalicelib.copies.location_models import find_tasks_anywhere
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, transact
from chalicelib.errors import Unavailable
from chalicelib.relations import models
from chalicelib.relations.models import Relation, is_blocked
from chalicelib.task_lists.models import set_blocked_entry
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import Task, TrashedTask

MAX_ATTEMPTS = 10


def index_blocked_task(change: TaskChange, now: datetime) -> None:
    """Add or remove the filter entry of a task that became blocked or ceased to be. Idempotent.

    A change of another task changes the number of open blockers, and cannot know whether it is the
    only such change. So the entry follows the number, seconds behind.
    """
    task = change.after or change.before
    if task is None or isinstance(task, TrashedTask):
        return  # the record of the item outside the trash has the change
    was, is_now = (_is_blocked(each) for each in (change.before, change.after))
    if was != is_now:
        set_blocked_entry(task, is_blocked=is_now)


def _is_blocked(task: Task | None) -> bool:
    return task is not None and is_blocked(task)


def remove_task_relations(original_id: str) -> None:
    """Remove the relations of a task that is purged, also from the other tasks. Idempotent."""
    for relation in models.list_relations(original_id):
        _remove_relation(relation)


def _remove_relation(relation: Relation) -> None:
    for _ in range(MAX_ATTEMPTS):
        tasks = find_tasks_anywhere((relation.task_id, relation.other_id))
        try:
            transact(*models.remove_relation_writes(relation, tasks))
            return
        except ConditionFailed as failed:
            if isinstance(failed.write, Delete):
                return  # removed by a concurrent request
    raise Unavailable()
