"""Comments: a row each in the task's own partition, and their number on the task."""

from collections.abc import Iterator
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.store import table, tasks
from chalicelib.store.table import Key, Page, Row
from chalicelib.store.transaction import Delete, Put, Tally, Update


class Comment(Row):
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


def made(comment: Comment) -> tuple[Put, Tally]:
    """The writes of a new comment: the row, and one more on the task."""
    return Put(comment), tasks.counted(comment.task_id, comments_count=1)


def changed(comment: Comment) -> Update:
    """The write that stores the text, which `comment` already has; it holds for the version that
    was read."""
    actions = (
        Comment.body.set(comment.body),
        Comment.edited_at.set(str(comment.edited_at)),
        Comment.version.set(comment.version + 1),
    )
    key = Comment.key(comment.task_id, comment.id)
    return Update(key, actions, Comment.version == comment.version)


def removed(comment: Comment) -> tuple[Delete, Tally]:
    """The writes that take a comment away: the row, and one less on the task; they hold for the
    version that was read."""
    key = Comment.key(comment.task_id, comment.id)
    row = Delete(key, Comment.version == comment.version)
    return row, tasks.counted(comment.task_id, comments_count=-1)


def by_id(task_id: str, comment_id: str) -> Comment | None:
    return table.get(Comment.key(task_id, comment_id))


def of_task(
    task_id: str, *, newest_first: bool, limit: int, start: dict[str, Any] | None
) -> Page[Comment]:
    """A page of the task's comments."""
    return table.query(
        Comment,
        f"TASK#{task_id}",
        Comment.SK.startswith("COMMENT#"),
        limit=limit,
        start=start,
        newest_first=newest_first,
    )


def all_of_task(task_id: str) -> Iterator[Comment]:
    """All comments of a task, oldest first."""
    return table.query_all(Comment, f"TASK#{task_id}", Comment.SK.startswith("COMMENT#"))
