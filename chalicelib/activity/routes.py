"""Routes of the activity log of a task or a project, and of the changes feed."""

from functools import partial

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import NO_PREFETCH, Prefetch
from chalicelib.access.service import Access, ProjectAccess, RequestContext, TaskAccess
from chalicelib.activity import changes_feed, models, schemas, service
from chalicelib.activity.changes_feed import ChangesPage
from chalicelib.activity.cursors import decode_round, encode_round
from chalicelib.activity.schemas import Activity, Changes, ChangesQuery
from chalicelib.errors import BadRequest, FieldError
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import PageQuery, page_response, prefetch_page
from chalicelib.http.responses import json_response

bp = Blueprint(__name__)


def _prefetch_task_activity(context: RequestContext, query: PageQuery, task_id: str) -> Prefetch:
    read = models.list_task_activity
    return prefetch_page(context, query, f"activity {task_id}", read, task_id)


def _prefetch_project_activity(
    context: RequestContext, query: PageQuery, project_id: str
) -> Prefetch:
    read = models.list_project_activity
    return prefetch_page(context, query, f"activity {project_id}", read, project_id)


@route(
    bp,
    "GET",
    "/api/tasks/{task_id}/activity",
    Action.READ_TASKS,
    query=PageQuery,
    returns=Page[Activity],
    prefetch=_prefetch_task_activity,
)
def list_task_activity(access: TaskAccess, query: PageQuery) -> Response:
    """List a task's activity."""
    find = partial(service.list_task_activity, access)
    return page_response(
        access, query, f"activity {access.task.id}", find, schemas.present_activity
    )


@route(
    bp,
    "GET",
    "/api/projects/{project_id}/activity",
    Action.READ_TASKS,
    query=PageQuery,
    returns=Page[Activity],
    prefetch=_prefetch_project_activity,
)
def list_project_activity(access: ProjectAccess, query: PageQuery) -> Response:
    """List a project's activity."""
    find = partial(service.list_project_activity, access)
    return page_response(
        access, query, f"activity {access.project.id}", find, schemas.present_activity
    )


def _prefetch_changes(context: RequestContext, query: ChangesQuery) -> Prefetch:
    if query.project or query.start:
        return NO_PREFETCH
    user_id = context.caller.user_id
    return changes_feed.prefetch_changes(user_id, is_first_round=query.cursor is None)


@route(
    bp,
    "GET",
    "/api/changes",
    Action.READ_TASKS,
    query=ChangesQuery,
    returns=Changes,
    prefetch=_prefetch_changes,
)
def list_changes(access: Access, query: ChangesQuery) -> Response:
    """List changes since a cursor."""
    round_ = decode_round(query.cursor, caller=access.user_id, project=query.project)
    if round_ and query.start:
        raise BadRequest(errors=(FieldError("start", "give either start or cursor"),))
    if query.start:
        page = ChangesPage([], changes_feed.start_now(access), has_more=False)
    else:
        page = changes_feed.list_changes(access, round_, limit=query.limit)
    next_cursor = encode_round(page.next_round, caller=access.user_id, project=query.project)
    items = [schemas.present_change(entry) for entry in page.entries]
    return json_response(Changes(items, next_cursor, page.has_more))
