"""Routes of the comments and the watchers of a task."""

from functools import partial

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.service import TaskAccess
from chalicelib.comments import schemas, service, watchers
from chalicelib.comments.schemas import Comment, CommentPatch, CommentsQuery, NewComment, Watcher
from chalicelib.dynamodb.ids import is_id
from chalicelib.errors import FieldError, Invalid, NotFound
from chalicelib.http.bodies import sent_fields
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response
from chalicelib.http.responses import (
    conditional_response,
    created_response,
    json_response,
    no_content_response,
    parse_if_match,
    updated_response,
)

bp = Blueprint(__name__)

COMMENTS = "/api/tasks/{task_id}/comments"
COMMENT = COMMENTS + "/{comment_id}"
WATCHERS = "/api/tasks/{task_id}/watchers"
WATCHER = WATCHERS + "/{watcher}"
BODY_MAX_BYTES = 10_000


@route(bp, "POST", COMMENTS, Action.WRITE_COMMENTS, body=NewComment, returns=Comment, status=201)
def create_comment(access: TaskAccess, body: NewComment) -> Response:
    """Add a comment."""
    fields = _require_short_body(sent_fields(body))
    comment = service.create_comment(access, **fields)
    return created_response(
        schemas.present_comment(comment), f"/api/tasks/{comment.task_id}/comments/{comment.id}/"
    )


@route(bp, "GET", COMMENTS, Action.READ_COMMENTS, query=CommentsQuery, returns=Page[Comment])
def list_comments(access: TaskAccess, query: CommentsQuery) -> Response:
    """List a task's comments."""
    find = partial(service.list_comments, access, newest_first=query.ordering == "-created_at")
    return page_response(
        access, query, f"comments {access.task.id} {query.ordering}", find, schemas.present_comment
    )


@route(bp, "GET", COMMENT, Action.READ_COMMENTS, returns=Comment)
def get_comment(access: TaskAccess, comment_id: str) -> Response:
    """Get a comment."""
    comment = service.get_comment(access, comment_id)
    return conditional_response(schemas.present_comment(comment), bp.current_request)


@route(bp, "PATCH", COMMENT, Action.WRITE_COMMENTS, body=CommentPatch, returns=Comment)
def update_comment(access: TaskAccess, body: CommentPatch, comment_id: str) -> Response:
    """Edit a comment."""
    fields = _require_short_body(sent_fields(body))
    version = parse_if_match(bp.current_request)
    comment = service.update_comment(access, comment_id, fields, version=version)
    return updated_response(schemas.present_comment(comment))


@route(bp, "DELETE", COMMENT, Action.WRITE_COMMENTS)
def delete_comment(access: TaskAccess, comment_id: str) -> Response:
    """Delete a comment."""
    version = parse_if_match(bp.current_request)
    service.delete_comment(access, comment_id, version=version)
    return no_content_response()


def _require_short_body(fields: dict[str, str]) -> dict[str, str]:
    """Return `fields`. Raises `Invalid` if the text has too many bytes in UTF-8."""
    if len(fields.get("body", "").encode()) > BODY_MAX_BYTES:
        message = f"must be at most {BODY_MAX_BYTES} bytes of UTF-8"
        raise Invalid(errors=(FieldError("body", message),))
    return fields


@route(bp, "GET", WATCHERS, Action.READ_TASKS, returns=Page[Watcher])
def list_watchers(access: TaskAccess) -> Response:
    """List a task's watchers."""
    users = watchers.list_watchers(access)
    return json_response(Page([schemas.present_watcher(user) for user in users]))


@route(bp, "PUT", WATCHER, Action.WATCH_TASKS)
def add_watcher(access: TaskAccess, watcher: str) -> Response:
    """Watch a task."""
    user_id = _resolve_watcher(access, watcher)
    watchers.set_watching(access, user_id, watching=True)
    return no_content_response()


@route(bp, "DELETE", WATCHER, Action.WATCH_TASKS)
def remove_watcher(access: TaskAccess, watcher: str) -> Response:
    """Stop watching a task."""
    user_id = _resolve_watcher(access, watcher)
    watchers.set_watching(access, user_id, watching=False)
    return no_content_response()


def _resolve_watcher(access: TaskAccess, watcher: str) -> str:
    """Return the id of the user that the path names; `me` is the caller. Raises `NotFound`."""
    if watcher == "me":
        return access.user_id
    if not is_id(watcher):
        raise NotFound()
    return watcher
