"""Routes that copy or move: tasks and projects."""

from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch, prefetch_item
from chalicelib.access.service import ProjectAccess, RequestContext, TaskAccess
from chalicelib.copies import moves, project_copies, schemas, task_copies
from chalicelib.copies.schemas import (
    MovedTask,
    ProjectCopy,
    ProjectDuplicate,
    TaskDuplicate,
    TaskMove,
)
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.http.gate import route
from chalicelib.http.responses import (
    accepted_response,
    conditional_response,
    created_response,
    json_response,
    parse_if_match,
)
from chalicelib.jobs.models import Job
from chalicelib.jobs.service import PROJECT_COPY, get_job
from chalicelib.tasks.number_models import TaskNumberSequence
from chalicelib.tasks.schemas import Task, present_task

bp = Blueprint(__name__)

TASK = "/api/tasks/{task_id}"
DUPLICATE = "/api/projects/{project_id}/duplicate"


def _prefetch_number(_: RequestContext, task_id: str, **__: Any) -> Prefetch:
    return Prefetch((TaskNumberSequence.key(project_id_of(task_id)),))


@route(
    bp,
    "POST",
    TASK + "/duplicate",
    Action.WRITE_TASKS,
    body=TaskDuplicate,
    returns=Task,
    status=201,
    prefetch=_prefetch_number,
)
def duplicate_task(access: TaskAccess, body: TaskDuplicate) -> Response:
    """Duplicate a task."""
    task = task_copies.duplicate_task(access, title=body.title, subtasks=body.subtasks)
    return created_response(present_task(task, access.project), f"/api/tasks/{task.id}/")


@route(bp, "POST", TASK + "/move", Action.MOVE_TASK, body=TaskMove, returns=MovedTask)
def move_task(access: TaskAccess, body: TaskMove) -> Response:
    """Move a task to another project."""
    version = parse_if_match(bp.current_request)
    result = moves.move_task(access, body.project, version=version)
    location = f"/api/tasks/{result.task.id}/"
    return json_response(schemas.present_move(result), headers={"Location": location})


@route(
    bp,
    "POST",
    DUPLICATE,
    Action.DUPLICATE_PROJECT,
    body=ProjectDuplicate,
    returns=ProjectCopy,
    status=202,
)
def duplicate_project(access: ProjectAccess, body: ProjectDuplicate) -> Response:
    """Duplicate a project."""
    job = project_copies.duplicate_project(
        access,
        name=body.name,
        prefix=body.key,
        done_tasks=body.done_tasks,
        members=body.members,
        start_date=body.start_date,
    )
    location = f"/api/projects/{access.project.id}/duplicate/{job.id}/"
    return accepted_response(schemas.present_project_copy(job), location)


@route(
    bp,
    "GET",
    DUPLICATE + "/{copy_id}",
    Action.DUPLICATE_PROJECT,
    returns=ProjectCopy,
    prefetch=prefetch_item(Job.key, "copy_id"),
)
def get_project_duplicate(access: ProjectAccess, copy_id: str) -> Response:
    """Get the state of a project's duplication."""
    job = get_job(access, (PROJECT_COPY,), access.project.id, copy_id)
    return conditional_response(schemas.present_project_copy(job), bp.current_request)
