"""Relations between tasks of a project that is copied, for their copies."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.relations.models import INVERSE_KINDS, Relation, list_relations
from chalicelib.relations.service import relate_copies
from chalicelib.tasks.models import Task


def copy_relations(
    task: Task, get_copy_id: Callable[[str], str], *, user_id: str, now: datetime
) -> None:
    """Relate the copy of a task to those of the tasks that it is related to. Idempotent.

    `get_copy_id` returns the id of a task's copy. Of the two sides of a relation, only one is
    copied here, with its inverse. A related task without a copy is left out.
    """
    for relation in list_relations(task.original_id):
        if _is_first_side(relation):
            copy_ids = (get_copy_id(relation.task_id), get_copy_id(relation.other_id))
            relate_copies(*copy_ids, relation.kind, user_id=user_id, now=now)


def _is_first_side(relation: Relation) -> bool:
    """Return True for one of the two sides of each relation."""
    return (relation.kind, relation.task_id) < (INVERSE_KINDS[relation.kind], relation.other_id)
