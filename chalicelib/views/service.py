"""Saved views: create, list, get, update, delete.

The gate authorizes a request for a shared view in its project, so `access` is a `ProjectAccess`.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from chalicelib.access.prefetch import Prefetch
from chalicelib.access.service import Access, ProjectAccess, RequestContext
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.optimistic_locking import apply_changes, retry_on_conflict
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.errors import Conflict, NotFound, require_found
from chalicelib.views import models
from chalicelib.views.models import MAX_VIEWS, View


def create_view(access: Access, *, name: str, filter: dict[str, Any], ordering: str) -> View:
    """Create a view of the caller or, with a `ProjectAccess`, one that its project shares.

    Raises `Conflict` (`too_many_views`) when the caller or the project has `MAX_VIEWS` views.
    """
    project_id, now = _get_project_id(access), format_timestamp(access.now)
    key = View.key(access.user_id, models.new_view_id(project_id, access.now))
    view = View(
        key.pk,
        key.sk,
        name=name,
        filter=filter,
        ordering=ordering,
        created_by=access.user_id,
        created_at=now,
        updated_at=now,
    )
    writes = models.create_view_writes(view)
    for _ in range(2):
        try:
            return create_once(
                view, *writes, idempotency_key=access.idempotency_key, now=access.now
            )
        except ConditionFailed:
            # The count never differs from the views, unless somebody changed the table.
            if not models.correct_count(view.PK):
                break
    raise Conflict(f"There are {MAX_VIEWS} views already; delete one", code="too_many_views")


def list_views(access: Access, *, limit: int, start: dict[str, Any] | None) -> Page[View]:
    """Return a page of the caller's own views or, with a `ProjectAccess`, of the project's."""
    partition = models.owner_partition(access.user_id, _get_project_id(access))
    return access.read(models.list_views, partition, limit=limit, start=start)


def get_view(access: Access, view_id: str) -> View:
    """Return a view. Raises `NotFound` if it does not exist or `access` is not for its project."""
    project_id = models.view_project_id(view_id)
    if project_id is not None and project_id != _get_project_id(access):
        raise NotFound()
    return require_found(access.get_item(View.key(access.user_id, view_id)))


def prefetch_view(context: RequestContext, view_id: str, **_: Any) -> Prefetch:
    """Return what `get_view` will read."""
    return Prefetch((View.key(context.caller.user_id, view_id),))


def update_view(
    access: Access, view_id: str, fields: Mapping[str, Any], *, version: int | None
) -> View:
    """Change the view's `name`, `filter` or `ordering`.

    Raises `NotFound`, and `PreconditionFailed` when `version` is given and is not the stored one.
    """

    def store(view: View, changes: Mapping[str, Any]) -> View:
        updated = deepcopy(view)
        changed = {**changes, "updated_at": format_timestamp(access.now)}
        transact(models.update_view_write(view, changed))
        for name, value in changed.items():
            setattr(updated, name, value)
        updated.version += 1
        return updated

    return apply_changes(get_view(access, view_id), fields, version=version, store=store)


def delete_view(access: Access, view_id: str, *, version: int | None) -> None:
    """Delete the view.

    Raises `NotFound`, and `PreconditionFailed` when `version` is given and is not the stored one.
    """

    def commit(view: View) -> None:
        transact(*models.delete_view_writes(view))

    retry_on_conflict(get_view(access, view_id), version=version, commit=commit)


def _get_project_id(access: Access) -> str | None:
    return access.project.id if isinstance(access, ProjectAccess) else None
