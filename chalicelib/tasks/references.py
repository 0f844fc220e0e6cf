"""The references of a task: an assignee, labels and a parent.

A reference is valid only while its target exists. The transaction of the change therefore holds a
write for each new reference, and the transaction fails when the target is missing.

Tasks form trees of three levels within one project. Each task stores its depth, and its parent
counts it as a subtask. A task that has subtasks keeps its depth. So concurrent moves can create
neither a tree that is too deep nor a cycle.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from msgspec import Struct

from chalicelib.access.prefetch import Prefetch
from chalicelib.accounts.models import User
from chalicelib.dynamodb.ids import is_id, is_task_id
from chalicelib.dynamodb.table import BatchResult, Key, batch_get, get_item
from chalicelib.dynamodb.transactions import (
    TRANSACTION_MAX,
    ConditionFailed,
    Increment,
    Write,
    item_key,
    merge_writes,
)
from chalicelib.errors import ApiError, Conflict, FieldError, Invalid
from chalicelib.labels.models import Label, label_check
from chalicelib.members.models import Member, member_check
from chalicelib.relations.models import move_open_blockers_writes
from chalicelib.tasks import models
from chalicelib.tasks.models import Task

# Reads an item: `table.get_item`, or `Access.get_item` for what was prefetched.
ReadItem = Callable[[Key[Any]], Any]

LABELS_MAX = 20
MAX_DEPTH = 3
PARENT_CHANGED = "The parent was changed at the same moment; try again"
BLOCKED_CHANGED = "A task that this one blocks was changed at the same moment; try again"


class Reference(NamedTuple):
    """A write that fails when the target of a reference is missing, and the error to raise then."""

    write: Write
    error: ApiError


class PlannedChange(Struct, frozen=True):
    """A change that is not committed yet: the task after it, and its writes."""

    task: Task
    writes: tuple[Write, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def all_writes(self) -> tuple[Write, ...]:
        return (*self.writes, *(reference.write for reference in self.references))

    def require_one_transaction(self) -> None:
        """Raise `Conflict` when the change needs more writes than one transaction holds.

        Only several changes together need that many: for example twenty other labels and the
        completion of a recurring task that blocks many others.
        """
        writes = self.all_writes
        if len(writes) > TRANSACTION_MAX and len(merge_writes(writes)) > TRANSACTION_MAX:
            message = "So many changes do not fit into one request; change the status by itself"
            raise Conflict(message, code="too_many_changes")


def prefetch_references(project_id: str, fields: Mapping[str, Any]) -> Prefetch:
    """Return what a change will read that sets `fields` of a task of the project."""
    assignee, parent = fields.get("assigned_to"), fields.get("parent")
    keys: list[Key[Any]] = []
    if assignee is not None and is_id(assignee):
        keys.append(User.key(assignee))
    if parent is not None and is_task_id(parent) and parent.endswith(project_id):
        keys.append(Task.key(parent))
    return Prefetch(tuple(keys))


def build_references(
    task: Task, before: Task | None, read: ReadItem = get_item
) -> tuple[Reference, ...]:
    """Return the references that `task` has and `before` (None: a new task) does not have.

    Sets the depth of `task` when its parent differs. Raises `Invalid` when the assignee, a label
    or the parent cannot be valid, and `Conflict` when a task with subtasks would change its depth.
    """
    _require_assignee_stays(task, before, read)
    parent_references = _place_under_parent(task, before, read)
    return (*_build_assignee_and_label_references(task, before), *parent_references)


def _require_assignee_stays(task: Task, before: Task | None, read: ReadItem) -> None:
    """Raise `Invalid` when a new assignee has requested the deletion of the account.

    The account is read before the transaction, which costs less than a check in it. If the request
    comes in between, the deletion unassigns the task
    (docs/decisions/0035-a-closing-account-gets-no-work.md).
    """
    assignee = task.assigned_to
    # The author of the change has a session, so the author's account is not being deleted.
    if assignee in {None, task.changed_by, before.assigned_to if before else None}:
        return
    user = read(User.key(str(assignee)))
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


def _place_under_parent(task: Task, before: Task | None, read: ReadItem) -> tuple[Reference, ...]:
    """Set the depth of `task` if its parent differs, and return the references to both parents."""
    old_parent_id = before.parent if before else None
    if task.parent == old_parent_id:
        return ()
    parent = None if task.parent is None else _get_parent(task, task.parent, read)
    task.depth = 1 if parent is None else int(parent.depth or 1) + 1
    if task.depth > MAX_DEPTH:
        raise invalid_field("parent", f"is too deep: tasks nest in {MAX_DEPTH} levels")
    if before is not None and task.depth != (before.depth or 1):
        require_no_subtasks(before)

    additions = () if parent is None else (models.add_subtask_write(parent),)
    writes = (*additions, *remove_subtask_writes(old_parent_id))
    return tuple(Reference(write, Conflict(PARENT_CHANGED)) for write in writes)


def _get_parent(task: Task, parent_id: str, read: ReadItem) -> Task:
    is_possible = is_task_id(parent_id) and parent_id.endswith(task.project_id)
    parent = read(Task.key(parent_id)) if is_possible and parent_id != task.id else None
    if not isinstance(parent, Task):
        raise invalid_field("parent", "must be another task of the same project")
    return parent


def read_references(task: Task, *others: Key[Any]) -> BatchResult:
    """Read what a task that is restored or recurs refers to, and the items at `others`."""
    keys: list[Key[Any]] = [Label.key(task.project_id, each) for each in task.labels or ()]
    if task.assigned_to is not None:
        keys.append(Member.key(task.project_id, task.assigned_to))
    if task.parent is not None:
        keys.append(Task.key(task.parent))
    return batch_get(*keys, *others)


def restore_references(task: Task, found: BatchResult | None = None) -> tuple[Reference, ...]:
    """Return the references of a task that is restored or recurs, without those that are invalid.

    An assignee who left the project and deleted labels are removed. A task whose parent is
    missing, or is at the lowest level, becomes a top-level task. `found` is the result of
    `read_references`, if it was called before.
    """
    items = found or read_references(task)
    parent = items.get(Task.key(task.parent)) if task.parent else None
    labels = {label_id: Label.key(task.project_id, label_id) for label_id in task.labels or ()}
    task.labels = [label_id for label_id, key in labels.items() if items.get(key)] or None
    if items.get(Member.key(task.project_id, task.assigned_to or "")) is None:
        task.assigned_to = None

    if parent is None or int(parent.depth or 1) >= MAX_DEPTH:
        task.parent, task.depth = None, 1
        return tuple(_build_assignee_and_label_references(task, None))
    task.depth = int(parent.depth or 1) + 1
    parent_reference = Reference(models.add_subtask_write(parent), Conflict(PARENT_CHANGED))
    return (*_build_assignee_and_label_references(task, None), parent_reference)


def count_blocker(before: Task | None, after: Task | None) -> tuple[Reference, ...]:
    """Return the references to the tasks that a task blocks, if it begins or stops to block.

    Pass None as `before` or `after` for a task that is in the trash.
    """
    writes = move_open_blockers_writes(before, after)
    return tuple(Reference(write, Conflict(BLOCKED_CHANGED)) for write in writes)


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
