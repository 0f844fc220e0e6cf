"""Request and response types of `/api/views`."""

from typing import Annotated, Any

from msgspec import UNSET, Struct, UnsetType, to_builtins

from chalicelib.errors import Invalid
from chalicelib.http.bodies import convert_body
from chalicelib.http.fields import Id, Time
from chalicelib.http.pagination import PageQuery
from chalicelib.http.text_fields import line
from chalicelib.task_lists.schemas import TaskFilter, TaskOrdering, find_filter_errors
from chalicelib.views import models

Name = Annotated[str, line(max_length=100)]


class ViewsQuery(PageQuery):
    project: str | None = None


class NewView(Struct, forbid_unknown_fields=True):
    name: Name
    filter: TaskFilter
    project: str | None = None
    ordering: TaskOrdering = TaskOrdering.CREATED_AT_REVERSED


class ViewPatch(Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    filter: TaskFilter | UnsetType = UNSET
    ordering: TaskOrdering | UnsetType = UNSET


class View(Struct):
    """A named filter and order of task lists; `project` is null for a user's own view."""

    id: Id
    project: Id | None
    name: str
    filter: TaskFilter
    ordering: TaskOrdering
    created_by: Id
    created_at: Time
    updated_at: Time
    version: int


def store_filter(filters: TaskFilter) -> dict[str, Any]:
    """Return the fields of a filter that are set, as they are stored."""
    stored: dict[str, Any] = to_builtins(filters)
    return stored


def present_view(view: models.View) -> View:
    """Return the view as clients see it."""
    return View(
        id=view.id,
        project=view.project_id,
        name=view.name,
        filter=_present_filter(view.filter),
        ordering=view.ordering,  # type: ignore[arg-type]
        created_by=view.created_by,
        created_at=view.created_at,
        updated_at=view.updated_at,
        version=int(view.version),
    )


def _present_filter(stored: dict[str, Any]) -> TaskFilter:
    """Return a stored filter without the fields that are no longer valid in this version."""
    try:
        filters = convert_body(stored, TaskFilter)
        errors = tuple(find_filter_errors(filters, "UTC"))
    except Invalid as invalid:
        errors = invalid.errors
    if not errors:
        return filters
    wrong = {error.location.partition("[")[0] for error in errors}
    return _present_filter({name: value for name, value in stored.items() if name not in wrong})
