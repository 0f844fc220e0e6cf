"""Routes of `/api/tasks` for single tasks and bulk operations.

The routes that list tasks are in `task_lists/routes.py`.
"""

from collections.abc import Sequence
from typing import Any

from chalice.app import Blueprint, Response
from msgspec import convert

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import NO_PREFETCH, Prefetch
from chalicelib.access.service import Access, ProjectAccess, RequestContext, TaskAccess
from chalicelib.dynamodb.ids import is_id, project_id_of
from chalicelib.errors import ApiError, Invalid
from chalicelib.http.bodies import sent_fields
from chalicelib.http.gate import route
from chalicelib.http.problems import Problem, build_error_problem
from chalicelib.http.responses import (
    conditional_response,
    created_response,
    json_response,
    no_content_response,
    parse_if_match,
    updated_response,
)
from chalicelib.representations.schemas import (
    ExpandedTask,
    TaskRepresentationQuery,
    choose_representation,
)
from chalicelib.representations.service import prefetch_included, read_included_objects
from chalicelib.tasks import bulk, schemas, service
from chalicelib.tasks.bulk import BulkOperation, BulkOutcome
from chalicelib.tasks.references import prefetch_references
from chalicelib.tasks.schemas import (
    Assignment,
    BulkOperations,
    BulkResult,
    BulkResults,
    ChangeQuery,
    CreateTask,
    DeleteTask,
    IndependentOperations,
    NewStatus,
    NewTask,
    Operation,
    PatchQuery,
    Task,
    TaskPatch,
    WholeTask,
    parse_operations,
)

bp = Blueprint(__name__)

TASK = "/api/tasks/{task_id}"
SUCCESS_STATUSES = {"create": 201, "update": 200, "delete": 204}


def _prefetch_creation(_: RequestContext, body: NewTask) -> Prefetch:
    if not is_id(body.project):
        return NO_PREFETCH
    return service.prefetch_creation(body.project, sent_fields(body))


def _prefetch_change(
    _: RequestContext, body: TaskPatch | WholeTask | Assignment, task_id: str, **__: Any
) -> Prefetch:
    return prefetch_references(project_id_of(task_id), sent_fields(body))


@route(
    bp,
    "POST",
    "/api/tasks",
    Action.WRITE_TASKS,
    body=NewTask,
    returns=Task,
    status=201,
    prefetch=_prefetch_creation,
)
def create_task(access: ProjectAccess, body: NewTask) -> Response:
    """Create a task."""
    fields = sent_fields(body)
    del fields["project"]
    task = service.create_task(access, **fields)
    return created_response(schemas.present_task(task, access.project), f"/api/tasks/{task.id}/")


def _prefetch_task(_: RequestContext, query: TaskRepresentationQuery, task_id: str) -> Prefetch:
    return prefetch_included(query.target(task_id))


@route(
    bp,
    "GET",
    TASK,
    Action.READ_TASKS,
    query=TaskRepresentationQuery,
    prefetch=_prefetch_task,
    returns=ExpandedTask,
)
def get_task(access: TaskAccess, query: TaskRepresentationQuery) -> Response:
    """Get a task."""
    shown = choose_representation(query.include, query.fields)
    included = read_included_objects(access, [access.task], query.target(access.task.id))
    task = schemas.present_task(access.task, access.project, query.render)
    body = shown.build_body(task, access.project, included)
    return conditional_response(body, bp.current_request, task.version)


@route(
    bp,
    "PATCH",
    TASK,
    Action.WRITE_TASKS,
    body=TaskPatch,
    query=PatchQuery,
    returns=Task,
    prefetch=_prefetch_change,
)
def update_task(access: TaskAccess, body: TaskPatch, query: PatchQuery) -> Response:
    """Update a task."""
    return _update_and_present(access, sent_fields(body), force=query.force, render=query.render)


