"""The activity log: who changed which field of a task, and when.

It is written from the table's stream, not by the change itself (decision 0018). Only that of
relations is written in the transaction of the change, because a task's item does not show them.
"""

from datetime import datetime
from typing import Any

from chalicelib.access.service import ProjectAccess, TaskAccess
from chalicelib.activity import models
from chalicelib.activity.models import Activity
from chalicelib.dynamodb.ids import derive_id, new_id, project_id_of
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.dynamodb.transactions import Write
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import Task, TrashedTask

FIELDS = (
    "title",
    "description",
    "status",
    "priority",
    "assigned_to",
    "start_date",
    "due_date",
    "labels",
    "parent",
    "rrule",
    "repeat_from",
)
# A longer text is cut to this many characters.
TEXT_MAX = 200


def list_task_activity(
    access: TaskAccess, *, limit: int, start: dict[str, Any] | None
) -> Page[Activity]:
    """Return a page of the task's activity, newest first."""
    return access.read(models.list_task_activity, access.task.original_id, limit=limit, start=start)


def list_project_activity(
    access: ProjectAccess, *, limit: int, start: dict[str, Any] | None
) -> Page[Activity]:
    """Return a page of the activity of the project's tasks, newest first."""
    return access.read(models.list_project_activity, access.project.id, limit=limit, start=start)


def record_activity(change: TaskChange, now: datetime) -> None:
    """Write the activity entries of a change of a task. Idempotent: ids depend on the record."""
    task = change.after
    if task is None:
        # The task was purged, or it was moved, and the record of its new item has the activity.
        return
    at = str(task.deleted_at or task.updated_at)
    entries = []
    for event in _list_events(change.before, task):
        entry_id = derive_id(parse_timestamp(at), f"{change.record_id} {event.get('field')}")
        key = Activity.key(task.original_id, entry_id)
        entry = Activity(
            key.pk,
            key.sk,
            task_id=task.id,
            title=task.title,
            actor=task.changed_by,
            request_id=task.request_id,
            at=at,
            **event,
        )
        entries.append(entry)
    models.save_activity(entries)


def record_relation_writes(
    access: TaskAccess, task: Task, other: Task | None, *, kind: str, is_new: bool
) -> tuple[Write, ...]:
    """Return the writes of the entry for a relation that `task` gets, or loses if not `is_new`.

    The entry does not name a task of another project, because its readers may have no access there.
    """
    is_near = other is not None and other.project_id == task.project_id
    relation = {"kind": kind, "task": other.id if other and is_near else None}
    key = Activity.key(task.original_id, new_id(access.now))
    entry = Activity(
        key.pk,
        key.sk,
        task_id=task.id,
        title=task.title,
        action="changed",
        field="relations",
        old=None if is_new else relation,
        new=relation if is_new else None,
        actor=access.user_id,
        request_id=access.request_id,
        at=format_timestamp(access.now),
    )
    return models.add_activity_writes(entry)


def _list_events(before: Task | None, after: Task) -> list[dict[str, Any]]:
    """Return the attributes of each event: `action`, and for a changed field `field`, `old`, `new`.

    `before` is None if the item is new: the task was created, moved to the trash, restored, or came
    from another project.
    """
    if before is None:
        if isinstance(after, TrashedTask):
            return [{"action": "deleted"}]
        if after.moved_from is not None and after.moved_at == after.updated_at:
            projects = {"old": project_id_of(after.moved_from), "new": after.project_id}
            return [{"action": models.MOVED, "field": "project", **projects}]
        return [{"action": "created" if after.version == 1 else "restored"}]

    events = []
    for field in FIELDS:
        old, new = getattr(before, field), getattr(after, field)
        if field == "labels":
            old, new = old or [], new or []  # the API shows no labels as an empty list
        if old != new:
            values = {"old": _shorten(old), "new": _shorten(new)}
            events.append({"action": "changed", "field": field, **values})
    return events


def _shorten(value: Any) -> Any:
    return value[:TEXT_MAX] if isinstance(value, str) else value
