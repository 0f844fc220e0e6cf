"""Write a page of a planned import. To write a page again has no further effect.

Ids are planned, and each transaction creates its items on the condition that they do not exist. So
a page that was written in part, by a function that died, is completed.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from chalicelib.accounts.models import User
from chalicelib.comments.models import Comment
from chalicelib.copies.location_models import add_counts_anywhere_writes
from chalicelib.copies.task_copies import find_known_ids
from chalicelib.dynamodb.table import BatchResult, Key, batch_get
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import (
    TRANSACTION_MAX,
    ConditionFailed,
    Put,
    Write,
    merge_writes,
    transact,
)
from chalicelib.errors import Unavailable
from chalicelib.imports.plan import Page, PlannedComment, PlannedTask
from chalicelib.labels.models import Label
from chalicelib.members.models import Member
from chalicelib.relations.service import relate_copies
from chalicelib.tasks import references, task_times
from chalicelib.tasks.models import Task
from chalicelib.tasks.references import PlannedChange
from chalicelib.tasks.service import creation_writes

ATTEMPTS = 5
# Comments in one transaction: a comment has up to 20 kB, a transaction up to 4 MB.
COMMENTS_AT_ONCE = 50


def write_page(page: Page, project_id: str, user_id: str, now: datetime) -> None:
    """Create the tasks, comments and relations of a page in the project, for the user `user_id`.

    Nobody is mailed. Raises `Unavailable` when concurrent changes prevent it.
    """
    if page.tasks:
        _write_tasks(page.tasks, project_id, user_id, now)
    for task in page.tasks:
        for start in range(0, len(task.comments), COMMENTS_AT_ONCE):
            _write_comments(task.id, task.comments[start : start + COMMENTS_AT_ONCE], user_id)
    for relation in page.relations:
        relate_copies(relation.task, relation.other, relation.kind, user_id=user_id, now=now)


def _write_tasks(planned: list[PlannedTask], project_id: str, user_id: str, now: datetime) -> None:
    """Create the tasks that an earlier try has not created, several in each transaction."""
    for _ in range(ATTEMPTS):
        known = find_known_ids([each.id for each in planned])
        missing = [each for each in planned if each.id not in known]
        if not missing:
            return
        found = batch_get(*_list_targets(missing, project_id))
        changes = [_plan_creation(each, found, user_id, now) for each in missing]
        try:
            for writes in _group_writes(changes):
                transact(*writes)
            return
        except ConditionFailed:
            # A label, an assignee or a parent has just been removed: plan the rest again.
            continue
    raise Unavailable()


def _list_targets(planned: Iterable[PlannedTask], project_id: str) -> Iterator[Key[Any]]:
    """Yield the keys of what the tasks refer to."""
    for task in planned:
        if task.assigned_to is not None:
            yield Member.key(project_id, task.assigned_to)
            yield User.key(task.assigned_to)
        if task.parent is not None:
            yield Task.key(task.parent)
        yield from (Label.key(project_id, label_id) for label_id in task.labels)


def _plan_creation(
    planned: PlannedTask,
    found: BatchResult,
    user_id: str,
    now: datetime,
) -> PlannedChange:
    """Plan the creation of a task, without references that are no longer valid."""
    key = Task.key(planned.id)
    task = Task(
        key.pk,
        key.sk,
        number=planned.number,
        title=planned.title,
        description=planned.description,
        status=planned.status,
        priority=planned.priority,
        assigned_to=planned.assigned_to,
        start_date=planned.start_date,
        due_date=planned.due_date,
        labels=planned.labels or None,
        parent=planned.parent,
        rank=planned.rank,
        rrule=planned.rrule,
        repeat_from=planned.repeat_from,
        next_task=planned.next_task,
        completed_at=planned.completed_at,
        created_by=user_id,
        created_at=planned.created_at,
        updated_at=format_timestamp(now),
        changed_by=user_id,
    )
    assignee = found.get(User.key(task.assigned_to)) if task.assigned_to else None
    if assignee is None or assignee.is_closing:
        task.assigned_to = None
    task_references = references.restore_references(task, found)
    task.start_at, task.due_at = task_times.load_times(task, found.get)
    return PlannedChange(task, creation_writes(task), task_references)


def _group_writes(changes: Iterable[PlannedChange]) -> Iterator[list[Write]]:
    """Yield the writes of the changes, of as many together as fit into a transaction."""
    group: list[Write] = []
    for change in changes:
        merged = merge_writes((*group, *change.all_writes))
        if len(merged) > TRANSACTION_MAX:
            yield group
            merged = merge_writes(change.all_writes)
        group = merged
    yield group


def _write_comments(task_id: str, comments: list[PlannedComment], user_id: str) -> None:
    """Create comments of a task and count them, in one transaction. Idempotent."""
    puts = []
    for comment in comments:
        key = Comment.key(task_id, comment.id)
        item = Comment(
            key.pk,
            key.sk,
            author=user_id,
            body=comment.body,
            created_at=comment.created_at,
            edited_at=comment.edited_at,
        )
        puts.append(Put(item))
    for _ in range(ATTEMPTS):
        # The task may have been moved or deleted since it was imported.
        counts = add_counts_anywhere_writes(task_id, comments_count=len(comments))
        if not counts:
            return
        try:
            transact(*puts, *counts)
            return
        except ConditionFailed as failed:
            if isinstance(failed.write, Put):  # an earlier try has created them
                return
    raise Unavailable()
