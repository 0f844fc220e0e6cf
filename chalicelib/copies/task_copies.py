"""Copies of single tasks: duplicate a task, and on request its subtasks.

The ids of copies are derived from the id of the source, so a copy that is made again is the same.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.access.service import TaskAccess
from chalicelib.accounts.models import get_user
from chalicelib.copies.location_models import TaskLocation, find_task
from chalicelib.copies.rank_mapping import map_ranks
from chalicelib.copies.subtasks import TAKEOVER_DELAY, list_subtask_tree, list_subtasks
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.ids import ID_LENGTH, derive_copy_id, new_task_id, project_id_of
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, item_key, transact
from chalicelib.errors import Unavailable
from chalicelib.jobs.deferred_update_models import (
    DeferredUpdate,
    defer_update_write,
    forget_deferred_update,
)
from chalicelib.jobs.time_budget import TimeBudget, unlimited_budget
from chalicelib.mail.notifications import queue_assignment_writes
from chalicelib.tasks import models, number_models, references, task_times
from chalicelib.tasks.models import Task, TrashedTask
from chalicelib.tasks.references import PlannedChange
from chalicelib.tasks.service import ChangeAuthor, creation_writes, get_author

SUBTASK_COPY = "copy"
ATTEMPTS = 5
COPIED_FIELDS = (
    "title",
    "description",
    "priority",
    "assigned_to",
    "start_date",
    "due_date",
    "labels",
    "parent",
    "reminders",
    "rrule",
    "repeat_from",
)


def duplicate_task(access: TaskAccess, *, title: str | None, subtasks: bool) -> Task:
    """Create a copy of the task in its project, with `subtasks` also of all tasks below it.

    The copies start as `todo`, without comments, files and history. `title` replaces the title of
    the copy. A repeated idempotency key returns the first copy. Raises `Conflict` for too many
    subtasks.
    """
    source, author = access.task, get_author(access)
    has_subtasks = subtasks and bool(list_subtask_tree(source))
    copy_id = new_task_id(access.project.id, access.now)
    fields = {} if title is None else {"title": title}
    sequence = access.get_item(number_models.TaskNumberSequence.key(access.project.id))
    claim = number_models.claim_next_number(access.project.id, sequence)
    number, numbering = claim.number, [claim.write]
    for _ in range(ATTEMPTS):
        change = plan_copy(source, copy_id, number, author, fields)
        copy = change.task
        mails = queue_assignment_writes(copy, None, actor=author.user_id, now=author.now)
        follow_up = defer_update_write(
            SUBTASK_COPY, source.id, copy.id, now=access.now, after=TAKEOVER_DELAY
        )
        try:
            created = create_once(
                copy,
                *change.all_writes,
                *mails,
                *([follow_up] if has_subtasks else ()),
                *numbering,
                idempotency_key=access.idempotency_key,
                now=access.now,
            )
        except ConditionFailed as failed:
            # Otherwise a label, the assignee or the parent has just been removed.
            if claim.is_refused(failed):
                number, numbering = number_models.draw_task_numbers(access.project.id), []
            continue
        if has_subtasks and created is copy:
            _copy_subtasks(source.id, copy, author, unlimited_budget(access.now))
            forget_deferred_update(SUBTASK_COPY, source.id, copy.id, at=access.now + TAKEOVER_DELAY)
        if has_subtasks:  # the copies have increased its count
            return models.get_task(created.id) or created
        return created
    raise Unavailable()


def plan_copy(
    source: Task, copy_id: str, number: int, author: ChangeAuthor, fields: Mapping[str, Any]
) -> PlannedChange:
    """Plan the copy of a task under the id `copy_id`, with `fields` in place of the source's.

    Removes an assignee who is no member of the project, or whose account is being deleted, and
    labels that the project does not have. A task whose parent is missing becomes a top-level task.
    Without a due date the copy has no rule.
    """
    key, at = Task.key(copy_id), format_timestamp(author.now)
    copied = {name: getattr(source, name) for name in COPIED_FIELDS}
    attributes = {
        "created_at": at,
        **copied,
        **author.audit_fields,
        "number": number,
        "created_by": author.user_id,
        **fields,
    }
    copy = Task(key.pk, key.sk, **attributes)
    if copy.due_date is None:
        copy.rrule = copy.repeat_from = None
    if copy.assigned_to not in {None, author.user_id}:
        assignee = get_user(str(copy.assigned_to))
        if assignee is None or assignee.is_closing:
            copy.assigned_to = None
    copy_references = references.restore_references(copy)
    copy.start_at, copy.due_at = task_times.load_times(copy)
    return PlannedChange(copy, creation_writes(copy), copy_references)


def copy_remaining_subtasks(deferred: DeferredUpdate, budget: TimeBudget) -> None:
    """Copy the subtasks that a request left behind.

    `deferred.about` is the id of the source and the id of its copy. Idempotent. Raises `OutOfTime`
    when `budget` ends before the last subtask.
    """
    source_id, copy_id = deferred.about
    copy, source = models.get_task(copy_id), find_task(source_id)
    if copy is not None and source is not None:
        author = ChangeAuthor(copy.created_by, None, budget.clock())
        _copy_subtasks(source.id, copy, author, budget)


def _copy_subtasks(source_id: str, copy: Task, author: ChangeAuthor, budget: TimeBudget) -> None:
    """Copy the tasks below a task under its copy, each after its parent.

    Their ids are derived from that of `copy`, the topmost one.
    """
    pairs = [(source_id, copy.id)]
    for parent_id, parent_copy_id in pairs:
        subtasks = list_subtasks(parent_id)
        copy_ids = [subtask_copy_id(subtask.id, copy) for subtask in subtasks]
        known = find_known_ids(copy_ids)
        ranks = map_ranks(subtasks, lambda task_id: subtask_copy_id(task_id, copy))
        for subtask, copy_id in budget.each(list(zip(subtasks, copy_ids, strict=True))):
            if copy_id not in known:
                fields = {"parent": parent_copy_id, "rank": ranks.get(subtask.id)}
                _copy_subtask(subtask, copy_id, fields, author)
            if subtask.subtasks_count:
                pairs.append((subtask.id, copy_id))


def subtask_copy_id(subtask_id: str, copy: Task) -> str:
    """Return the id of the copy of a subtask; `copy` is the copy of the topmost task."""
    own_id = derive_copy_id(parse_timestamp(copy.created_at), subtask_id[:ID_LENGTH], copy.id)
    return own_id + project_id_of(copy.id)


def _copy_subtask(
    source: Task, copy_id: str, fields: Mapping[str, Any], author: ChangeAuthor
) -> None:
    number = number_models.draw_task_numbers(project_id_of(copy_id))
    for _ in range(ATTEMPTS):
        change = plan_copy(source, copy_id, number, author, fields)
        mails = queue_assignment_writes(change.task, None, actor=author.user_id, now=author.now)
        if commit_copy(change, *mails):
            return
    raise Unavailable()


def commit_copy(change: PlannedChange, *writes: Any) -> bool:
    """Write a planned copy together with `writes`.

    Returns whether it exists now. It does not if a label, the assignee or the parent of the copy
    was removed since the copy was planned.
    """
    try:
        transact(*change.all_writes, *writes)
    except ConditionFailed as failed:
        return item_key(failed.write) == (change.task.PK, change.task.SK)
    return True


def find_known_ids(copy_ids: list[str]) -> set[str]:
    """Return those of the ids of copies that an earlier run has written.

    The copies may be in the trash or in another project by now.
    """
    keys = {
        copy_id: (Task.key(copy_id), TrashedTask.key(copy_id), TaskLocation.key(copy_id))
        for copy_id in copy_ids
    }
    result = batch_get(*(key for each in keys.values() for key in each))
    return {copy_id for copy_id, each in keys.items() if any(result.raw(key) for key in each)}
