"""List the trashed tasks of a project and restore them."""

from typing import Any

from chalicelib.access.service import ProjectAccess, TaskAccess
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.errors import Conflict
from chalicelib.projects.counter_models import move_counts_write
from chalicelib.task_lists.models import move_filter_entries_writes
from chalicelib.tasks import models as task_models
from chalicelib.tasks import references
from chalicelib.tasks.models import Task, TrashedTask
from chalicelib.tasks.references import PlannedChange
from chalicelib.tasks.service import get_author
from chalicelib.trash import models


def restore_task(access: TaskAccess) -> Task:
    """Restore the task from the trash and return it; a task that is not there does not change.

    References that are no longer valid are removed. Raises `Conflict` when a concurrent request
    changed the task or its parent, and `Invalid` when one removed its assignee or a label.
    """
    task = access.task
    if not isinstance(task, TrashedTask):
        return task
    task_references = references.restore_references(task)
    author = get_author(access)
    restored, removal, creation = models.restore_task_writes(task, **author.audit_fields)
    task_references += references.count_blocker(None, restored)
    writes = (
        removal,
        creation,
        move_counts_write(None, restored),
        *move_filter_entries_writes(None, restored),
    )
    try:
        with references.translate_reference_failures(task_references):
            transact(*PlannedChange(restored, writes, task_references).all_writes)
    except ConditionFailed as failed:
        raise Conflict("The task was changed at the same moment; try again") from failed
    return restored


def list_trashed_tasks(
    access: ProjectAccess, *, limit: int, start: dict[str, Any] | None
) -> Page[TrashedTask]:
    """Return a page of the project's trashed tasks, newest first."""
    return access.read(task_models.list_trashed_tasks, access.project.id, limit=limit, start=start)
