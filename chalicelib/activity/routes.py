"""Routes of the activity log of a task or a project, and of the changes feed."""

from functools import partial

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access, ProjectAccess, TaskAccess
from chalicelib.activity import changes_feed, schemas, service
from chalicelib.activity.changes_feed import FeedPosition, SyncRound
from chalicelib.activity.schemas import Activity, Changes, ChangesQuery
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import PageQuery, decode_cursor, encode_cursor, page_response
from chalicelib.http.responses import json_response

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/api/tasks/{task_id}/activity",
    Action.READ_TASKS,
    query=PageQuery,
    returns=Page[Activity],
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
)
def list_project_activity(access: ProjectAccess, query: PageQuery) -> Response:
    """List a project's activity."""
    find = partial(service.list_project_activity, access)
    return page_response(
        access, query, f"activity {access.project.id}", find, schemas.present_activity
    )


@route(bp, "GET", "/api/changes", Action.READ_TASKS, query=ChangesQuery, returns=Changes)
def list_changes(access: Access, query: ChangesQuery) -> Response:
    """List changes since a cursor."""
    scope = {"caller": access.user_id, "filters": "changes"}
    round_ = None
    known = decode_cursor(query.cursor, **scope)
    if known:
        round_ = SyncRound(known["since"], known["began"], FeedPosition(*known["place"]))

    page = changes_feed.list_changes(access, round_, limit=query.limit)
    following = page.next_round
    next_cursor = encode_cursor(
        {"since": following.since, "began": following.began, "place": following.position}, **scope
    )
    items = [schemas.present_change(entry) for entry in page.entries]
    return json_response(Changes(items, str(next_cursor), page.has_more))
