"""Bodies, queries and responses of comments and watchers."""

from typing import Annotated, Literal

from msgspec import UNSET, Struct, UnsetType

from chalicelib.accounts.models import User
from chalicelib.comments import models
from chalicelib.http.fields import Id, Time
from chalicelib.http.pagination import PageQuery
from chalicelib.http.text_fields import paragraphs
from chalicelib.markdown.service import render_html

Body = Annotated[str, paragraphs()]


class NewComment(Struct, forbid_unknown_fields=True):
    body: Body


class CommentPatch(Struct, forbid_unknown_fields=True):
    body: Body | UnsetType = UNSET


class CommentsQuery(PageQuery):
    """`render=html` adds the text of each comment as HTML."""

    ordering: Literal["created_at", "-created_at"] = "created_at"
    render: Literal["html"] | None = None


class Comment(Struct):
    """A comment on a task; `edited_at` is null if it was never edited.

    With `render=html`, `html` is the body as HTML.
    """

    id: Id
    task: Id
    author: Id
    body: str
    created_at: Time
    edited_at: Time | None
    version: int
    html: str | UnsetType = UNSET


def present_comment(comment: models.Comment, task_id: str, render: str | None = None) -> Comment:
    """Return the comment on the task with this id; with `render` "html", also its text as HTML."""
    return Comment(
        id=comment.id,
        task=task_id,
        author=comment.author,
        body=comment.body,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        version=int(comment.version),
        html=render_html(comment.body) if render else UNSET,
    )


class Watcher(Struct):
    user_id: Id
    username: str
    display_name: str


def present_watcher(user: User) -> Watcher:
    return Watcher(user.id, user.username, user.display_name)
