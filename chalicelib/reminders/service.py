"""Set the reminders of a task."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from chalicelib.access.service import TaskAccess
from chalicelib.dynamodb.optimistic_locking import apply_changes
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import transact
from chalicelib.tasks.models import Task, update_task_write


def set_reminders(access: TaskAccess, reminders: list[str], *, version: int | None) -> Task:
    """Replace the reminders of a task and return the task.

    `reminders` are in their stored form, and `version` is the version that the caller has read, if
    any. Raises `PreconditionFailed` when the task has another version.
    """

    def store(task: Task, changes: Mapping[str, Any]) -> Task:
        changed = deepcopy(task)
        fields = {
            **changes,
            "updated_at": format_timestamp(access.now),
            "changed_by": access.user_id,
            "request_id": access.request_id,
        }
        for name, value in fields.items():
            setattr(changed, name, value)
        transact(update_task_write(changed, fields))
        changed.version += 1
        return changed

    changes = {"reminders": sorted(set(reminders)) or None}
    return apply_changes(access.task, changes, version=version, store=store)
