"""Comments: a row each in the task's own partition, and their number on the task."""

from collections.abc import Iterator
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, get_item, query_all, query_page
from chalicelib.dynamodb.transactions import Delete, Increment, Put, Update, Upsert
from chalicelib.tasks.models import Task, add_counts_write


class Comment(Item):
    author = UnicodeAttribute()
    body = UnicodeAttribute()
    created_at = UnicodeAttribute()
    edited_at = UnicodeAttribute(null=True)
    version = NumberAttribute(default=1)

    @staticmethod
    def key(task_id: str, comment_id: str) -> "Key[Comment]":
        return Key(Comment, f"TASK#{task_id}", f"COMMENT#{comment_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("COMMENT#")

    @property
    def task_id(self) -> str:
        return self.PK.removeprefix("TASK#")


def create_comment_writes(comment: Comment) -> tuple[Put, Increment]:
    """The writes of a new comment: the row, and one more on the task."""
    return Put(comment), add_counts_write(comment.task_id, comments_count=1)


def update_comment_write(comment: Comment) -> Update:
    """The write that stores the text, which `comment` already has; it holds for the version that
    was read."""
    actions = (
        Comment.body.set(comment.body),
        Comment.edited_at.set(str(comment.edited_at)),
        Comment.version.set(comment.version + 1),
    )
    key = Comment.key(comment.task_id, comment.id)
    return Update(key, actions, Comment.version == comment.version)


def delete_comment_writes(comment: Comment) -> tuple[Delete, Increment]:
    """The writes that take a comment away: the row, and one less on the task; they hold for the
    version that was read."""
    key = Comment.key(comment.task_id, comment.id)
    row = Delete(key, Comment.version == comment.version)
    return row, add_counts_write(comment.task_id, comments_count=-1)


def get_comment(task_id: str, comment_id: str) -> Comment | None:
    return get_item(Comment.key(task_id, comment_id))


def list_comments(
    task_id: str, *, newest_first: bool, limit: int, start: dict[str, Any] | None
) -> Page[Comment]:
    """A page of the task's comments."""
    return query_page(
        Comment,
        f"TASK#{task_id}",
        Comment.SK.startswith("COMMENT#"),
        limit=limit,
        start=start,
        newest_first=newest_first,
    )


def list_all_comments(task_id: str) -> Iterator[Comment]:
    """All comments of a task, oldest first."""
    return query_all(Comment, f"TASK#{task_id}", Comment.SK.startswith("COMMENT#"))


class Watcher(Item):
    muted = BooleanAttribute()

    @staticmethod
    def key(task_id: str, user_id: str) -> "Key[Watcher]":
        return Key(Watcher, f"TASK#{task_id}", f"WATCH#{user_id}")

    @property
    def user_id(self) -> str:
        return self.SK.removeprefix("WATCH#")


def add_watcher_write(task_id: str, user_id: str) -> Upsert:
    """The write that makes a watcher of somebody who did something; who said no stays so."""
    return Upsert(Watcher.key(task_id, user_id), (Watcher.muted.set(Watcher.muted | False),))


def set_watcher_write(task_id: str, user_id: str, *, muted: bool) -> Upsert:
    """The write that makes a watcher, or keeps the no."""
    return Upsert(Watcher.key(task_id, user_id), (Watcher.muted.set(muted),))


def list_watcher_ids(task: Task) -> set[str]:
    """The ids of who watches the task."""
    ours = Watcher.SK.startswith("WATCH#")
    said = {row.user_id: row.muted for row in query_all(Watcher, f"TASK#{task.id}", ours)}
    own = {user_id for user_id in (task.created_by, task.assigned_to) if user_id}
    return {user_id for user_id in own | set(said) if not said.get(user_id)}
