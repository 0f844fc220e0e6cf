"""`/api/tasks/{id}/comments`: what people say about a task."""

from functools import partial
from typing import Annotated, Literal

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.api.answers import (
    changed,
    conditional,
    created,
    expected_version,
    nothing,
)
from chalicelib.api.bodies import given
from chalicelib.api.fields import Id, Page, Time
from chalicelib.api.gate import route
from chalicelib.api.pages import PageQuery, page
from chalicelib.domain import comments
from chalicelib.domain.access import Action, TaskAccess
from chalicelib.errors import FieldError, Invalid
from chalicelib.store.comments import Comment as CommentRow

bp = Blueprint(__name__)

COMMENTS = "/api/tasks/{task_id}/comments"
COMMENT = COMMENTS + "/{comment_id}"
BODY_MAX_BYTES = 10_000

Body = Annotated[str, Meta(min_length=1)]


class NewComment(Struct, forbid_unknown_fields=True):
    body: Body


class CommentPatch(Struct, forbid_unknown_fields=True):
    body: Body | UnsetType = UNSET


class CommentsQuery(PageQuery):
    ordering: Literal["created_at", "-created_at"] = "created_at"


class Comment(Struct):
    """What somebody said; `edited_at` marks one that was changed since."""

    id: Id
    task: Id
    author: Id
    body: str
    created_at: Time
    edited_at: Time | None
    version: int


@route(bp, "POST", COMMENTS, Action.WRITE_COMMENTS, body=NewComment, gives=Comment, status=201)
def create(access: TaskAccess, body: NewComment) -> Response:
    comment = comments.create(access, **_checked(given(body)))
    return created(shown(comment), f"/api/tasks/{comment.task_id}/comments/{comment.id}/")


@route(bp, "GET", COMMENTS, Action.READ_COMMENTS, query=CommentsQuery, gives=Page[Comment])
def listed(access: TaskAccess, query: CommentsQuery) -> Response:
    find = partial(comments.of_task, access, newest_first=query.ordering == "-created_at")
    return page(access, query, f"comments {access.task.id} {query.ordering}", find, shown)


@route(bp, "GET", COMMENT, Action.READ_COMMENTS, gives=Comment)
def read(access: TaskAccess, comment_id: str) -> Response:
    return conditional(shown(comments.one(access, comment_id)), bp.current_request)


@route(bp, "PATCH", COMMENT, Action.WRITE_COMMENTS, body=CommentPatch, gives=Comment)
def edit(access: TaskAccess, body: CommentPatch, comment_id: str) -> Response:
    fields, version = _checked(given(body)), expected_version(bp.current_request)
    return changed(shown(comments.edit(access, comment_id, fields, version=version)))


@route(bp, "DELETE", COMMENT, Action.WRITE_COMMENTS)
def delete(access: TaskAccess, comment_id: str) -> Response:
    version = expected_version(bp.current_request)
    comments.delete(access, comment_id, version=version)
    return nothing()


def _checked(fields: dict[str, str]) -> dict[str, str]:
    """`fields`, if the text is not too long, as it is stored."""
    if len(fields.get("body", "").encode()) > BODY_MAX_BYTES:
        message = f"must be at most {BODY_MAX_BYTES} bytes of UTF-8"
        raise Invalid(errors=(FieldError("body", message),))
    return fields


def shown(comment: CommentRow) -> Comment:
    return Comment(
        id=comment.id,
        task=comment.task_id,
        author=comment.author,
        body=comment.body,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        version=int(comment.version),
    )
