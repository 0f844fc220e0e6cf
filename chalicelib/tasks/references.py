"""What a task refers to: an assignee, labels and a parent.

A reference is valid only while its target exists. The transaction of the change therefore holds a
write for each new reference, and the transaction fails when the target is missing.

Tasks form trees of three levels within one project. Each task stores its depth, and its parent
counts it as a subtask. A task that has subtasks keeps its depth. So concurrent moves can create
neither a tree that is too deep nor a cycle.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from chalicelib.accounts.models import get_user
from chalicelib.dynamodb.ids import is_id, is_task_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.transactions import ConditionFailed, Increment, Write, item_key
from chalicelib.errors import ApiError, Conflict, FieldError, Invalid
from chalicelib.labels.models import Label, label_check
from chalicelib.members.models import Member, member_check
from chalicelib.tasks import models
from chalicelib.tasks.models import Task

LABELS_MAX = 20
MAX_DEPTH = 3
PARENT_CHANGED = "The parent was changed at the same moment; try again"


class Reference(NamedTuple):
    """A write that fails when the target of a reference is missing, and the error to raise then."""

    write: Write
    error: ApiError


def build_references(task: Task, before: Task | None) -> tuple[Reference, ...]:
    """Return the references that `task` has and `before` (None: a new task) does not have.

    Sets the depth of `task` when its parent differs. Raises `Invalid` when the assignee, a label
    or the parent cannot be valid, and `Conflict` when a task with subtasks would change its depth.
    """
    _require_assignee_stays(task, before)
    parent_references = _place_under_parent(task, before)
    return (*_build_assignee_and_label_references(task, before), *parent_references)


def _require_assignee_stays(task: Task, before: Task | None) -> None:
    """Raise `Invalid` when a new assignee has requested the deletion of the account.

    The account is read before the transaction, which costs less than a check in it. If the request
    comes in between, the deletion unassigns the task
    (docs/decisions/0035-a-closing-account-gets-no-work.md).
    """
    assignee = task.assigned_to
    # The author of the change has a session, so the author's account is not being deleted.
    if assignee in {None, task.changed_by, before.assigned_to if before else None}:
        return
    user = get_user(str(assignee))
    if user is not None and user.is_closing:
        message = "belongs to an account that is being deleted; choose another member"
        raise invalid_field("assigned_to", message)


def _build_assignee_and_label_references(task: Task, before: Task | None) -> list[Reference]:
    references = []

    assignee = task.assigned_to
    if assignee is not None and (before is None or before.assigned_to != assignee):
        error = invalid_field("assigned_to", "must be a member of the project")
        if not is_id(assignee):
            raise error
        references.append(Reference(member_check(task.project_id, assignee), error))

    old_labels = set(before.labels or ()) if before else set()
    new_labels = [label_id for label_id in task.labels or () if label_id not in old_labels]
    if new_labels and len(task.labels or ()) > LABELS_MAX:
        raise invalid_field("labels", f"must be at most {LABELS_MAX} labels")
    for label_id in new_labels:
        error = invalid_field("labels", f"{label_id} is not a label of the project")
        if not is_id(label_id):
            raise error
        references.append(Reference(label_check(task.project_id, label_id), error))

    return references


def _place_under_parent(task: Task, before: Task | None) -> tuple[Reference, ...]:
    """Set the depth of `task` if its parent differs, and return the references to both parents."""
    old_parent_id = before.parent if before else None
    if task.parent == old_parent_id:
        return ()
    parent = None if task.parent is None else _get_parent(task, task.parent)
    task.depth = 1 if parent is None else int(parent.depth or 1) + 1
    if task.depth > MAX_DEPTH:
        raise invalid_field("parent", f"is too deep: tasks nest in {MAX_DEPTH} levels")
    if before is not None and task.depth != (before.depth or 1):
        require_no_subtasks(before)

    additions = () if parent is None else (models.add_subtask_write(parent),)
    writes = (*additions, *remove_subtask_writes(old_parent_id))
    return tuple(Reference(write, Conflict(PARENT_CHANGED)) for write in writes)


def _get_parent(task: Task, parent_id: str) -> Task:
    is_possible = is_task_id(parent_id) and parent_id.endswith(task.project_id)
    parent = models.get_task(parent_id) if is_possible and parent_id != task.id else None
    if parent is None:
        raise invalid_field("parent", "must be another task of the same project")
    return parent


def restore_references(task: Task) -> tuple[Reference, ...]:
    """Return the references of a task that is restored, after removing those that are invalid.

    An assignee who left the project and deleted labels are removed. A task whose parent is
    missing, or is at the lowest level, becomes a top-level task.
    """
    member = Member.key(task.project_id, task.assigned_to or "")
    labels = {label_id: Label.key(task.project_id, label_id) for label_id in task.labels or ()}
    result = batch_get(member, *labels.values())
    task.labels = [label_id for label_id, key in labels.items() if result.get(key)] or None
    if result.get(member) is None:
        task.assigned_to = None

    parent = models.get_task(task.parent) if task.parent else None
    if parent is None or int(parent.depth or 1) >= MAX_DEPTH:
        task.parent, task.depth = None, 1
        return tuple(_build_assignee_and_label_references(task, None))
    task.depth = int(parent.depth or 1) + 1
    parent_reference = Reference(models.add_subtask_write(parent), Conflict(PARENT_CHANGED))
    return (*_build_assignee_and_label_references(task, None), parent_reference)


def require_no_subtasks(task: Task) -> None:
    """Raises `Conflict` when the task has subtasks, which would lose their place."""
    if task.subtasks_count:
        raise Conflict("Delete or move its subtasks first", code="has_subtasks")


def remove_subtask_writes(parent_id: str | None) -> tuple[Increment, ...]:
    """Return the write that counts one subtask less; none for a task without a parent."""
    return () if parent_id is None else (models.add_counts_write(parent_id, subtasks_count=-1),)


@contextmanager
def translate_reference_failures(references: Iterable[Reference]) -> Iterator[None]:
    """Raise the error of the reference whose write failed instead of `ConditionFailed`."""
    errors = {item_key(reference.write): reference.error for reference in references}
    try:
        yield
    except ConditionFailed as failed:
        error = errors.get(item_key(failed.write))
        if error is None:
            raise
        raise error from failed


def invalid_field(field: str, message: str) -> Invalid:
    """Return the error for one invalid field."""
    return Invalid(errors=(FieldError(field, message),))
