"""Labels: make, list, change, delete."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from chalicelib.domain import changes
from chalicelib.domain import tasks as rules
from chalicelib.domain.access import ProjectAccess
from chalicelib.domain.pacing import Pace
from chalicelib.errors import Conflict, there
from chalicelib.store import edges, errands, labels, receipts, tasks
from chalicelib.store.errands import Errand
from chalicelib.store.ids import new_id
from chalicelib.store.labels import Label
from chalicelib.store.table import Page
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, place_of, transact

WITHDRAWAL = "label"


def create(access: ProjectAccess, *, name: str, colour: str) -> Label:
    """Make a label. Raises `Conflict` when the project has one of that name."""
    key = Label.key(access.project.id, new_id(access.now))
    label = Label(key.pk, key.sk, name=name, colour=colour, created_at=stamp(access.now))
    made, name_claimed = labels.created(label)
    try:
        return receipts.create(label, made, name_claimed, once=access.once, now=access.now)
    except ConditionFailed as failed:
        raise _taken() from failed


def listed(access: ProjectAccess, *, limit: int, start: dict[str, Any] | None) -> Page[Label]:
    """A page of the project's labels, the oldest first."""
    return labels.of_project(access.project.id, limit=limit, start=start)


def read(access: ProjectAccess, label_id: str) -> Label:
    """One label. Raises `NotFound`."""
    return there(labels.by_id(access.project.id, label_id))


def change(
    access: ProjectAccess, label_id: str, fields: Mapping[str, Any], *, version: int | None
) -> Label:
    """Give the label another name or colour; tasks follow, since they hold its id. Raises
    `Conflict` when the name is taken."""
    return changes.apply(read(access, label_id), fields, version=version, store=_store)


def delete(access: ProjectAccess, label_id: str, *, version: int | None) -> None:
    """End the label; the next tick takes it from its tasks."""
    withdrawal = errands.owed(WITHDRAWAL, access.project.id, label_id, now=access.now)

    def commit(label: Label) -> None:
        transact(*labels.deleted(label), withdrawal)

    changes.attempt(read(access, label_id), version=version, commit=commit)


def withdraw(withdrawal: Errand, pace: Pace) -> None:
    """Take a label that is no more from the tasks that still have it."""
    project_id, label_id = withdrawal.about
    for task_id in pace.each(edges.task_ids(project_id, f"label:{label_id}")):
        task = tasks.by_id(task_id)
        if task is not None and label_id in (task.labels or ()):
            left = [label for label in task.labels if label != label_id]
            rules.amend(task, {"labels": left or None}, pace.clock())


def _store(label: Label, wanted: Mapping[str, Any]) -> Label:
    after = deepcopy(label)
    for name, value in wanted.items():
        setattr(after, name, value)
    try:
        transact(*labels.changed(after, wanted, label.name))
    except ConditionFailed as failed:
        if place_of(failed.write) == (label.PK, label.SK):
            raise
        raise _taken() from failed
    after.version += 1
    return after


def _taken() -> Conflict:
    return Conflict("The project has a label of this name", code="name_taken")
