"""`/api/tasks`: one task at a time; its lists are with *task lists*."""

from typing import Annotated, Any, Literal

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.api.answers import changed, conditional, created, expected_version, nothing
from chalicelib.api.bodies import given
from chalicelib.api.fields import DayOrTime, Id, Time
from chalicelib.api.gate import route
from chalicelib.domain import tasks
from chalicelib.domain.access import Action, ProjectAccess, TaskAccess
from chalicelib.store.ids import project_of
from chalicelib.store.projects import Project
from chalicelib.store.tasks import Task as TaskRow

bp = Blueprint(__name__)

TASK = "/api/tasks/{task_id}"

Title = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=20_000)]
Status = Literal["todo", "in_progress", "review", "done"]
Priority = Literal["low", "medium", "high"]
Labels = list[str]
TaskKey = Annotated[str, Meta(examples=["LAUNCH-12"])]


class NewTask(Struct, forbid_unknown_fields=True):
    project: str
    title: Title
    description: Description = ""
    status: Status = "todo"
    priority: Priority = "medium"
    assigned_to: str | None = None
    due_date: DayOrTime | None = None
    labels: Labels = []
    parent: str | None = None


class TaskPatch(Struct, forbid_unknown_fields=True):
    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    assigned_to: str | None | UnsetType = UNSET
    due_date: DayOrTime | None | UnsetType = UNSET
    labels: Labels | None | UnsetType = UNSET
    parent: str | None | UnsetType = UNSET


class WholeTask(Struct, forbid_unknown_fields=True):
    title: Title
    description: Description
    status: Status
    priority: Priority
    assigned_to: str | None
    due_date: DayOrTime | None
    labels: Labels
    parent: str | None


class NewStatus(Struct, forbid_unknown_fields=True):
    status: Status


class Assignment(Struct, forbid_unknown_fields=True):
    assigned_to: str | None


class TaskCard(Struct):
    """A task as lists show it."""

    id: Id
    key: TaskKey
    project: Id
    title: str
    status: Status
    priority: Priority
    assigned_to: Id | None
    due_date: DayOrTime | None
    labels: list[Id]
    parent: Id | None
    comments_count: int
    attachments_count: int
    subtasks_count: int
    created_by: Id
    created_at: Time
    updated_at: Time
    completed_at: Time | None
    version: int


class Task(TaskCard):
    """A task, whole."""

    description: str


@route(bp, "POST", "/api/tasks", Action.WRITE_TASKS, body=NewTask, gives=Task, status=201)
def create(access: ProjectAccess, body: NewTask) -> Response:
    fields = given(body)
    del fields["project"]
    task = tasks.create(access, **fields)
    return created(shown(task, access.project), f"/api/tasks/{task.id}/")


@route(bp, "GET", TASK, Action.READ_TASKS, gives=Task)
def read(access: TaskAccess) -> Response:
    return conditional(shown(access.task, access.project), bp.current_request)


@route(bp, "PATCH", TASK, Action.WRITE_TASKS, body=TaskPatch, gives=Task)
def change(access: TaskAccess, body: TaskPatch) -> Response:
    return _changed(access, given(body))


@route(bp, "PUT", TASK, Action.WRITE_TASKS, body=WholeTask, gives=Task)
def replace(access: TaskAccess, body: WholeTask) -> Response:
    return _changed(access, given(body))


@route(bp, "DELETE", TASK, Action.WRITE_TASKS)
def delete(access: TaskAccess) -> Response:
    tasks.delete(access, version=expected_version(bp.current_request))
    return nothing()


@route(bp, "POST", TASK + "/restore", Action.RESTORE_TASK, gives=Task)
def restore(access: TaskAccess) -> Response:
    return changed(shown(tasks.restore(access), access.project))


@route(bp, "PATCH", TASK + "/status", Action.WRITE_TASKS, body=NewStatus, gives=Task)
def change_status(access: TaskAccess, body: NewStatus) -> Response:
    return _changed(access, given(body))


@route(bp, "PATCH", TASK + "/assign", Action.WRITE_TASKS, body=Assignment, gives=Task)
def assign(access: TaskAccess, body: Assignment) -> Response:
    return _changed(access, given(body))


def _changed(access: TaskAccess, fields: dict[str, Any]) -> Response:
    version = expected_version(bp.current_request)
    task = tasks.change(access, fields, version=version)
    return changed(shown(task, access.project))


def card(task: TaskRow, project: Project) -> TaskCard:
    """A task as lists show it."""
    return TaskCard(**_facts(task, project))


def shown(task: TaskRow, project: Project) -> Task:
    """A task, whole."""
    return Task(**_facts(task, project), description=task.description)


def _facts(task: TaskRow, project: Project) -> dict[str, Any]:
    return {
        "id": task.id,
        "key": f"{project.prefix}-{int(task.number or 0)}",
        "project": project_of(task.id),
        "title": task.title,
        "status": task.status,
        "priority": task.priority,
        "assigned_to": task.assigned_to,
        "due_date": task.due_date,
        "labels": list(task.labels or ()),
        "parent": task.parent,
        "comments_count": int(task.comments_count or 0),
        "attachments_count": int(task.attachments_count or 0),
        "subtasks_count": int(task.subtasks_count or 0),
        "created_by": task.created_by,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "completed_at": task.completed_at,
        "version": int(task.version),
    }