@route(
    bp,
    "PUT",
    TASK,
    Action.WRITE_TASKS,
    body=WholeTask,
    query=ChangeQuery,
    returns=Task,
    prefetch=_prefetch_change,
)
def replace_task(access: TaskAccess, body: WholeTask, query: ChangeQuery) -> Response:
    """Replace a task's fields."""
    return _update_and_present(access, sent_fields(body), force=query.force)


@route(bp, "DELETE", TASK, Action.WRITE_TASKS)
def delete_task(access: TaskAccess) -> Response:
    """Move a task to the trash."""
    service.delete_task(access, version=parse_if_match(bp.current_request))
    return no_content_response()


@route(
    bp,
    "PATCH",
    TASK + "/status",
    Action.WRITE_TASKS,
    body=NewStatus,
    query=ChangeQuery,
    returns=Task,
)
def set_task_status(access: TaskAccess, body: NewStatus, query: ChangeQuery) -> Response:
    """Set a task's status."""
    return _update_and_present(access, sent_fields(body), force=query.force)


@route(
    bp,
    "PATCH",
    TASK + "/assign",
    Action.WRITE_TASKS,
    body=Assignment,
    returns=Task,
    prefetch=_prefetch_change,
)
def assign_task(access: TaskAccess, body: Assignment) -> Response:
    """Assign a task."""
    return _update_and_present(access, sent_fields(body))


def _update_and_present(
    access: TaskAccess, fields: dict[str, Any], *, force: bool = False, render: str | None = None
) -> Response:
    version = parse_if_match(bp.current_request)
    task = service.update_task(access, fields, version=version, force=force)
    return updated_response(schemas.present_task(task, access.project, render))


def _prefetch_operations(
    context: RequestContext, body: BulkOperations | IndependentOperations, query: ChangeQuery
) -> Prefetch:
    if isinstance(body, IndependentOperations):
        return NO_PREFETCH
    operations = (_build_operation(each, force=query.force) for each in body.operations)
    return bulk.prefetch_operations(context, operations)


@route(
    bp,
    "POST",
    "/api/tasks/bulk",
    Action.WRITE_TASKS,
    body=BulkOperations,
    parse=parse_operations,
    query=ChangeQuery,
    returns=BulkResults,
    prefetch=_prefetch_operations,
)
def run_task_operations(
    access: Access, body: BulkOperations | IndependentOperations, query: ChangeQuery
) -> Response:
    """Create, update and delete many tasks."""
    operations: Sequence[BulkOperation | Invalid]
    if isinstance(body, IndependentOperations):
        operations = [
            each if isinstance(each, Invalid) else _build_operation(each, force=query.force)
            for each in body.operations
        ]
        outcomes = bulk.run_independently(access, operations)
    else:
        operations = atomic = [
            _build_operation(each, force=query.force) for each in body.operations
        ]
        outcomes = bulk.run_atomically(access, atomic)
    pairs = enumerate(zip(operations, outcomes, strict=True))
    return json_response(BulkResults([_present_result(index, *pair) for index, pair in pairs]))


def _build_operation(operation: Operation, *, force: bool) -> BulkOperation:
    fields: dict[str, Any] = sent_fields(operation)
    if isinstance(operation, CreateTask):
        return BulkOperation("create", fields.pop("project"), fields)
    target, version = fields.pop("id"), fields.pop("version")
    if isinstance(operation, DeleteTask):
        return BulkOperation("delete", target, fields, version)
    return BulkOperation("update", target, fields, version, force)


def _present_result(
    index: int, operation: BulkOperation | Invalid, outcome: BulkOutcome
) -> BulkResult:
    if isinstance(operation, Invalid):
        return _present_failure(index, operation)
    if outcome.failure is not None:
        return _present_failure(index, outcome.failure)
    result = BulkResult(index, SUCCESS_STATUSES[operation.kind])
    if outcome.task is not None and outcome.project is not None:
        result.task = schemas.present_task(outcome.task, outcome.project)
    return result


def _present_failure(index: int, failure: ApiError) -> BulkResult:
    problem = convert(build_error_problem(failure), Problem)
    return BulkResult(index, failure.status, problem=problem)
