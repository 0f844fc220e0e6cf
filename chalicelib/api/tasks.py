"""`/api/tasks`: tasks."""

from typing import Annotated, Any, Literal

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.api import cursors
from chalicelib.api.answers import (
    answer,
    changed,
    conditional,
    created,
    expected_version,
    nothing,
)
from chalicelib.api.bodies import given
from chalicelib.api.gate import route
from chalicelib.domain import tasks
from chalicelib.domain.access import Access, Action, ProjectAccess, TaskAccess
from chalicelib.domain.due_dates import due_at
from chalicelib.errors import BadRequest, FieldError, Invalid
from chalicelib.store.ids import project_of
from chalicelib.store.table import Page
from chalicelib.store.tasks import Task

bp = Blueprint(__name__)

Title = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=20_000)]


Status = Literal["todo", "in_progress", "review", "done"]
Priority = Literal["low", "medium", "high"]


class NewTask(Struct, forbid_unknown_fields=True):
    project: str
    title: Title
    description: Description = ""
    status: Status = "todo"
    priority: Priority = "medium"
    assigned_to: str | None = None
    due_date: str | None = None


class TaskPatch(Struct, forbid_unknown_fields=True):
    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    assigned_to: str | None | UnsetType = UNSET
    due_date: str | None | UnsetType = UNSET


class WholeTask(Struct, forbid_unknown_fields=True):
    title: Title
    description: Description
    status: Status
    priority: Priority
    assigned_to: str | None
    due_date: str | None


class NewStatus(Struct, forbid_unknown_fields=True):
    status: Status


class Assignment(Struct, forbid_unknown_fields=True):
    assigned_to: str | None


class TaskQuery(Struct, forbid_unknown_fields=True):
    project: str | None = None
    status: Status | None = None
    assigned_to: Literal["me"] | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 25
    cursor: str | None = None


@route(bp, "POST", "/api/tasks", Action.WRITE_TASKS, body=NewTask)
def create(access: ProjectAccess, body: NewTask) -> Response:
    fields = _checked(given(body))
    del fields["project"]
    task = tasks.create(access, **fields)
    return created(shown(task), f"/api/tasks/{task.id}/")


@route(bp, "GET", "/api/tasks", Action.READ_TASKS, query=TaskQuery)
def listed(access: Access, query: TaskQuery) -> Response:
    filters = f"tasks {query.project} {query.status} {query.assigned_to}"
    start = cursors.unpack(query.cursor, caller=access.user_id, filters=filters)
    page = _page(access, query, start)
    return answer(
        {
            "items": [card(task) for task in page.rows],
            "next_cursor": cursors.pack(page.last_key, caller=access.user_id, filters=filters),
        }
    )


@route(bp, "GET", "/api/tasks/{task_id}", Action.READ_TASKS)
def read(access: TaskAccess) -> Response:
    return conditional(shown(access.task), bp.current_request)


@route(bp, "PATCH", "/api/tasks/{task_id}", Action.WRITE_TASKS, body=TaskPatch)
def change(access: TaskAccess, body: TaskPatch) -> Response:
    return _changed(access, _checked(given(body)))


@route(bp, "PUT", "/api/tasks/{task_id}", Action.WRITE_TASKS, body=WholeTask)
def replace(access: TaskAccess, body: WholeTask) -> Response:
    return _changed(access, _checked(given(body)))


@route(bp, "DELETE", "/api/tasks/{task_id}", Action.WRITE_TASKS)
def delete(access: TaskAccess) -> Response:
    tasks.delete(access, version=expected_version(bp.current_request))
    return nothing()


@route(bp, "POST", "/api/tasks/{task_id}/restore", Action.RESTORE_TASK)
def restore(access: TaskAccess) -> Response:
    return changed(shown(tasks.restore(access)))


@route(bp, "PATCH", "/api/tasks/{task_id}/status", Action.WRITE_TASKS, body=NewStatus)
def change_status(access: TaskAccess, body: NewStatus) -> Response:
    return _changed(access, _checked(given(body)))


@route(bp, "PATCH", "/api/tasks/{task_id}/assign", Action.WRITE_TASKS, body=Assignment)
def assign(access: TaskAccess, body: Assignment) -> Response:
    return _changed(access, given(body))


def _changed(access: TaskAccess, fields: dict[str, Any]) -> Response:
    version = expected_version(bp.current_request)
    return changed(shown(tasks.change(access, fields, version=version)))


def _page(access: Access, query: TaskQuery, start: dict[str, Any] | None) -> Page[Task]:
    if isinstance(access, ProjectAccess) and query.assigned_to is None:
        return tasks.in_project(access, status=query.status, limit=query.limit, start=start)
    if query.project is None and query.assigned_to and query.status is None:
        return tasks.assigned_to_me(access, limit=query.limit, start=start)
    which = "give project (and status, if you like), or assigned_to=me alone"
    raise BadRequest(which, errors=(FieldError("project", which),))


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    """`fields`, if the due date among them can be read."""
    try:
        due_at(fields.get("due_date"))
    except ValueError as error:
        raise Invalid(errors=(FieldError("due_date", str(error)),)) from error
    return fields


def card(task: Task) -> dict[str, Any]:
    """A task as lists show it."""
    return {
        "id": task.id,
        "project": project_of(task.id),
        "title": task.title,
        "status": task.status,
        "priority": task.priority,
        "assigned_to": task.assigned_to,
        "due_date": task.due_date,
        "created_by": task.created_by,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "version": int(task.version),
    }


def shown(task: Task) -> dict[str, Any]:
    """A task, whole."""
    return card(task) | {
        "description": task.description,
        "completed_at": task.completed_at,
        "comments_count": int(task.comments_count or 0),
    }
