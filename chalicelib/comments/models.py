"""Items of comments and watchers, in the partition of their task."""

from collections.abc import Iterable, Iterator
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, get_item, query_all, query_page
from chalicelib.dynamodb.transactions import Delete, Increment, Put, Update, Upsert
from chalicelib.tasks.models import Task, add_counts_write


class Comment(Item):
    """A comment. `edited_at` is set after the first edit, `author` is a user id."""

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
    def original_task_id(self) -> str:
        """The original id of the task."""
        return self.PK.removeprefix("TASK#")


def create_comment_writes(comment: Comment, task_id: str) -> tuple[Put, Increment]:
    """Return the writes that store a new comment and increment the task's comment count."""
    return Put(comment), add_counts_write(task_id, comments_count=1)


def update_comment_write(comment: Comment) -> Update:
    """Return the write that stores the text and edit time that `comment` already has.

    It fails unless the stored comment is still at the version that was read.
    """
    actions = (
        Comment.body.set(comment.body),
        Comment.edited_at.set(str(comment.edited_at)),
        Comment.version.set(comment.version + 1),
    )
    key = Comment.key(comment.original_task_id, comment.id)
    return Update(key, actions, Comment.version == comment.version)


def delete_comment_writes(comment: Comment, task_id: str) -> tuple[Delete, Increment]:
    """Return the writes that delete a comment and decrement the task's comment count.

    They fail unless the stored comment is still at the version that was read.
    """
    key = Comment.key(comment.original_task_id, comment.id)
    delete = Delete(key, Comment.version == comment.version)
    return delete, add_counts_write(task_id, comments_count=-1)


def get_comment(task_id: str, comment_id: str) -> Comment | None:
    """Return the comment, or None if the task has no such comment."""
    return get_item(Comment.key(task_id, comment_id))


def list_comments(
    task_id: str, *, newest_first: bool, limit: int, start: dict[str, Any] | None
) -> Page[Comment]:
    """Return a page of the task's comments."""
    return query_page(
        Comment,
        f"TASK#{task_id}",
        Comment.SK.startswith("COMMENT#"),
        limit=limit,
        start=start,
        newest_first=newest_first,
    )


def list_all_comments(task_id: str) -> Iterator[Comment]:
    """Yield all comments of a task, oldest first."""
    return query_all(Comment, f"TASK#{task_id}", Comment.SK.startswith("COMMENT#"))


class Watcher(Item):
    """A user who watches the task, or with `muted` one who stopped watching it."""

    muted = BooleanAttribute()

    @staticmethod
    def key(task_id: str, user_id: str) -> "Key[Watcher]":
        return Key(Watcher, f"TASK#{task_id}", f"WATCH#{user_id}")

    @property
    def user_id(self) -> str:
        return self.SK.removeprefix("WATCH#")


def add_watcher_write(task_id: str, user_id: str) -> Upsert:
    """Return the write that adds a watcher, unless the user has stopped watching the task."""
    return Upsert(Watcher.key(task_id, user_id), (Watcher.muted.set(Watcher.muted | False),))


def set_watcher_write(task_id: str, user_id: str, *, muted: bool) -> Upsert:
    """Return the write that makes a user watch the task, or with `muted` stop watching it."""
    return Upsert(Watcher.key(task_id, user_id), (Watcher.muted.set(muted),))


def list_watchers(task_id: str) -> Iterator[Watcher]:
    """Yield the watchers of a task, also those who stopped watching it (`muted`).

    `task_id` is the id that the task had when it was created.
    """
    return query_all(Watcher, f"TASK#{task_id}", Watcher.SK.startswith("WATCH#"))


def list_watcher_ids(task: Task) -> set[str]:
    """Return the ids of the task's watchers."""
    return select_watching(task, list_watchers(task.original_id))


def select_watching(task: Task, watchers: Iterable[Watcher]) -> set[str]:
    """Return the ids of the task's watchers. `watchers` are those that have an item.

    The creator and the assignee watch a task without an item of their own.
    """
    watching = {user_id for user_id in (task.created_by, task.assigned_to) if user_id}
    for watcher in watchers:
        if watcher.muted:
            watching.discard(watcher.user_id)
        else:
            watching.add(watcher.user_id)
    return watching
