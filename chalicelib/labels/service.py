"""Labels: make, list, change, delete."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from chalicelib.access.service import ProjectAccess
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.optimistic_locking import apply_changes, retry_on_conflict
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, item_key, transact
from chalicelib.errors import Conflict, require_found
from chalicelib.jobs.deferred_update_models import defer_update_write
from chalicelib.labels import models
from chalicelib.labels.jobs import LABEL_REMOVAL
from chalicelib.labels.models import Label


def create_label(access: ProjectAccess, *, name: str, color: str) -> Label:
    """Make a label. Raises `Conflict` when the project has one of that name."""
    key = Label.key(access.project.id, new_id(access.now))
    label = Label(key.pk, key.sk, name=name, color=color, created_at=format_timestamp(access.now))
    made, name_claimed = models.create_label_writes(label)
    try:
        return create_once(
            label, made, name_claimed, idempotency_key=access.idempotency_key, now=access.now
        )
    except ConditionFailed as failed:
        raise _taken() from failed


def list_labels(access: ProjectAccess, *, limit: int, start: dict[str, Any] | None) -> Page[Label]:
    """A page of the project's labels, the oldest first."""
    return models.list_labels(access.project.id, limit=limit, start=start)


def get_label(access: ProjectAccess, label_id: str) -> Label:
    """One label. Raises `NotFound`."""
    return require_found(models.get_label(access.project.id, label_id))


def update_label(
    access: ProjectAccess, label_id: str, fields: Mapping[str, Any], *, version: int | None
) -> Label:
    """Give the label another name or color; tasks follow, since they hold its id. Raises
    `Conflict` when the name is taken."""
    return apply_changes(get_label(access, label_id), fields, version=version, store=_store)


def delete_label(access: ProjectAccess, label_id: str, *, version: int | None) -> None:
    """End the label; the next tick takes it from its tasks."""
    withdrawal = defer_update_write(LABEL_REMOVAL, access.project.id, label_id, now=access.now)

    def commit(label: Label) -> None:
        transact(*models.delete_label_writes(label), withdrawal)

    retry_on_conflict(get_label(access, label_id), version=version, commit=commit)


def _store(label: Label, wanted: Mapping[str, Any]) -> Label:
    after = deepcopy(label)
    for name, value in wanted.items():
        setattr(after, name, value)
    try:
        transact(*models.update_label_writes(after, wanted, label.name))
    except ConditionFailed as failed:
        if item_key(failed.write) == (label.PK, label.SK):
            raise
        raise _taken() from failed
    after.version += 1
    return after


def _taken() -> Conflict:
    return Conflict("The project has a label of this name", code="name_taken")
