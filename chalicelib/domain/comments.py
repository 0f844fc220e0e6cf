"""Comments: write, list, edit, delete."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from chalicelib.domain import changes, notices
from chalicelib.domain.access import Action, TaskAccess, require
from chalicelib.errors import Forbidden, NotFound, there
from chalicelib.store import comments, receipts, watchers
from chalicelib.store.comments import Comment
from chalicelib.store.ids import new_id
from chalicelib.store.table import Page
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, transact


def create(access: TaskAccess, *, body: str) -> Comment:
    """Add a comment to the task. Raises `NotFound` when the task goes to the trash meanwhile."""
    key = Comment.key(access.task.id, new_id(access.now))
    comment = Comment(
        key.pk, key.sk, author=access.user_id, body=body, created_at=stamp(access.now)
    )
    writes = (
        *comments.made(comment),
        watchers.drawn_in(access.task.id, access.user_id),
        notices.commented(comment, access.now),
    )
    try:
        return receipts.create(comment, *writes, once=access.once, now=access.now)
    except ConditionFailed as failed:
        raise NotFound() from failed


def of_task(
    access: TaskAccess, *, newest_first: bool, limit: int, start: dict[str, Any] | None
) -> Page[Comment]:
    """A page of the task's comments."""
    return comments.of_task(access.task.id, newest_first=newest_first, limit=limit, start=start)


def one(access: TaskAccess, comment_id: str) -> Comment:
    """The comment. Raises `NotFound`."""
    return there(comments.by_id(access.task.id, comment_id))


def edit(
    access: TaskAccess, comment_id: str, fields: Mapping[str, Any], *, version: int | None
) -> Comment:
    """Give one's own comment another text, which marks it as edited. Raises `Forbidden` for
    anybody else's, `PreconditionFailed` if it is not at `version` any more."""
    comment = one(access, comment_id)
    if comment.author != access.user_id:
        raise Forbidden("Only who wrote a comment may edit it")

    def store(comment: Comment, wanted: Mapping[str, Any]) -> Comment:
        after = deepcopy(comment)
        after.body, after.edited_at = wanted["body"], stamp(access.now)
        transact(comments.changed(after))
        after.version += 1
        return after

    return changes.apply(comment, fields, version=version, store=store)


def delete(access: TaskAccess, comment_id: str, *, version: int | None) -> None:
    """Take a comment away. Raises `Forbidden` for all but its author and the managers."""
    comment = one(access, comment_id)
    if comment.author != access.user_id:
        require(access, Action.MODERATE_COMMENTS)

    def commit(comment: Comment) -> None:
        row, count = comments.removed(comment)
        try:
            transact(row, count)
        except ConditionFailed as failed:
            if failed.write is count:  # the task has just gone to the trash
                raise NotFound() from failed
            raise

    changes.attempt(comment, version=version, commit=commit)
