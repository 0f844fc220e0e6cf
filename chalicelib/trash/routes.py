"""Routes of `/api/trash`: the deleted projects and tasks that can still be restored."""

from functools import partial

from chalice.app import Blueprint, Response
from msgspec.structs import asdict

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access, ProjectAccess
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response
from chalicelib.http.responses import json_response
from chalicelib.projects.schemas import present_overview
from chalicelib.projects.service import list_trashed_projects
from chalicelib.tasks.models import Task
from chalicelib.tasks.schemas import present_task
from chalicelib.tasks.service import list_trashed_tasks
from chalicelib.trash.schemas import TrashedProject, TrashedTask, TrashPage, TrashQuery

bp = Blueprint(__name__)


@route(bp, "GET", "/api/trash", Action.READ_TASKS, query=TrashQuery, returns=TrashPage)
def list_trash(access: Access, query: TrashQuery) -> Response:
    """List the trash."""
    if not isinstance(access, ProjectAccess):
        projects = [present_overview(*trashed) for trashed in list_trashed_projects(access)]
        return json_response(Page([TrashedProject(**asdict(project)) for project in projects]))

    project = access.project

    def present(task: Task) -> TrashedTask:
        return TrashedTask(**asdict(present_task(task, project)), deleted_at=str(task.deleted_at))

    find = partial(list_trashed_tasks, access)
    return page_response(access, query, f"trash {query.project}", find, present)
