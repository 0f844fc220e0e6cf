"""The writes that move one task to another project."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from chalicelib.attachments.quota_models import move_storage_writes
from chalicelib.copies import location_models
from chalicelib.copies.label_mapping import LabelMapping
from chalicelib.dynamodb.ids import ID_LENGTH
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import Write
from chalicelib.labels.models import label_check
from chalicelib.members.models import get_member, member_check
from chalicelib.projects.counter_models import move_counts_write
from chalicelib.task_lists.models import move_filter_entries_writes
from chalicelib.tasks import number_models, task_times
from chalicelib.tasks.models import Task, own_attributes
from chalicelib.tasks.service import ChangeAuthor


class Destination(NamedTuple):
    """The project that tasks are moved to, its labels by those of the other project, and who moves
    the tasks."""

    project_id: str
    labels: LabelMapping
    author: ChangeAuthor


def moved_id(task: Task, project_id: str) -> str:
    """Return the id that the task has in another project."""
    return task.id[:ID_LENGTH] + project_id


def plan_move(
    task: Task,
    destination: Destination,
    *,
    number: int,
    needed: int | None = None,
    parent_id: str | None = None,
    depth: int = 1,
) -> tuple[Task, tuple[Write, ...]]:
    """Return the moved task and the writes of its move.

    They fail when the task has changed since it was read, when one of its labels or its assignee is
    gone from the project, and when the project has less room than `needed` bytes (None: any).
    """
    author, project_id = destination.author, destination.project_id
    key = Task.key(moved_id(task, project_id))
    attributes = {
        **own_attributes(task),
        **author.audit_fields,
        "number": number,
        "version": task.version + 1,
        "parent": parent_id,
        "depth": depth,
        "labels": destination.labels.map_labels(task.labels or (), author.now) or None,
        "moved_from": task.id,
        "moved_at": format_timestamp(author.now),
        "first_id": None if moved_id(task, project_id) == task.original_id else task.original_id,
    }
    moved = Task(key.pk, key.sk, **attributes).keep_undeclared(task)
    if task.assigned_to and get_member(project_id, task.assigned_to) is None:
        moved.assigned_to = None
        moved.start_at, moved.due_at = task_times.load_times(moved)
    writes = (
        *location_models.move_task_writes(task, moved, author.now),
        *_move_number_writes(task, moved, author.now),
        move_counts_write(task, None),
        move_counts_write(None, moved),
        *move_filter_entries_writes(task, None),
        *move_filter_entries_writes(None, moved),
        *move_storage_writes(task.original_id, task.project_id, project_id, needed),
        *(label_check(project_id, label_id) for label_id in moved.labels or ()),
        *([member_check(project_id, moved.assigned_to)] if moved.assigned_to else ()),
    )
    return moved, writes


def _move_number_writes(task: Task, moved: Task, now: datetime) -> Iterator[Write]:
    """Yield the writes that assign the new number, and let the old one expire after a year."""
    yield number_models.assign_number_write(
        moved.project_id, int(moved.number), moved.id, first_id=moved.first_id
    )
    if task.number is not None:
        until = now + location_models.REDIRECTED_FOR
        number = int(task.number)
        yield number_models.expire_number_write(task.project_id, number, task.id, until)
