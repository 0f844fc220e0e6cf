"""Activity: who changed what of a task, and when. Written from the table's stream."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalicelib.access.service import ProjectAccess, TaskAccess
from chalicelib.activity import models
from chalicelib.activity.models import Activity
from chalicelib.dynamodb.ids import derive_id
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import Task, TrashedTask

FIELDS = (
    "title",
    "description",
    "status",
    "priority",
    "assigned_to",
    "due_date",
    "labels",
    "parent",
)
# Of a long text the beginning is kept.
TEXT_MAX = 200


def list_task_activity(
    access: TaskAccess, *, limit: int, start: dict[str, Any] | None
) -> Page[Activity]:
    """A page of what happened to the task, newest first."""
    return models.list_task_activity(access.task.id, limit=limit, start=start)


def list_project_activity(
    access: ProjectAccess, *, limit: int, start: dict[str, Any] | None
) -> Page[Activity]:
    """A page of what happened to the project's tasks, newest first."""
    return models.list_project_activity(access.project.id, limit=limit, start=start)


def record_activity(change: TaskChange, now: datetime) -> None:
    """Keep what a change of a task was; told again, it keeps the same."""
    task = change.after
    if task is None:  # moved, which the row at its new place tells, or purged
        return
    happened = _list_events(change.before, task)
    models.save_activity([_entry(change.record_id, task, what) for what in happened])


def _entry(record_id: str, task: Task, what: dict[str, Any]) -> Activity:
    at = str(task.deleted_at or task.updated_at)
    entry_id = derive_id(parse_timestamp(at), f"{record_id} {what.get('field')}")
    key = Activity.key(task.id, entry_id)
    return Activity(
        key.pk,
        key.sk,
        task_id=task.id,
        title=task.title,
        actor=task.changed_by,
        request_id=task.request_id,
        at=at,
        **what,
    )


def _list_events(before: Task | None, after: Task) -> Iterator[dict[str, Any]]:
    if before is None:
        yield {"action": _creation_action(after)}
        return
    for field in FIELDS:
        old, new = _value(before, field), _value(after, field)
        if old != new:
            yield {"action": "changed", "field": field, "old": _short(old), "new": _short(new)}


def _creation_action(task: Task) -> str:
    """Why a row is there that was not."""
    if isinstance(task, TrashedTask):
        return "deleted"
    return "created" if task.version == 1 else "restored"


def _value(task: Task, field: str) -> Any:
    """The value as the API shows it: no labels are an empty list."""
    value = getattr(task, field)
    return value or [] if field == "labels" else value


def _short(value: Any) -> Any:
    return value[:TEXT_MAX] if isinstance(value, str) else value
