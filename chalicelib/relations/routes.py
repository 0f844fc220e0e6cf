"""Routes of the relations of a task."""

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch, prefetch_list
from chalicelib.access.service import RequestContext, TaskAccess
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.responses import (
    conditional_response,
    created_response,
    json_response,
    no_content_response,
)
from chalicelib.relations import models, schemas, service
from chalicelib.relations.schemas import NewRelation, Relation

bp = Blueprint(__name__)

RELATIONS = "/api/tasks/{task_id}/relations"
RELATION = RELATIONS + "/{relation_id}"


def _prefetch_relations(_: RequestContext, task_id: str, **__: str) -> Prefetch:
    return prefetch_list(models.list_relations, task_id)


@route(bp, "POST", RELATIONS, Action.WRITE_TASKS, body=NewRelation, returns=Relation, status=201)
def create_relation(access: TaskAccess, body: NewRelation) -> Response:
    """Relate a task to another."""
    created = service.create_relation(access, kind=body.kind.value, target=body.task)
    location = f"/api/tasks/{access.task.id}/relations/{created.relation.id}/"
    return created_response(schemas.present_relation(created), location)


@route(
    bp,
    "GET",
    RELATIONS,
    Action.READ_TASKS,
    returns=Page[Relation],
    prefetch=_prefetch_relations,
)
def list_relations(access: TaskAccess) -> Response:
    """List a task's relations."""
    listed = service.list_relations(access)
    return json_response(Page([schemas.present_relation(each) for each in listed]))


@route(
    bp,
    "GET",
    RELATION,
    Action.READ_TASKS,
    returns=Relation,
    prefetch=_prefetch_relations,
)
def get_relation(access: TaskAccess, relation_id: str) -> Response:
    """Get a relation."""
    relation = service.get_relation(access, relation_id)
    return conditional_response(schemas.present_relation(relation), bp.current_request)


@route(
    bp,
    "DELETE",
    RELATION,
    Action.WRITE_TASKS,
    prefetch=_prefetch_relations,
)
def delete_relation(access: TaskAccess, relation_id: str) -> Response:
    """Remove a relation."""
    service.delete_relation(access, relation_id)
    return no_content_response()
