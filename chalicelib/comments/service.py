"""Comments: create, list, edit, delete."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from chalicelib.access.permissions import Action
from chalicelib.access.service import TaskAccess, require_permission
from chalicelib.comments import models
from chalicelib.comments.models import Comment
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.optimistic_locking import apply_changes, retry_on_conflict
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.errors import Forbidden, NotFound, require_found
from chalicelib.mail.notifications import queue_comment_write


def create_comment(access: TaskAccess, *, body: str) -> Comment:
    """Add a comment to the task. Its author becomes a watcher, and its mail is queued.

    Raises `NotFound` if a concurrent request moves the task to the trash or to another project.
    """
    key = Comment.key(access.task.original_id, new_id(access.now))
    comment = Comment(
        key.pk, key.sk, author=access.user_id, body=body, created_at=format_timestamp(access.now)
    )
    writes = (
        *models.create_comment_writes(comment, access.task.id),
        models.add_watcher_write(access.task.original_id, access.user_id),
        queue_comment_write(comment, access.task.id, access.now),
    )
    try:
        return create_once(comment, *writes, idempotency_key=access.idempotency_key, now=access.now)
    except ConditionFailed as failed:
        raise NotFound() from failed


def list_comments(
    access: TaskAccess, *, newest_first: bool, limit: int, start: dict[str, Any] | None
) -> Page[Comment]:
    """Return a page of the task's comments."""
    task_id = access.task.original_id
    return access.read(
        models.list_comments, task_id, newest_first=newest_first, limit=limit, start=start
    )


def get_comment(access: TaskAccess, comment_id: str) -> Comment:
    """Return the comment. Raises `NotFound` if the task has no such comment."""
    return require_found(access.get_item(Comment.key(access.task.original_id, comment_id)))


def update_comment(
    access: TaskAccess, comment_id: str, fields: Mapping[str, Any], *, version: int | None
) -> Comment:
    """Change the text of the caller's comment, and mark it as edited.

    Raises `Forbidden` if somebody else wrote it, `PreconditionFailed` if it is no longer at
    `version`.
    """
    comment = get_comment(access, comment_id)
    if comment.author != access.user_id:
        raise Forbidden("Only the author of a comment may edit it")

    def store(comment: Comment, changed: Mapping[str, Any]) -> Comment:
        edited = deepcopy(comment)
        edited.body, edited.edited_at = changed["body"], format_timestamp(access.now)
        transact(models.update_comment_write(edited))
        edited.version += 1
        return edited

    return apply_changes(comment, fields, version=version, store=store)


def delete_comment(access: TaskAccess, comment_id: str, *, version: int | None) -> None:
    """Delete a comment.

    Raises `Forbidden` unless the caller is its author or may moderate comments,
    `PreconditionFailed` if it is no longer at `version`.
    """
    comment = get_comment(access, comment_id)
    if comment.author != access.user_id:
        require_permission(access, Action.MODERATE_COMMENTS)

    def commit(comment: Comment) -> None:
        delete, decrement = models.delete_comment_writes(comment, access.task.id)
        try:
            transact(delete, decrement)
        except ConditionFailed as failed:
            if failed.write is decrement:  # a concurrent request moved the task away
                raise NotFound() from failed
            raise

    retry_on_conflict(comment, version=version, commit=commit)
