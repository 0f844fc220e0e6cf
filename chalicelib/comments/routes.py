"""Routes of the comments and the watchers of a task."""

from functools import partial

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch, prefetch_item, prefetch_list
from chalicelib.access.service import RequestContext, TaskAccess
from chalicelib.comments import models, schemas, service, watchers
from chalicelib.comments.schemas import Comment, CommentPatch, CommentsQuery, NewComment, Watcher
from chalicelib.dynamodb.ids import is_id, project_id_of
from chalicelib.errors import FieldError, Invalid, NotFound
from chalicelib.http.bodies import sent_fields
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response, prefetch_page
from chalicelib.http.responses import (
    conditional_response,
    created_response,
    json_response,
    no_content_response,
    parse_if_match,
    updated_response,
)
from chalicelib.markdown.schemas import RenderQuery
from chalicelib.members.models import Member

bp = Blueprint(__name__)

COMMENTS = "/api/tasks/{task_id}/comments"
COMMENT = COMMENTS + "/{comment_id}"
WATCHERS = "/api/tasks/{task_id}/watchers"
WATCHER = WATCHERS + "/{watcher}"
BODY_MAX_BYTES = 10_000

_prefetch_comment = prefetch_item(models.Comment.key, "task_id", "comment_id")


def _prefetch_comments(context: RequestContext, query: CommentsQuery, task_id: str) -> Prefetch:
    return prefetch_page(
        context,
        query,
        _name_list(task_id, query),
        models.list_comments,
        task_id,
        newest_first=_is_newest_first(query),
    )


def _prefetch_watchers(_: RequestContext, task_id: str) -> Prefetch:
    return prefetch_list(models.list_watchers, task_id)


def _prefetch_member(_: RequestContext, task_id: str, watcher: str) -> Prefetch:
    return Prefetch((Member.key(project_id_of(task_id), watcher),))


def _name_list(task_id: str, query: CommentsQuery) -> str:
    return f"comments {task_id} {query.ordering}"


def _is_newest_first(query: CommentsQuery) -> bool:
    return query.ordering == "-created_at"


@route(
    bp,
    "POST",
    COMMENTS,
    Action.WRITE_COMMENTS,
    body=NewComment,
    query=RenderQuery,
    returns=Comment,
    status=201,
)
def create_comment(access: TaskAccess, body: NewComment, query: RenderQuery) -> Response:
    """Add a comment."""
    fields = _require_short_body(sent_fields(body))
    comment = service.create_comment(access, **fields)
    task_id = access.task.id
    shown = schemas.present_comment(comment, task_id, query.render)
    return created_response(shown, f"/api/tasks/{task_id}/comments/{comment.id}/")


@route(
    bp,
    "GET",
    COMMENTS,
    Action.READ_COMMENTS,
    query=CommentsQuery,
    returns=Page[Comment],
    prefetch=_prefetch_comments,
)
def list_comments(access: TaskAccess, query: CommentsQuery) -> Response:
    """List a task's comments."""
    find = partial(service.list_comments, access, newest_first=_is_newest_first(query))
    task_id = access.task.id
    present = partial(schemas.present_comment, task_id=task_id, render=query.render)
    return page_response(access, query, _name_list(task_id, query), find, present)


@route(
    bp,
    "GET",
    COMMENT,
    Action.READ_COMMENTS,
    query=RenderQuery,
    returns=Comment,
    prefetch=_prefetch_comment,
)
def get_comment(access: TaskAccess, query: RenderQuery, comment_id: str) -> Response:
    """Get a comment."""
    comment = service.get_comment(access, comment_id)
    shown = schemas.present_comment(comment, access.task.id, query.render)
    return conditional_response(shown, bp.current_request)


@route(
    bp,
    "PATCH",
    COMMENT,
    Action.WRITE_COMMENTS,
    body=CommentPatch,
    query=RenderQuery,
    returns=Comment,
    prefetch=_prefetch_comment,
)
def update_comment(
    access: TaskAccess, body: CommentPatch, query: RenderQuery, comment_id: str
) -> Response:
    """Edit a comment."""
    fields = _require_short_body(sent_fields(body))
    version = parse_if_match(bp.current_request)
    comment = service.update_comment(access, comment_id, fields, version=version)
    return updated_response(schemas.present_comment(comment, access.task.id, query.render))


@route(
    bp,
    "DELETE",
    COMMENT,
    Action.WRITE_COMMENTS,
    prefetch=_prefetch_comment,
)
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


@route(
    bp,
    "GET",
    WATCHERS,
    Action.READ_TASKS,
    returns=Page[Watcher],
    prefetch=_prefetch_watchers,
)
def list_watchers(access: TaskAccess) -> Response:
    """List a task's watchers."""
    users = watchers.list_watchers(access)
    return json_response(Page([schemas.present_watcher(user) for user in users]))


@route(
    bp,
    "PUT",
    WATCHER,
    Action.WATCH_TASKS,
    prefetch=_prefetch_member,
)
def add_watcher(access: TaskAccess, watcher: str) -> Response:
    """Watch a task."""
    user_id = _resolve_watcher(access, watcher)
    watchers.set_watching(access, user_id, watching=True)
    return no_content_response()


@route(
    bp,
    "DELETE",
    WATCHER,
    Action.WATCH_TASKS,
    prefetch=_prefetch_member,
)
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
