"""Bodies, queries and responses of comments and watchers."""

from typing import Annotated, Literal

from msgspec import UNSET, Struct, UnsetType

from chalicelib.accounts.models import User
from chalicelib.comments import models
from chalicelib.http.fields import Id, Time
from chalicelib.http.pagination import PageQuery
from chalicelib.http.text_fields import paragraphs

Body = Annotated[str, paragraphs()]


class NewComment(Struct, forbid_unknown_fields=True):
    body: Body


class CommentPatch(Struct, forbid_unknown_fields=True):
    body: Body | UnsetType = UNSET


class CommentsQuery(PageQuery):
    ordering: Literal["created_at", "-created_at"] = "created_at"


class Comment(Struct):
    """A comment on a task; `edited_at` is null if it was never edited."""

    id: Id
    task: Id
    author: Id
    body: str
    created_at: Time
    edited_at: Time | None
    version: int


def present_comment(comment: models.Comment) -> Comment:
    return Comment(
        id=comment.id,
        task=comment.task_id,
        author=comment.author,
        body=comment.body,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        version=int(comment.version),
    )


class Watcher(Struct):
    user_id: Id
    username: str
    display_name: str


def present_watcher(user: User) -> Watcher:
    return Watcher(user.id, user.username, user.display_name)
