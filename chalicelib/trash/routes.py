"""Routes of the trash: list the deleted projects and tasks, and restore a task."""

from functools import partial

from chalice.app import Blueprint, Response
from msgspec.structs import asdict

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import NO_PREFETCH, Prefetch, prefetch_list
from chalicelib.access.service import Access, ProjectAccess, RequestContext, TaskAccess
from chalicelib.dynamodb.ids import is_id
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response, prefetch_page
from chalicelib.http.responses import json_response, updated_response
from chalicelib.members.models import list_memberships
from chalicelib.projects.schemas import present_overview
from chalicelib.projects.service import list_trashed_projects
from chalicelib.tasks import models
from chalicelib.tasks.schemas import Task, present_task
from chalicelib.trash import service
from chalicelib.trash.schemas import TrashedProject, TrashedTask, TrashPage, TrashQuery

bp = Blueprint(__name__)


def _prefetch_trash(context: RequestContext, query: TrashQuery) -> Prefetch:
    if query.project is None:
        return prefetch_list(list_memberships, context.caller.user_id)
    if not is_id(query.project):
        return NO_PREFETCH
    read = models.list_trashed_tasks
    return prefetch_page(context, query, f"trash {query.project}", read, query.project)


@route(
    bp,
    "GET",
    "/api/trash",
    Action.READ_TASKS,
    query=TrashQuery,
    returns=TrashPage,
    prefetch=_prefetch_trash,
)
def list_trash(access: Access, query: TrashQuery) -> Response:
    """List the trash."""
    if not isinstance(access, ProjectAccess):
        projects = [present_overview(*trashed) for trashed in list_trashed_projects(access)]
        return json_response(Page([TrashedProject(**asdict(project)) for project in projects]))

    project = access.project

    def present(task: models.Task) -> TrashedTask:
        return TrashedTask(**asdict(present_task(task, project)), deleted_at=str(task.deleted_at))

    find = partial(service.list_trashed_tasks, access)
    return page_response(access, query, f"trash {query.project}", find, present)


@route(bp, "POST", "/api/tasks/{task_id}/restore", Action.RESTORE_TASK, returns=Task)
def restore_task(access: TaskAccess) -> Response:
    """Restore a task from the trash."""
    return updated_response(present_task(service.restore_task(access), access.project))
