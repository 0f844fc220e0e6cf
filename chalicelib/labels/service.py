"""Labels of a project: create, list, get, update, delete."""

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
from chalicelib.text import fold_name


def create_label(access: ProjectAccess, *, name: str, color: str) -> Label:
    """Create a label; `color` is `#rrggbb`.

    Raises `Conflict` (`name_taken`) when the project has a label whose folded name is the same.
    """
    key = Label.key(access.project.id, new_id(access.now))
    label = Label(
        key.pk,
        key.sk,
        name=name,
        folded_name=fold_name(name),
        color=color,
        created_at=format_timestamp(access.now),
    )
    try:
        return create_once(
            label,
            *models.create_label_writes(label),
            idempotency_key=access.idempotency_key,
            now=access.now,
        )
    except ConditionFailed as failed:
        raise _name_taken_error() from failed


def list_labels(access: ProjectAccess, *, limit: int, start: dict[str, Any] | None) -> Page[Label]:
    """Return a page of the project's labels, oldest first."""
    return access.read(models.list_labels, access.project.id, limit=limit, start=start)


def get_label(access: ProjectAccess, label_id: str) -> Label:
    """Return one label. Raises `NotFound` when the project does not have it."""
    return require_found(access.get_item(Label.key(access.project.id, label_id)))


def update_label(
    access: ProjectAccess, label_id: str, fields: Mapping[str, Any], *, version: int | None
) -> Label:
    """Change the label's `name` or `color`. Its tasks do not change, because they store its id.

    Raises `NotFound`, `PreconditionFailed` when `version` is given and is not the stored one, and
    `Conflict` (`name_taken`) when another label of the project has the name.
    """

    def store(label: Label, changes: Mapping[str, Any]) -> Label:
        updated = deepcopy(label)
        try:
            transact(*models.update_label_writes(updated, changes))
        except ConditionFailed as failed:
            # A concurrent change of the label itself is retried by `apply_changes`.
            if item_key(failed.write) == (label.PK, label.SK):
                raise
            raise _name_taken_error() from failed
        updated.version += 1
        return updated

    return apply_changes(get_label(access, label_id), fields, version=version, store=store)


def delete_label(access: ProjectAccess, label_id: str, *, version: int | None) -> None:
    """Delete the label. A deferred update removes it from its tasks at the next tick.

    Raises `NotFound`, and `PreconditionFailed` when `version` is given and is not the stored one.
    """
    deferred = defer_update_write(LABEL_REMOVAL, access.project.id, label_id, now=access.now)

    def commit(label: Label) -> None:
        transact(*models.delete_label_writes(label), deferred)

    retry_on_conflict(get_label(access, label_id), version=version, commit=commit)


def _name_taken_error() -> Conflict:
    return Conflict("The project already has a label with this name", code="name_taken")
