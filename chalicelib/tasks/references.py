"""What a task names: an assignee, labels, a parent. Each has to be there at the moment of the
change, which a write of its own in the transaction sees to."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from chalicelib.dynamodb.ids import is_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.transactions import ConditionFailed, Write, item_key
from chalicelib.errors import ApiError, FieldError, Invalid
from chalicelib.labels.models import Label, label_check
from chalicelib.members.models import Member, member_check
from chalicelib.tasks.models import Task

LABELS_MAX = 20


class Reference(NamedTuple):
    """A write that holds while what is named is there, and the answer when it is not."""

    write: Write
    refusal: ApiError


def build_references(task: Task, before: Task | None) -> tuple[Reference, ...]:
    """The people and labels that `task` names and `before`, the task as it was, did not."""
    return (*_assignee(task, before), *_labels(task, before))


@contextmanager
def translate_reference_failures(references: Iterable[Reference]) -> Iterator[None]:
    """Answer as the reference says whose write failed."""
    refusals = map_refusals(references)
    try:
        yield
    except ConditionFailed as failed:
        refusal = refusals.get(item_key(failed.write))
        if refusal is None:
            raise
        raise refusal from failed


def map_refusals(references: Iterable[Reference]) -> Mapping[tuple[str, str], ApiError]:
    """What to answer when the write to a place fails."""
    return {item_key(reference.write): reference.refusal for reference in references}


def drop_missing_references(task: Task) -> None:
    """Take from `task` what is there no more."""
    person = Member.key(task.project_id, task.assigned_to or "")
    stuck = {label: Label.key(task.project_id, label) for label in task.labels or ()}
    rows = batch_get(person, *stuck.values())
    task.labels = [label for label, key in stuck.items() if rows.get(key)] or None
    if rows.get(person) is None:
        task.assigned_to = None


def _assignee(task: Task, before: Task | None) -> Iterator[Reference]:
    user_id = task.assigned_to
    if user_id is None or (before is not None and before.assigned_to == user_id):
        return
    refusal = _bad("assigned_to", "must be a member of the project")
    if not is_id(user_id):
        raise refusal
    yield Reference(member_check(task.project_id, user_id), refusal)


def _labels(task: Task, before: Task | None) -> Iterator[Reference]:
    old = set(before.labels or ()) if before else set()
    new = [label for label in task.labels or () if label not in old]
    if new and len(task.labels or ()) > LABELS_MAX:
        raise _bad("labels", f"are at most {LABELS_MAX}")
    for label_id in new:
        refusal = _bad("labels", f"{label_id} is no label of the project")
        if not is_id(label_id):
            raise refusal
        yield Reference(label_check(task.project_id, label_id), refusal)


def _bad(field: str, message: str) -> Invalid:
    return Invalid(errors=(FieldError(field, message),))
