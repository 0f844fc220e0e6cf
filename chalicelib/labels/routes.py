"""Routes of `/api/projects/{id}/labels`: labels of a project."""

from functools import partial

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch, prefetch_item
from chalicelib.access.service import ProjectAccess, RequestContext
from chalicelib.http.bodies import sent_fields
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import PageQuery, page_response, prefetch_page
from chalicelib.http.responses import (
    conditional_response,
    created_response,
    no_content_response,
    parse_if_match,
    updated_response,
)
from chalicelib.labels import models, schemas, service
from chalicelib.labels.schemas import Label, LabelPatch, NewLabel

bp = Blueprint(__name__)

LABELS = "/api/projects/{project_id}/labels"
LABEL = LABELS + "/{label_id}"

_prefetch_label = prefetch_item(models.Label.key, "project_id", "label_id")


def _prefetch_labels(context: RequestContext, query: PageQuery, project_id: str) -> Prefetch:
    return prefetch_page(context, query, f"labels {project_id}", models.list_labels, project_id)


@route(
    bp,
    "GET",
    LABELS,
    Action.READ_TASKS,
    query=PageQuery,
    prefetch=_prefetch_labels,
    returns=Page[Label],
)
def list_labels(access: ProjectAccess, query: PageQuery) -> Response:
    """List a project's labels."""
    return page_response(
        access,
        query,
        f"labels {access.project.id}",
        partial(service.list_labels, access),
        schemas.present_label,
    )


@route(bp, "POST", LABELS, Action.WRITE_TASKS, body=NewLabel, returns=Label, status=201)
def create_label(access: ProjectAccess, body: NewLabel) -> Response:
    """Create a label."""
    label = service.create_label(access, name=body.name, color=body.color)
    return created_response(
        schemas.present_label(label), f"/api/projects/{access.project.id}/labels/{label.id}/"
    )


@route(bp, "GET", LABEL, Action.READ_TASKS, prefetch=_prefetch_label, returns=Label)
def get_label(access: ProjectAccess, label_id: str) -> Response:
    """Get a label."""
    label = service.get_label(access, label_id)
    return conditional_response(schemas.present_label(label), bp.current_request)


@route(
    bp,
    "PATCH",
    LABEL,
    Action.WRITE_TASKS,
    body=LabelPatch,
    prefetch=_prefetch_label,
    returns=Label,
)
def update_label(access: ProjectAccess, body: LabelPatch, label_id: str) -> Response:
    """Update a label."""
    version = parse_if_match(bp.current_request)
    label = service.update_label(access, label_id, sent_fields(body), version=version)
    return updated_response(schemas.present_label(label))


@route(bp, "DELETE", LABEL, Action.WRITE_TASKS, prefetch=_prefetch_label)
def delete_label(access: ProjectAccess, label_id: str) -> Response:
    """Delete a label."""
    service.delete_label(access, label_id, version=parse_if_match(bp.current_request))
    return no_content_response()
