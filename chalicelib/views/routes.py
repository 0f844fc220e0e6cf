"""Routes of `/api/views`: saved views."""

from functools import partial

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import NO_PREFETCH, Prefetch
from chalicelib.access.service import Access, ProjectAccess, RequestContext
from chalicelib.dynamodb.ids import is_id
from chalicelib.http.bodies import sent_fields
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response, prefetch_page
from chalicelib.http.responses import (
    conditional_response,
    created_response,
    no_content_response,
    parse_if_match,
    updated_response,
)
from chalicelib.task_lists.schemas import TaskFilter, require_valid_filter
from chalicelib.views import models, schemas, service
from chalicelib.views.schemas import NewView, View, ViewPatch, ViewsQuery

bp = Blueprint(__name__)

VIEWS = "/api/views"
VIEW = VIEWS + "/{view_id}"


def _prefetch_views(context: RequestContext, query: ViewsQuery) -> Prefetch:
    if query.project is not None and not is_id(query.project):
        return NO_PREFETCH
    partition = models.owner_partition(context.caller.user_id, query.project)
    return prefetch_page(context, query, f"views {query.project}", models.list_views, partition)


@route(
    bp,
    "GET",
    VIEWS,
    Action.READ_TASKS,
    query=ViewsQuery,
    returns=Page[View],
    prefetch=_prefetch_views,
)
def list_views(access: Access, query: ViewsQuery) -> Response:
    """List saved views."""
    return page_response(
        access,
        query,
        f"views {query.project}",
        partial(service.list_views, access),
        schemas.present_view,
    )


@route(bp, "POST", VIEWS, Action.WRITE_TASKS, body=NewView, returns=View, status=201)
def create_view(access: Access, body: NewView) -> Response:
    """Create a saved view."""
    _require_valid_filter(access, body.filter)
    view = service.create_view(
        access,
        name=body.name,
        filter=schemas.store_filter(body.filter),
        ordering=body.ordering,
    )
    return created_response(schemas.present_view(view), f"/api/views/{view.id}/")


@route(
    bp,
    "GET",
    VIEW,
    Action.READ_TASKS,
    returns=View,
    prefetch=service.prefetch_view,
)
def get_view(access: Access, view_id: str) -> Response:
    """Get a saved view."""
    view = service.get_view(access, view_id)
    return conditional_response(schemas.present_view(view), bp.current_request)


@route(
    bp,
    "PATCH",
    VIEW,
    Action.WRITE_TASKS,
    body=ViewPatch,
    returns=View,
    prefetch=service.prefetch_view,
)
def update_view(access: Access, body: ViewPatch, view_id: str) -> Response:
    """Update a saved view."""
    version, fields = parse_if_match(bp.current_request), sent_fields(body)
    if isinstance(body.filter, TaskFilter):
        _require_valid_filter(access, body.filter)
        fields["filter"] = schemas.store_filter(body.filter)
    view = service.update_view(access, view_id, fields, version=version)
    return updated_response(schemas.present_view(view))


@route(
    bp,
    "DELETE",
    VIEW,
    Action.WRITE_TASKS,
    prefetch=service.prefetch_view,
)
def delete_view(access: Access, view_id: str) -> Response:
    """Delete a saved view."""
    service.delete_view(access, view_id, version=parse_if_match(bp.current_request))
    return no_content_response()


def _require_valid_filter(access: Access, filters: TaskFilter) -> None:
    has_project = isinstance(access, ProjectAccess)
    require_valid_filter(filters, access.user.time_zone, has_project=has_project)
