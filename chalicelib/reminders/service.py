"""The reminder job: looks at each task whose time has come, and owes its assignee what is due.

What a reminder is stands in the id of its mail: task, due value, kind, recipient. So a tick that
comes twice, late or beside another owes nothing twice.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from chalicelib.access.service import TaskAccess
from chalicelib.dynamodb.optimistic_locking import apply_changes
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import transact
from chalicelib.tasks.models import Task, update_task_write


def set_reminders(access: TaskAccess, reminders: list[str], *, version: int | None) -> Task:
    """Set the task's own reminders, in place of those it had."""

    def store(task: Task, wanted: Mapping[str, Any]) -> Task:
        after = deepcopy(task)
        fields = {
            **wanted,
            "updated_at": format_timestamp(access.now),
            "changed_by": access.user_id,
        }
        fields["request_id"] = access.request_id
        for name, value in fields.items():
            setattr(after, name, value)
        transact(update_task_write(after, fields))
        after.version += 1
        return after

    wanted = {"reminders": sorted(set(reminders)) or None}
    return apply_changes(access.task, wanted, version=version, store=store)
