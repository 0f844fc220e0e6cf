"""`.../activity`: who changed what of a task, or of all tasks of a project."""

from collections.abc import Callable
from functools import partial
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access, ProjectAccess, TaskAccess
from chalicelib.activity import changes_feed, schemas, service
from chalicelib.activity import schemas as activity_schemas
from chalicelib.activity.changes_feed import FeedPosition, SyncRound
from chalicelib.activity.models import Activity
from chalicelib.activity.schemas import Changes, ChangesQuery
from chalicelib.dynamodb.pages import Page
from chalicelib.http import fields as http_fields
from chalicelib.http.gate import route
from chalicelib.http.pagination import PageQuery, decode_cursor, encode_cursor, page_response
from chalicelib.http.responses import json_response

bp = Blueprint(__name__)
Read = Callable[..., Page[Activity]]


@route(
    bp,
    "GET",
    "/api/tasks/{task_id}/activity",
    Action.READ_TASKS,
    query=PageQuery,
    returns=http_fields.Page[activity_schemas.Activity],
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
    returns=http_fields.Page[activity_schemas.Activity],
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
    bound = {"caller": access.user_id, "filters": "changes"}
    known = decode_cursor(query.cursor, **bound)
    page = changes_feed.list_changes(access, _round(known), limit=query.limit)
    following = {"since": page.then.since, "began": page.then.began, "place": page.then.place}
    cursor = encode_cursor(following, **bound)
    return json_response(
        Changes([schemas.present_change(each) for each in page.entries], str(cursor), page.has_more)
    )


def _round(known: dict[str, Any] | None) -> SyncRound | None:
    return (
        SyncRound(known["since"], known["began"], FeedPosition(*known["place"])) if known else None
    )
